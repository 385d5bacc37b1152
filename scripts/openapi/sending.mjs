// What clients send: the API's own batches, OpenTelemetry's exports, and what the SDKs of
// other services send, at every path at which it is taken.

import { anybody, client, data, list, object, ref, tagged, text } from "./words.mjs";

/** @import { Said } from "./words.mjs" */

const bytes = { type: "string", format: "binary" };
const anyObject = { type: "object" };

const otlp = (/** @type {string} */ field) => ({
  bodies: {
    "application/json": object({ [field]: list(anyObject) }),
    "application/x-protobuf": bytes,
  },
  answers: { 200: { content: { "application/json": anyObject, "application/x-protobuf": bytes } } },
  failures: /** @type {const} */ ("otlp"),
});

const spans = (/** @type {string} */ id, note = "") =>
  client(id, "Export spans of OpenTelemetry", { ...otlp("resourceSpans"), ...(note && { note }) });

const accepted = object({ accepted: { type: "integer" }, rejected: { type: "integer" }, errors: list(ref("Detail")) }, ["accepted"]);

/** @type {Said} */
const run = { body: ref("Run"), answers: { 202: anyObject } };
/** @type {Said} */
const runs = { body: object({ post: list(ref("Run")), patch: list(ref("Run")) }), answers: { 202: anyObject } };
/** @type {Said} */
const feedback = {
  body: object({ run_id: { type: "string" }, key: { type: "string" }, score: { type: "number" }, comment: { type: "string" } }, ["key"]),
  answers: { 200: anyObject },
};
/** @type {Said} */
const parts = {
  bodies: { "multipart/form-data": { type: "object", additionalProperties: { type: "string" } } },
  answers: { 202: anyObject },
};

/** LangSmith's calls, under the root and under `/api/v1`.
 *  @param {string} under @param {string} suffix */
const langsmith = (under, suffix) => ({
  [`${under}/info`]: { GET: anybody(`langsmithInfo${suffix}`, "How LangSmith's SDKs are to send", { answers: { 200: anyObject } }) },
  [`${under}/runs`]: { POST: client(`langsmithRun${suffix}`, "Send a run of LangSmith's SDKs", run) },
  [`${under}/runs/{id}`]: { PATCH: client(`langsmithPatch${suffix}`, "Say more of a run", { ...run, missing: true }) },
  [`${under}/runs/batch`]: { POST: client(`langsmithBatch${suffix}`, "Send runs of LangSmith's SDKs", runs) },
  [`${under}/runs/multipart`]: { POST: client(`langsmithParts${suffix}`, "Send runs in parts", parts) },
  [`${under}/feedback`]: { POST: client(`langsmithFeedback${suffix}`, "Send feedback on a run", feedback) },
});

export const SENDING = tagged("sending", {
  "/api/v1/traces": {
    POST: client("sendTraces", "Send a batch of traces and spans", {
      body: object({ batch: list(ref("Event"), { maxItems: 1_000 }) }, ["batch"]),
      answers: { 201: accepted },
      note: "With `Prefer: handling=lenient` what is good of a batch is kept.",
    }),
  },
  "/api/v1/scores": {
    POST: client("sendScores", "Say how good traces were", {
      body: { oneOf: [ref("NewScore"), list(ref("NewScore")), object({ scores: list(ref("NewScore")) }, ["scores"])] },
      answers: { 201: anyObject },
    }),
  },
  "/v1/traces": { POST: spans("exportSpans") },
  "/otel/v1/traces": { POST: spans("exportSpansOfLangSmith", "Where LangSmith's SDKs export to.") },
  "/api/public/otel/v1/traces": { POST: spans("exportSpansOfLangfuse", "Where Langfuse's SDKs export to.") },
  "/api/v1/otel/traces": { POST: spans("exportSpansCounted", "Where 2Signal's clients export to; `accepted` is in the answer.") },
  "/api/v1/otel/v1/traces": { POST: spans("exportSpansOfBase") },
  "/v1/logs": { POST: client("exportLogs", "Export logs of OpenTelemetry", otlp("resourceLogs")) },
  "/v1/metrics": { POST: client("exportMetrics", "Export metrics, of which nothing is kept", otlp("resourceMetrics")) },
  "/v1/traces/ingest": {
    POST: client("sendAgentsTraces", "Send what OpenAI's Agents SDK exports", {
      body: object({ data: list(anyObject, { maxItems: 1_000 }) }, ["data"]),
      answers: { 200: anyObject },
    }),
  },
  "/api/public/ingestion": {
    POST: client("langfuseIngestion", "Send a batch of Langfuse's SDKs", {
      body: object(
        { batch: list(object({ id: text("The event's."), type: { type: "string" }, timestamp: { type: "string" }, body: anyObject })) },
        ["batch"],
      ),
      answers: { 207: object({ successes: list(anyObject), errors: list(anyObject) }, ["successes", "errors"]) },
      failures: "langfuse",
    }),
  },
  "/api/public/scores": {
    POST: client("langfuseScore", "Send a score of Langfuse's SDKs", {
      body: object({ id: { type: "string" }, traceId: { type: "string" }, name: { type: "string" }, value: {} }, ["name", "value"]),
      answers: { 200: object({ id: { type: "string" } }, ["id"]) },
      failures: "langfuse",
    }),
  },
  ...langsmith("", ""),
  ...langsmith("/api/v1", "OfApi"),
});

/** What is asked and not kept. */
export const JUDGING = tagged("judging", {
  "/api/v1/validate": {
    POST: client("validate", "Judge an output before anybody sees it", {
      body: object(
        {
          evaluators: list(object({ type: { type: "string" }, config: anyObject, name: { type: "string" } }, ["type"]), {
            minItems: 1,
            maxItems: 50,
          }),
          output: {},
          expectedOutput: {},
          durationMs: { type: "number", minimum: 0 },
          cost: { type: "number", minimum: 0 },
          failMode: { type: "string", enum: ["any", "all"] },
        },
        ["evaluators"],
      ),
      answers: {
        200: data(
          object({ pass: { type: "boolean" }, results: list(anyObject), latencyMs: { type: "integer" } }, ["pass", "results", "latencyMs"]),
        ),
      },
    }),
  },
  "/api/v1/route-model": {
    POST: client("routeModel", "Choose a model for an input", {
      body: object({ input: { type: "string" }, configName: { type: "string" } }, ["input"]),
      answers: { 200: object({ model: { type: "string" }, complexity: { type: "number" }, data: anyObject }, ["model", "data"]) },
      missing: true,
    }),
  },
});
