// Measure 7: processor time of handler and consumer for the same spans as OTLP in
// protobuf and in JSON, beside the native API. The peer decodes protobuf with the
// decoder that OpenTelemetry's own package has.

import root from "otlp-transformer-with-decoder/build/esm/generated/root.js";
import { template } from "../batches.mjs";
import { both } from "../stats.mjs";
import { ofSize } from "./cpu.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Made, Wire } from "../types.d.ts" */

/** The generated encoder, whose own declarations say nothing of it.
 *  @type {{ encode(message: object): { finish(): Uint8Array } }} */
const Request = /** @type {any} */ (root).opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

/** @param {string} key
 *  @param {unknown} value */
const attribute = (key, value) => {
  if (typeof value === "string") return { key, value: { stringValue: value } };
  if (typeof value === "boolean") return { key, value: { boolValue: value } };
  return { key, value: Number.isInteger(value) ? { intValue: Number(value) } : { doubleValue: value } };
};

/** A span of the native template by OpenInference's names.
 *  @param {Record<string, any>} body
 *  @param {(id: string, letters: number) => unknown} id */
function span(body, id) {
  const nanos = (/** @type {string} */ time) => `${Date.parse(`${time.slice(0, 23)}Z`)}${time.slice(23, 26)}000`;
  const { usage, model, modelParameters, input, output, metadata, cost } = body;
  const named = {
    "openinference.span.kind": body.type === "RETRIEVAL" ? "RETRIEVER" : body.type,
    "input.value": JSON.stringify(input),
    "input.mime_type": "application/json",
    "output.value": JSON.stringify(output),
    "output.mime_type": "application/json",
    "llm.model_name": model,
    "llm.invocation_parameters": modelParameters && JSON.stringify(modelParameters),
    "llm.token_count.prompt": usage?.promptTokens,
    "llm.token_count.completion": usage?.completionTokens,
    "llm.token_count.total": usage?.totalTokens,
    "llm.cost.total": cost,
    metadata: JSON.stringify(metadata),
  };
  return {
    traceId: id(body.traceId, 32),
    spanId: id(body.id, 16),
    ...(body.parentSpanId && { parentSpanId: id(body.parentSpanId, 16) }),
    name: body.name,
    kind: 1,
    startTimeUnixNano: nanos(body.startTime),
    endTimeUnixNano: nanos(body.endTime),
    attributes: Object.entries(named).flatMap(([key, value]) => (value === undefined ? [] : attribute(key, value))),
    status: body.status === "ERROR" ? { code: 2, message: body.errorMessage } : { code: 0 },
  };
}

/** A native batch without the traces' own events, which OTLP does not have.
 *  @param {Made} made
 *  @returns {Made} */
function onlySpans(made) {
  /** @type {{ batch: { type: string }[] }} */
  const { batch } = JSON.parse(String(made.text));
  const spans = batch.filter(({ type }) => type === "span-create");
  return { ...made, text: JSON.stringify({ batch: spans }), events: spans.length };
}

/** So many spans as an export.
 *  @param {Made} native
 *  @param {Wire} wire
 *  @returns {Made} */
function exported(native, wire) {
  /** @type {{ batch: { body: Record<string, any> }[] }} */
  const { batch } = JSON.parse(String(native.text));
  // A mark and what follows; in protobuf its letters are the id's bytes.
  const text = (/** @type {string} */ id, /** @type {number} */ letters) => id.replaceAll("-", "").slice(0, letters);
  const bytes = (/** @type {string} */ id, /** @type {number} */ letters) => new TextEncoder().encode(text(id, letters / 2));
  const spans = batch.map(({ body }) => span(body, wire === "otlp.pb" ? bytes : text));
  const resource = { attributes: [attribute("service.name", "support"), attribute("telemetry.sdk.language", "python")] };
  const message = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "openinference", version: "1.0.0" }, spans }] }] };
  const made = wire === "otlp.pb" ? Uint8Array.from(Request.encode(message).finish()) : JSON.stringify(message);
  return { ...native, text: made, events: native.spans, wire };
}

/** The exports that are measured, and the native batch of the same spans.
 *  @param {number} spans */
export function sameSpans(spans) {
  const native = onlySpans(template({ spans, traces: Math.round(spans / 12.5) }));
  return [native, exported(native, "otlp.pb"), exported(native, "otlp.json")];
}

/** @param {Bench} bench */
export async function measureOtlp({ driven, table, quick }) {
  const effort = quick ? { most: 1, warmMs: 60, roundMs: 40 } : { most: 7, warmMs: 400, roundMs: 400, seconds: 20 };
  for (const spans of quick ? [100] : [100, 1_000]) {
    for (const made of sameSpans(spans)) {
      const size = Buffer.byteLength(made.text) / 1024;
      const [ours, peer] = both(await ofSize(driven, made, effort));
      const what = made.wire ? (made.wire === "otlp.pb" ? "OTLP protobuf" : "OTLP JSON") : "native JSON";
      const text = `${spans.toLocaleString("en")} spans as ${what} (${size.toFixed(0)} KB)`;
      const id = `${made.wire ?? "native"}/${spans}`;
      table.add(`otlp/handler/${id}`, `handler CPU, ${text}`, "ms", ours.handler, peer.handler);
      table.add(`otlp/consumer/${id}`, `consumer CPU, ${text}`, "ms", ours.consumer, peer.consumer);
      table.add(`otlp/byte/${id}`, `handler CPU for a MB, ${text}`, "ms", (ours.handler / size) * 1024, (peer.handler / size) * 1024);
    }
  }
}
