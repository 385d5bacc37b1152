// What clients may send: the union of the endpoint's document (snake_case) and
// the published client (camelCase). `null` means missing; unknown fields are
// dropped here and kept in the raw batch.
import { z } from "zod";

const text = z.string().nullish();
const id = z.string().min(1).max(256);
const time = z.iso.datetime({ offset: true, local: true }).nullish();
const tokens = z.number().int().nonnegative().nullish();
const object = z.record(z.string(), z.unknown()).nullish();
const strings = z.array(z.string()).nullish();

const usage = z.object({
  prompt_tokens: tokens,
  promptTokens: tokens,
  completion_tokens: tokens,
  completionTokens: tokens,
  total_tokens: tokens,
  totalTokens: tokens,
  cached_tokens: tokens,
  cachedTokens: tokens,
});

const traceBody = z.object({
  id,
  name: z.string(),
  metadata: object,
  tags: strings,
  evaluators: strings,
  start_time: time,
  startTime: time,
  end_time: time,
  endTime: time,
  session_id: text,
  sessionId: text,
  parent_trace_id: text,
  parentTraceId: text,
  deployment_id: text,
  deploymentId: text,
});

const SPAN_TYPES = ["AGENT", "LLM", "TOOL", "RETRIEVAL", "CHAIN", "CUSTOM", "DELEGATION", "VOICE", "HUMAN_HANDOFF", "GUARDRAIL"] as const;

const spanBody = z
  .object({
    id: id.nullish(),
    trace_id: id.nullish(),
    traceId: id.nullish(),
    parent_span_id: text,
    parentSpanId: text,
    name: z.string(),
    type: z.enum(SPAN_TYPES),
    start_time: time,
    startTime: time,
    end_time: time,
    endTime: time,
    input: z.unknown(),
    output: z.unknown(),
    model: text,
    model_parameters: object,
    modelParameters: object,
    usage: usage.nullish(),
    cost: z.number().nullish(),
    status: z.enum(["OK", "ERROR"]).nullish(),
    error_message: text,
    errorMessage: text,
    metadata: object,
  })
  .refine((body) => body.trace_id ?? body.traceId, { path: ["trace_id"], error: "Required" });

const envelope = { id: id.nullish(), timestamp: time };

export const batchSchema = z.object({
  batch: z.array(
    z.discriminatedUnion("type", [
      z.object({ ...envelope, type: z.literal("trace-create"), body: traceBody }),
      z.object({ ...envelope, type: z.literal("span-create"), body: spanBody }),
    ]),
  ),
});

export type Batch = z.infer<typeof batchSchema>;
export type Event = Batch["batch"][number];
export type TraceBody = z.infer<typeof traceBody>;
export type SpanBody = z.infer<typeof spanBody>;

export const MAX_EVENTS = 1_000;
