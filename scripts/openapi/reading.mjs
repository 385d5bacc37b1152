// What clients read: traces, scores, counts; and what Langfuse's SDKs read in their own shape.

import { anybody, client, count, data, list, object, orNull, ref, tagged, text, whole } from "./words.mjs";

/** @import { Said } from "./words.mjs" */

const limit = (/** @type {number} */ most, /** @type {number} */ usual) => ({
  ...count(1, most),
  description: `At most so many; ${usual} where nothing is said.`,
});
const cursor = text("The last answer's `nextCursor`.");
const from = text("ISO 8601; a date alone is the whole day.");
const nextCursor = orNull({ type: "string" });

const MCP = { type: "object" };

/** Of which hour and project: what happened to batches. */
const HOUR = object({ hour: { type: "string" }, accepted: { type: "object" }, rejected: { type: "object" }, delayMs: { type: "object" } }, [
  "hour",
  "accepted",
  "rejected",
]);

/** The same of a project by its name.
 *  @param {import("./words.mjs").Make} make @param {string} under */
export const tracesOf = (make, under) => ({
  [`${under}/traces`]: {
    GET: make("listTracesOfProject", "The newest traces of a project", {
      query: { limit: limit(100, 50), cursor, startDate: from, endDate: from },
      answers: { 200: data(whole({ traces: list(ref("Trace")), nextCursor })) },
      note: "With all that `GET /api/v1/traces` takes.",
      missing: true,
    }),
  },
  [`${under}/traces/{trace}`]: {
    GET: make("getTraceOfProject", "A trace of a project, with its spans", {
      query: { limit: limit(10_000, 10_000), cursor: text("The last part's `nextSpanCursor`.") },
      answers: { 200: data(ref("WholeTrace")) },
      missing: true,
    }),
  },
});

export const READING = tagged("reading", {
  "/api/v1/traces": {
    GET: client("listTraces", "The newest traces", {
      query: {
        limit: limit(100, 50),
        cursor,
        name: "Part of it.",
        userId: "",
        sessionId: "",
        status: { type: "string", enum: ["OK", "ERROR", "RUNNING", "UNFINISHED"] },
        tags: "Joined by commas: all of them.",
        notTags: "Joined by commas: none of them.",
        q: 'Words of its input, output or error, at most 12; "in quotes" together. A page has at most 20 then.',
        sort: { enum: ["time", "duration", "cost", "tokens"], description: "The greatest first; not with `q`." },
        evaluator: "Whose score counts for `minScore` and `maxScore`.",
        minScore: { type: "number" },
        maxScore: { type: "number" },
        startDate: from,
        endDate: from,
      },
      answers: { 200: data(whole({ traces: list(ref("Trace")), nextCursor })) },
      note: "`metadata.key=value` is a parameter too, for any key.",
    }),
  },
  "/api/v1/traces/{trace}": {
    GET: client("getTrace", "A trace with its spans", {
      query: { limit: limit(10_000, 10_000), cursor: text("The last part's `nextSpanCursor`.") },
      answers: { 200: data(ref("WholeTrace")) },
      missing: true,
    }),
  },
  "/api/v1/traces/{trace}/spans/{span}": {
    GET: client("getSpan", "A span of a trace", { answers: { 200: data(ref("Span")) }, missing: true }),
  },
  "/mcp": {
    POST: client("mcp", "A message of the Model Context Protocol", {
      note: "JSON-RPC; docs/connecting.md says how coding agents ask. Failures are JSON-RPC, too.",
      body: MCP,
      answers: { 200: MCP, 202: null, 400: MCP, 401: MCP, 403: MCP, 404: MCP, 406: MCP, 413: MCP, 415: MCP, 429: MCP, 500: MCP, 503: MCP },
    }),
    OPTIONS: client("mcpPreflight", "What a browser asks before it sends one", { answers: { 204: null, 403: MCP } }),
  },
  "/api/v1/scores": {
    GET: client("listScores", "The newest scores", {
      query: {
        limit: limit(100, 50),
        cursor,
        traceId: "",
        spanId: "",
        sessionId: "",
        evaluatorName: "",
        label: "",
        source: { type: "string", enum: ["api", "evaluator", "human"] },
        minValue: { type: "number" },
        maxValue: { type: "number" },
        startDate: from,
        endDate: from,
      },
      answers: { 200: data(whole({ scores: list(ref("Score")), nextCursor })) },
    }),
  },
  "/api/v1/scores/{id}": {
    GET: client("getScore", "A score", { answers: { 200: data(ref("Score")) }, missing: true }),
    DELETE: client("deleteScore", "Delete a score for good", {
      answers: { 200: data(whole({ id: { type: "string" }, deleted: { type: "boolean" } })) },
      missing: true,
    }),
  },
  "/api/v1/stats": { GET: client("stats", "What happened to batches, by hour", { answers: { 200: data(whole({ hours: list(HOUR) })) } }) },
  "/api/v1/dead-letters": {
    GET: client("deadLetters", "Batches that could not be written", {
      answers: { 200: data(whole({ deadLetters: list({ type: "object" }) })) },
    }),
  },
  "/api/v1/usage": {
    GET: client("usage", "What was used in a month", {
      query: { month: text("`YYYY-MM` of UTC; this month where nothing is said.") },
      answers: { 200: data(ref("Usage")) },
    }),
  },
  "/api/v1/usage/history": {
    GET: client("usageHistory", "What was used in the last months", {
      query: { months: count(1, 24) },
      answers: { 200: data(list(ref("Usage"))) },
    }),
  },
  "/api/v1/health": {
    GET: anybody("health", "Whether the Worker runs, and which it is", {
      answers: { 200: whole({ status: { type: "string" }, version: { type: "string" } }) },
    }),
  },
  "/api/v1/openapi.json": { GET: anybody("openapi", "This document", { answers: { 200: { type: "object" } } }) },
});

