// What bodies and answers have in them that is described once.

import { SCHEMAS as ALERTS } from "./alerts.mjs";
import { count, list, object, orNull, ref, text, whole } from "./words.mjs";

const string = { type: "string" };
const number = { type: "number" };
const time = { type: "string", format: "date-time" };
const anything = {};

const STATUS = { type: "string", enum: ["OK", "ERROR", "RUNNING", "UNFINISHED"] };

/** A trace, in lists and alone. */
const TRACE = {
  id: string,
  name: string,
  status: STATUS,
  startTime: time,
  endTime: orNull(time),
  durationMs: orNull({ type: "integer" }),
  totalCost: text("US dollars, as a decimal."),
  totalTokens: { type: "integer" },
  tags: list(string),
  metadata: anything,
  sessionId: orNull(string),
  userId: orNull(string),
  parentTraceId: orNull(string),
  deploymentId: orNull(string),
  evaluators: list(string),
  spanCount: count(),
  errorCount: count(),
  scoreCount: count(),
  createdAt: time,
};

const SPAN = {
  id: string,
  traceId: string,
  parentSpanId: orNull(string),
  name: string,
  type: orNull(string),
  startTime: orNull(time),
  endTime: orNull(time),
  durationMs: orNull({ type: "integer" }),
  input: anything,
  output: anything,
  model: orNull(string),
  modelParameters: anything,
  promptTokens: orNull(count()),
  completionTokens: orNull(count()),
  totalTokens: orNull(count()),
  cachedTokens: orNull(count()),
  cost: orNull(number),
  costSource: orNull(string),
  status: string,
  errorMessage: orNull(string),
  metadata: anything,
  createdAt: orNull(time),
};

const SCORE = {
  id: string,
  traceId: orNull(string),
  spanId: orNull(string),
  evaluatorName: string,
  value: orNull(number),
  label: orNull(string),
  reasoning: orNull(string),
  metadata: anything,
  source: { type: "string", enum: ["api", "evaluator", "human"] },
  createdAt: time,
};

const counts = { traceCount: count(), spanCount: count(), evalRunCount: count() };

const DETAIL = object({ index: count(), path: string, message: string }, ["path", "message"]);

export const SCHEMAS = {
  Failure: {
    description: "What every failure reads like, but those of other services' protocols.",
    ...object(
      { data: { type: "null" }, error: object({ code: string, message: string, details: list(ref("Detail")) }, ["code", "message"]) },
      ["data", "error"],
    ),
  },
  Detail: { description: "One thing that is wrong: where, and what was expected there.", ...DETAIL },
  LangfuseFailure: object({ message: string, error: string, details: list(ref("Detail")) }, ["message", "error"]),
  OtlpFailure: {
    description: "`google.rpc.Status` for exporters, and what this API says.",
    ...object({ code: count(), message: string, data: { type: "null" }, error: object({ code: string, message: string }) }, [
      "code",
      "message",
    ]),
  },
  Trace: object({ ...TRACE, input: anything, output: anything, payloadError: anything }, Object.keys(TRACE)),
  WholeTrace: {
    allOf: [
      ref("Trace"),
      object(
        {
          spans: list(ref("Span")),
          scores: list(ref("Score")),
          evaluations: list(
            whole({
              evaluatorId: orNull(string),
              evaluatorName: string,
              version: orNull(count()),
              spanId: orNull(string),
              status: { type: "string", enum: ["ok", "skipped", "error", "pending"] },
              message: orNull(string),
              updatedAt: orNull(string),
            }),
          ),
          nextSpanCursor: orNull(string),
          costSources: list(string),
          unpricedModels: list(string),
        },
        ["spans", "scores", "evaluations", "nextSpanCursor"],
      ),
    ],
  },
  Span: object({ ...SPAN, parentMissing: { type: "boolean" }, payloadError: anything }, Object.keys(SPAN)),
  Score: object({ ...SCORE, sessionId: string, boolean: { type: "boolean" } }, Object.keys(SCORE)),
  Usage: whole({ month: string, ...counts, projectBreakdown: list(whole({ projectId: string, ...counts })) }),
  Event: object(
    {
      id: string,
      type: { type: "string", enum: ["trace-create", "span-create"] },
      timestamp: time,
      body: { type: "object" },
    },
    ["type", "body"],
  ),
  NewScore: {
    anyOf: [{ required: ["evaluatorName"] }, { required: ["name"] }],
    ...object(
      {
        id: text("What is sent again with it takes the place of what is there."),
        traceId: string,
        spanId: orNull(string),
        evaluatorName: text("1 to 200 characters.", { minLength: 1, maxLength: 200 }),
        name: string,
        value: { type: "number", minimum: 0, maximum: 1 },
        label: orNull({ type: "string", maxLength: 200 }),
        reasoning: orNull({ type: "string", maxLength: 10_000 }),
        metadata: { type: ["object", "null"] },
      },
      ["traceId", "value"],
    ),
  },
  Evaluator: object(
    {
      id: string,
      projectId: string,
      name: string,
      type: string,
      config: { type: "object" },
      enabled: { type: "boolean" },
      autoRun: { type: "boolean" },
      target: { type: "string", enum: ["trace", "span"] },
      filter: { type: "object" },
      sampleRate: { type: "number" },
      maxRunsPerDay: count(),
      version: count(),
      createdAt: string,
      updatedAt: string,
      warnings: list(string),
    },
    [
      "id",
      "projectId",
      "name",
      "type",
      "config",
      "enabled",
      "autoRun",
      "target",
      "filter",
      "sampleRate",
      "version",
      "createdAt",
      "updatedAt",
    ],
  ),
  ...ALERTS,
  RoutingConfig: object(
    {
      id: string,
      name: string,
      enabled: { type: "boolean" },
      defaultModel: string,
      rules: list({ type: "object" }),
      createdAt: time,
      updatedAt: time,
      warnings: list(string),
    },
    ["id", "name", "enabled", "defaultModel", "rules", "createdAt", "updatedAt"],
  ),
  Key: object(
    {
      id: string,
      name: string,
      prefix: string,
      scopes: string,
      createdAt: time,
      lastUsedAt: orNull(time),
      revokedAt: orNull(time),
      rotatedFrom: orNull(string),
    },
    ["id", "name", "prefix", "scopes", "createdAt"],
  ),
  NewKey: whole({ id: string, key: text("The key, this once.") }),
  Price: object({ pattern: string, from: orNull(string), prices: { type: "object" } }, ["pattern", "prices"]),
  Run: {
    description: "A run as LangSmith's SDKs have it.",
    ...object({ id: string, trace_id: string, dotted_order: string, name: string }, ["id"]),
  },
};
