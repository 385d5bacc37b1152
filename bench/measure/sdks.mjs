// Measure 8: processor time of handler and consumer for the same spans in the protocols of
// other services' SDKs, beside the native API. The peer does not speak them. Langfuse's
// clients say a span in two events, its beginning and its end.

import { both } from "../stats.mjs";
import { ofSize } from "./cpu.mjs";
import { sameSpans } from "./otlp.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Made, Wire } from "../types.d.ts" */

/** A span of the native template.
 *  @typedef {Record<string, any>} Body */

/** @param {Body} body */
const agents = ({ usage, ...body }) => ({
  object: "trace.span",
  id: body.id,
  trace_id: body.traceId,
  parent_id: body.parentSpanId ?? null,
  started_at: body.startTime,
  ended_at: body.endTime,
  span_data: {
    ...(body.type === "LLM"
      ? { type: "generation", model: body.model, model_config: body.modelParameters }
      : { type: body.type === "TOOL" ? "function" : "custom", name: body.name }),
    input: body.input,
    output: body.output,
    usage: usage && { input_tokens: usage.promptTokens, output_tokens: usage.completionTokens, total_tokens: usage.totalTokens },
  },
  error: body.status === "ERROR" ? { message: body.errorMessage, data: null } : null,
  metadata: body.metadata,
});

/** @param {Body} body */
const langfuse = ({ id, traceId, usage, ...body }) => {
  const kind = body.type === "LLM" ? "generation" : "span";
  const event = (/** @type {string} */ what, /** @type {object} */ said) => ({
    id: `${id}-${what}`,
    type: `${kind}-${what}`,
    timestamp: (what === "create" ? body.startTime : body.endTime).replace("+00:00", "Z"),
    body: { id, traceId, ...said },
  });
  const { name, startTime, endTime, input, output, model, modelParameters, metadata } = body;
  return [
    event("create", { parentObservationId: body.parentSpanId, name, startTime, input, model, modelParameters, metadata }),
    event("update", {
      endTime,
      output,
      usage: usage && { input: usage.promptTokens, output: usage.completionTokens, total: usage.totalTokens },
      level: body.status === "ERROR" ? "ERROR" : "DEFAULT",
      statusMessage: body.errorMessage,
    }),
  ];
};

/** @param {Body} body */
const langsmith = ({ usage, ...body }) => ({
  id: body.id,
  trace_id: body.traceId,
  parent_run_id: body.parentSpanId ?? null,
  name: body.name,
  run_type: body.type === "LLM" ? "llm" : body.type === "TOOL" ? "tool" : "chain",
  start_time: body.startTime,
  end_time: body.endTime,
  inputs: { input: body.input },
  outputs: {
    output: body.output,
    usage_metadata: usage && { input_tokens: usage.promptTokens, output_tokens: usage.completionTokens, total_tokens: usage.totalTokens },
  },
  extra: { metadata: body.metadata, invocation_params: { model: body.model, ...body.modelParameters } },
  error: body.errorMessage ?? null,
});

/** @type {[wire: Wire, what: string, make: (bodies: Body[]) => object][]} */
const PROTOCOLS = [
  ["agents.json", "OpenAI's Agents SDK's items", (bodies) => ({ data: bodies.map(agents) })],
  ["langfuse.json", "Langfuse's events", (bodies) => ({ batch: bodies.flatMap(langfuse), metadata: {} })],
  ["langsmith.json", "LangSmith's runs", (bodies) => ({ post: bodies.map(langsmith), patch: [] })],
];

/** @param {Bench} bench */
export async function measureSdks({ driven, table, quick }) {
  const effort = quick ? { most: 1, warmMs: 60, roundMs: 40 } : { most: 7, warmMs: 400, roundMs: 400, seconds: 20 };
  const [ours] = both(driven);
  const spans = 100;
  const [native] = /** @type {[Made]} */ (sameSpans(spans));
  /** @type {{ batch: { body: Body }[] }} */
  const { batch } = JSON.parse(String(native.text));
  const bodies = batch.map(({ body }) => body);
  const others = PROTOCOLS.map(([wire, what, make]) => ({ ...native, wire, what, text: JSON.stringify(make(bodies)), events: spans }));
  for (const made of [{ ...native, wire: undefined, what: "native JSON" }, ...others]) {
    const { what, ...rest } = made;
    const [took] = await ofSize([ours], /** @type {Made} */ (rest), effort);
    if (!took) throw new Error("ours was not measured");
    const text = `${spans} spans as ${what} (${(Buffer.byteLength(made.text) / 1024).toFixed(0)} KB)`;
    const id = made.wire ?? "native";
    table.add(`sdks/handler/${id}`, `handler CPU, ${text}`, "ms", took.handler, null);
    table.add(`sdks/consumer/${id}`, `consumer CPU, ${text}`, "ms", took.consumer, null);
  }
}