const failures = "langfuse";
const page = { page: count(1), limit: count(1, 100) };
const PAGE = object({ data: list({ type: "object" }), meta: { type: "object" } }, ["data", "meta"]);
/** @type {Said} */
const ONE = { answers: { 200: { type: "object" } }, missing: true, failures };

export const LANGFUSE = tagged("langfuse", {
  "/api/public/health": { GET: anybody("langfuseHealth", "Whether the service runs", { answers: { 200: { type: "object" } } }) },
  "/api/public/projects": {
    GET: client("langfuseProjects", "The project of the key", {
      answers: { 200: object({ data: list({ type: "object" }) }, ["data"]) },
      failures,
    }),
  },
  "/api/public/traces": {
    GET: client("langfuseTraces", "Traces, as Langfuse's SDKs read them", {
      query: {
        ...page,
        name: "",
        userId: "",
        sessionId: "",
        tags: "Given once for each.",
        fromTimestamp: from,
        toTimestamp: from,
        orderBy: "",
      },
      answers: { 200: PAGE },
      failures,
    }),
  },
  "/api/public/traces/{trace}": { GET: client("langfuseTrace", "A trace with its observations", ONE) },
  "/api/public/observations": {
    GET: client("langfuseObservations", "Observations of a trace", {
      query: {
        traceId: "",
        ...page,
        name: "",
        type: "",
        level: "",
        parentObservationId: "",
        userId: "",
        fromStartTime: from,
        toStartTime: from,
      },
      required: ["traceId"],
      answers: { 200: PAGE },
      missing: true,
      failures,
    }),
  },
  "/api/public/observations/{id}": {
    GET: client("langfuseObservation", "An observation", { ...ONE, query: { traceId: "" }, required: ["traceId"] }),
  },
  "/api/public/scores": {
    GET: client("langfuseScores", "Scores of traces", {
      query: {
        ...page,
        traceId: "",
        observationId: "",
        name: "",
        source: "",
        dataType: "",
        operator: { type: "string", enum: ["=", ">=", "<="] },
        value: { type: "number" },
        fromTimestamp: from,
        toTimestamp: from,
      },
      answers: { 200: PAGE },
      failures,
    }),
  },
  "/api/public/scores/{id}": { GET: client("langfuseScoreOf", "A score", ONE) },
});
