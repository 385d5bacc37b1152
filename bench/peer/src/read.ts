// GET /api/v1/traces and /api/v1/traces/:id.
import type { Context } from "hono";
import { z } from "zod";
import type { Env, Variables } from "./env";
import { failure } from "./errors";

type Ctx = Context<{ Bindings: Env; Variables: Variables }>;
// biome-ignore lint/suspicious/noExplicitAny: what a row holds is the statement's that reads it
type Row = Record<string, any>;

const querySchema = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().optional(),
  name: z.string().optional(),
  status: z.enum(["OK", "ERROR"]).optional(),
  tags: z.string().optional(),
  startDate: z.iso.datetime({ offset: true }).optional(),
  endDate: z.iso.datetime({ offset: true }).optional(),
});

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
const parse = (text: string | null) => (text === null ? null : JSON.parse(text));

const SUMS = `trace_id, count(*) as spans, sum(status = 'ERROR') as errors, sum(total_tokens) as tokens,
  sum(cost) as cost, max(end_time) as end_time`;

function present(trace: Row, sums: Row | undefined) {
  const end = Math.max(trace.end_time ?? -Infinity, sums?.end_time ?? -Infinity);
  return {
    id: trace.id,
    name: trace.name ?? "",
    status: sums?.errors > 0 ? "ERROR" : "OK",
    startTime: iso(trace.start_time),
    endTime: Number.isFinite(end) ? iso(end) : null,
    durationMs: Number.isFinite(end) ? end - trace.start_time : null,
    totalCost: (sums?.cost ?? 0).toFixed(6),
    totalTokens: sums?.tokens ?? 0,
    tags: parse(trace.tags) ?? [],
    metadata: parse(trace.metadata),
    spanCount: sums?.spans ?? 0,
    scoreCount: 0,
    createdAt: iso(trace.created_at),
  };
}

export async function list(c: Ctx) {
  const query = querySchema.safeParse(c.req.query());
  if (!query.success) return failure(c, 400, "VALIDATION_ERROR", z.prettifyError(query.error));
  const { limit, cursor, name, status, tags, startDate, endDate } = query.data;
  const projectId = c.get("projectId");

  const where = ["t.project_id = ?"];
  const params: unknown[] = [projectId];
  const and = (clause: string, ...values: unknown[]) => {
    where.push(clause);
    params.push(...values);
  };
  if (cursor) {
    const [start, id] = JSON.parse(atob(cursor));
    and("(t.start_time, t.id) < (?, ?)", start, id);
  }
  if (name) and("instr(lower(t.name), lower(?)) > 0", name);
  if (startDate) and("t.start_time >= ?", Date.parse(startDate));
  if (endDate) and("t.start_time <= ?", Date.parse(endDate));
  if (status) {
    const failed = "exists (select 1 from spans s where s.project_id = t.project_id and s.trace_id = t.id and s.status = 'ERROR')";
    and(status === "ERROR" ? failed : `not ${failed}`);
  }
  for (const tag of tags?.split(",") ?? []) and("exists (select 1 from json_each(t.tags) where value = ?)", tag);

  const { results } = await c.env.DB.prepare(
    `select * from traces t where ${where.join(" and ")} order by t.start_time desc, t.id desc limit ?`,
  )
    .bind(...params, limit + 1)
    .all<Row>();
  const page = results.slice(0, limit);
  const sums = new Map<string, Row>();
  // D1 takes 100 parameters: two reads for the longest page.
  for (let at = 0; at < page.length; at += 90) {
    const ids = page.slice(at, at + 90).map((trace) => trace.id);
    const found = await c.env.DB.prepare(
      `select ${SUMS} from spans where project_id = ? and trace_id in (${ids.map(() => "?").join(",")}) group by trace_id`,
    )
      .bind(projectId, ...ids)
      .all<Row>();
    for (const row of found.results) sums.set(row.trace_id, row);
  }
  const last = results.length > limit ? page.at(-1) : undefined;
  return c.json({
    data: {
      traces: page.map((trace) => present(trace, sums.get(trace.id))),
      nextCursor: last ? btoa(JSON.stringify([last.start_time, last.id])) : null,
    },
    error: null,
  });
}

/** The span events of these raw batches, by the id that their rows have. */
async function payloads(bucket: R2Bucket, keys: string[]) {
  const bodies = new Map<string, Row>();
  await Promise.all(
    keys.map(async (key) => {
      const raw = await (await bucket.get(key))?.json<{ batch: Row[] }>();
      for (const [index, event] of (raw?.batch ?? []).entries()) bodies.set(event.body.id ?? event.id ?? `${key}#${index}`, event.body);
    }),
  );
  return bodies;
}

export async function detail(c: Ctx) {
  const [projectId, id] = [c.get("projectId"), c.req.param("id")];
  const [traces, spans] = await c.env.DB.batch<Row>([
    c.env.DB.prepare("select * from traces where project_id = ? and id = ?").bind(projectId, id),
    c.env.DB.prepare("select * from spans where project_id = ? and trace_id = ? order by start_time, id").bind(projectId, id),
  ]);
  const trace = traces?.results[0];
  if (!trace) return failure(c, 404, "NOT_FOUND", "There is no such trace");

  const rows = spans?.results ?? [];
  const bodies = await payloads(c.env.RAW, [...new Set(rows.map((row) => row.raw_key as string))]);
  const byEvent = new Map(rows.map((row) => [row.event_id, row.id]));
  const ids = new Set(rows.map((row) => row.id));
  const sum = (field: string) => rows.reduce((total, row) => total + (row[field] ?? 0), 0);
  const sums = {
    spans: rows.length,
    errors: rows.filter((row) => row.status === "ERROR").length,
    tokens: sum("total_tokens"),
    cost: sum("cost"),
    end_time: rows.reduce((end, row) => Math.max(end, row.end_time ?? -Infinity), -Infinity),
  };
  return c.json({
    data: {
      ...present(trace, sums),
      spans: rows.map((row) => {
        const body = bodies.get(row.id);
        const parent = row.parent_span_id;
        return {
          id: row.id,
          traceId: row.trace_id,
          parentSpanId: parent === null || ids.has(parent) ? parent : (byEvent.get(parent) ?? null),
          name: row.name,
          type: row.type,
          startTime: iso(row.start_time),
          endTime: iso(row.end_time),
          durationMs: row.start_time === null || row.end_time === null ? null : row.end_time - row.start_time,
          input: body?.input ?? null,
          output: body?.output ?? null,
          model: row.model,
          modelParameters: body?.model_parameters ?? body?.modelParameters ?? null,
          promptTokens: row.prompt_tokens,
          completionTokens: row.completion_tokens,
          totalTokens: row.total_tokens,
          cost: row.cost,
          status: row.status,
          errorMessage: row.error_message,
          metadata: body?.metadata ?? null,
          createdAt: iso(row.created_at),
        };
      }),
      scores: [],
    },
    error: null,
  });
}
