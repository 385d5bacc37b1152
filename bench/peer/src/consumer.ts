// The queue's consumer: reads each raw batch from R2 and writes it to D1 with
// prepared statements in batches. Inserting what is there already changes
// nothing, so a message may be delivered twice.
import type { BatchMessage, Env } from "./env";
import { type OtlpSpan, decode } from "./otlp";
import { batchSchema, type Event, type SpanBody, type TraceBody } from "./schema";

/** Statements sent to D1 at once. */
const CHUNK = 500;

const TRACE = `
  insert into traces (project_id, id, name, session_id, parent_trace_id, deployment_id, tags, evaluators, metadata, start_time, end_time, created_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (project_id, id) do update set
    name = excluded.name, session_id = excluded.session_id, parent_trace_id = excluded.parent_trace_id,
    deployment_id = excluded.deployment_id, tags = excluded.tags, evaluators = excluded.evaluators,
    metadata = excluded.metadata, start_time = min(start_time, excluded.start_time), end_time = excluded.end_time`;

/** A trace that only its spans have told of so far. */
const PLACEHOLDER = `
  insert into traces (project_id, id, start_time, created_at) values (?, ?, ?, ?)
  on conflict (project_id, id) do update set start_time = excluded.start_time
  where excluded.start_time < start_time`;

const SPAN = `
  insert into spans (project_id, id, trace_id, event_id, parent_span_id, name, type, status, start_time, end_time,
    model, prompt_tokens, completion_tokens, total_tokens, cost, error_message, raw_key, created_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (project_id, id) do nothing`;

const millis = (time: string | null | undefined) => (time ? Date.parse(time) : null);
const json = (value: unknown) => (value == null ? null : JSON.stringify(value));

function statementsFor(db: D1Database, { key, projectId, receivedAt }: BatchMessage, events: Event[]) {
  const [trace, placeholder, span] = [db.prepare(TRACE), db.prepare(PLACEHOLDER), db.prepare(SPAN)];
  const told = new Set<string>();
  const starts = new Map<string, number>();
  const spans: D1PreparedStatement[] = [];
  const traces: D1PreparedStatement[] = [];

  const addTrace = (body: TraceBody, timestamp: number | null) => {
    told.add(body.id);
    traces.push(
      trace.bind(
        projectId,
        body.id,
        body.name,
        body.session_id ?? body.sessionId ?? null,
        body.parent_trace_id ?? body.parentTraceId ?? null,
        body.deployment_id ?? body.deploymentId ?? null,
        json(body.tags),
        json(body.evaluators),
        json(body.metadata),
        millis(body.start_time ?? body.startTime) ?? timestamp ?? receivedAt,
        millis(body.end_time ?? body.endTime),
        receivedAt,
      ),
    );
  };

  const addSpan = (body: SpanBody, id: string, eventId: string | null, timestamp: number | null) => {
    const traceId = body.trace_id ?? body.traceId ?? ""; // one of them is there: see schema.ts
    const start = millis(body.start_time ?? body.startTime) ?? timestamp;
    const prompt = body.usage?.prompt_tokens ?? body.usage?.promptTokens ?? null;
    const completion = body.usage?.completion_tokens ?? body.usage?.completionTokens ?? null;
    const total = body.usage?.total_tokens ?? body.usage?.totalTokens ?? null;
    starts.set(traceId, Math.min(starts.get(traceId) ?? Infinity, start ?? receivedAt));
    spans.push(
      span.bind(
        projectId,
        id,
        traceId,
        eventId,
        body.parent_span_id ?? body.parentSpanId ?? null,
        body.name,
        body.type,
        body.status ?? "OK",
        start,
        millis(body.end_time ?? body.endTime),
        body.model ?? null,
        prompt,
        completion,
        total ?? (prompt === null && completion === null ? null : (prompt ?? 0) + (completion ?? 0)),
        body.cost ?? null,
        body.error_message ?? body.errorMessage ?? null,
        key,
        receivedAt,
      ),
    );
  };

  events.forEach((event, index) => {
    const timestamp = millis(event.timestamp);
    if (event.type === "trace-create") addTrace(event.body, timestamp);
    else addSpan(event.body, event.body.id ?? event.id ?? `${key}#${index}`, event.id ?? null, timestamp);
  });
  for (const [id, start] of starts) {
    if (!told.has(id)) traces.push(placeholder.bind(projectId, id, start, receivedAt));
  }
  return [...traces, ...spans];
}

function statementsForSpans(db: D1Database, { key, projectId, receivedAt }: BatchMessage, spans: OtlpSpan[]) {
  const [placeholder, insert] = [db.prepare(PLACEHOLDER), db.prepare(SPAN)];
  const starts = new Map<string, number>();
  for (const { traceId, start } of spans) starts.set(traceId, Math.min(starts.get(traceId) ?? Infinity, start));
  return [
    ...Array.from(starts, ([id, start]) => placeholder.bind(projectId, id, start, receivedAt)),
    ...spans.map((s) => {
      const total = s.total ?? (s.prompt === null && s.completion === null ? null : (s.prompt ?? 0) + (s.completion ?? 0));
      const [usage, end] = [
        [s.prompt, s.completion, total, s.cost],
        [s.error, key, receivedAt],
      ];
      return insert.bind(projectId, s.id, s.traceId, null, s.parent, s.name, s.type, s.status, s.start, s.end, s.model, ...usage, ...end);
    }),
  ];
}

async function write(message: BatchMessage, env: Env) {
  const object = await env.RAW.get(message.key);
  if (!object) throw new Error(`there is no raw batch at ${message.key}`);
  const [, encoding] = message.key.match(/\.otlp\.(pb|json)$/) ?? [];
  const batch = encoding ? decode(await object.arrayBuffer(), encoding === "pb") : batchSchema.parse(await object.json()).batch;
  const statements = encoding ? statementsForSpans(env.DB, message, batch as OtlpSpan[]) : statementsFor(env.DB, message, batch as Event[]);
  for (let at = 0; at < statements.length; at += CHUNK) {
    await env.DB.batch(statements.slice(at, at + CHUNK));
  }
  return batch.length;
}

export async function consume(messages: MessageBatch<BatchMessage>, env: Env): Promise<void> {
  for (const message of messages.messages) {
    try {
      const events = await write(message.body, env);
      message.ack();
      console.log(JSON.stringify({ event: "consumed", outcome: "ack", events, delayMs: Date.now() - message.body.receivedAt }));
    } catch (error) {
      console.error(JSON.stringify({ event: "consumed", outcome: "retry", why: String(error) }));
      message.retry({ delaySeconds: Math.min(2 ** message.attempts, 600) });
    }
  }
}
