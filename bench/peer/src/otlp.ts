// OpenTelemetry's exports, as the peer reads them: in protobuf with the decoder that
// OpenTelemetry's own package had generated (its newer releases only encode), in JSON
// with JSON.parse; then checked, and mapped by OpenInference's names.
import root from "otlp-transformer-with-decoder/build/esm/generated/root.js";
import type { Context } from "hono";
import type { Env, Variables } from "./env";
import { failure } from "./errors";

const MAX_SPANS = 10_000;
const Request = root.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;

interface Value {
  stringValue?: string;
  intValue?: string | number;
  doubleValue?: number;
  boolValue?: boolean;
}

interface Raw {
  traceId: string | Uint8Array;
  spanId: string | Uint8Array;
  parentSpanId?: string | Uint8Array;
  name: string;
  startTimeUnixNano: string | number;
  endTimeUnixNano: string | number;
  attributes?: { key: string; value?: Value }[];
  status?: { code?: number; message?: string };
}

/** A span as the consumer writes it. */
export interface OtlpSpan {
  id: string;
  traceId: string;
  parent: string | null;
  name: string;
  type: string;
  status: string;
  error: string | null;
  start: number;
  end: number;
  model: string | null;
  prompt: number | null;
  completion: number | null;
  total: number | null;
  cost: number | null;
}

const hex = (id: string | Uint8Array | undefined) =>
  typeof id === "string" ? id.toLowerCase() : Array.from(id ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
const millis = (nanos: string | number) => Math.floor(Number(nanos) / 1e6);
const number = (value: Value | undefined) => {
  const given = value?.intValue ?? value?.doubleValue;
  return given === undefined ? null : Number(given);
};

function map(span: Raw): OtlpSpan {
  const attributes = new Map((span.attributes ?? []).map(({ key, value }) => [key, value]));
  const [id, traceId] = [hex(span.spanId), hex(span.traceId)];
  if (!/^[0-9a-f]{16}$/.test(id) || !/^[0-9a-f]{32}$/.test(traceId)) throw new Error("a span without an id");
  if (typeof span.name !== "string") throw new Error("a span without a name");
  const kind = attributes.get("openinference.span.kind")?.stringValue ?? "CUSTOM";
  return {
    id,
    traceId,
    parent: hex(span.parentSpanId) || null,
    name: span.name,
    type: kind === "RETRIEVER" ? "RETRIEVAL" : kind,
    status: span.status?.code === 2 ? "ERROR" : "OK",
    error: span.status?.message ?? null,
    start: millis(span.startTimeUnixNano),
    end: millis(span.endTimeUnixNano),
    model: attributes.get("llm.model_name")?.stringValue ?? null,
    prompt: number(attributes.get("llm.token_count.prompt")),
    completion: number(attributes.get("llm.token_count.completion")),
    total: number(attributes.get("llm.token_count.total")),
    cost: number(attributes.get("llm.cost.total")),
  };
}

/** The spans of an export. */
export function decode(body: ArrayBuffer, protobuf: boolean): OtlpSpan[] {
  const message = protobuf
    ? Request.decode(new Uint8Array(body))
    : JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  const spans: OtlpSpan[] = [];
  for (const { scopeSpans } of message.resourceSpans ?? []) {
    for (const scope of scopeSpans ?? []) for (const span of scope.spans ?? []) spans.push(map(span));
  }
  return spans;
}

export async function ingestOtlp(c: Context<{ Bindings: Env; Variables: Variables }>) {
  const receivedAt = Date.now();
  const type = c.req.header("content-type") ?? "";
  const protobuf = /^application\/x-protobuf\b/i.test(type);
  if (!protobuf && !/^application\/json\b/i.test(type)) return failure(c, 415, "UNSUPPORTED_MEDIA_TYPE", "Send protobuf or JSON");
  const raw = await c.req.arrayBuffer();
  let spans: OtlpSpan[];
  try {
    spans = decode(raw, protobuf);
  } catch (error) {
    return failure(c, 400, "VALIDATION_ERROR", String(error));
  }
  if (spans.length > MAX_SPANS) return failure(c, 413, "PAYLOAD_TOO_LARGE", `At most ${MAX_SPANS} spans`);
  const projectId = c.get("projectId");
  const day = new Date(receivedAt).toISOString().slice(0, 10);
  const key = `raw/${projectId}/${day}/${crypto.randomUUID()}.otlp.${protobuf ? "pb" : "json"}`;
  await c.env.RAW.put(key, raw);
  await c.env.QUEUE.send({ key, projectId, receivedAt });
  console.log(JSON.stringify({ event: "request", projectId, status: 200, bytes: raw.byteLength, events: spans.length }));
  return protobuf ? c.body(null, 200, { "content-type": "application/x-protobuf" }) : c.json({});
}
