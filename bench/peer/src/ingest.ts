// POST /api/v1/traces: check the batch, keep it in R2, tell the queue, 201.
import type { Context } from "hono";
import type { Env, Variables } from "./env";
import { failure } from "./errors";
import { MAX_EVENTS, batchSchema } from "./schema";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export async function ingest(c: Context<{ Bindings: Env; Variables: Variables }>) {
  const receivedAt = Date.now();
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "") || c.req.header("content-encoding")) {
    return failure(c, 415, "UNSUPPORTED_MEDIA_TYPE", "Send application/json without a content encoding");
  }
  const raw = await c.req.arrayBuffer();
  let json: unknown;
  try {
    json = JSON.parse(decoder.decode(raw));
  } catch {
    return failure(c, 400, "VALIDATION_ERROR", "The body is not valid JSON");
  }
  const events = (json as { batch?: unknown } | null)?.batch;
  if (Array.isArray(events) && events.length > MAX_EVENTS) {
    return failure(c, 413, "PAYLOAD_TOO_LARGE", `At most ${MAX_EVENTS} events in a batch`);
  }
  const parsed = batchSchema.safeParse(json);
  if (!parsed.success) {
    const details = parsed.error.issues.slice(0, 100).map(({ path, message }) => ({ path: path.join("."), message }));
    return failure(c, 400, "VALIDATION_ERROR", "The batch is not valid", details);
  }

  const projectId = c.get("projectId");
  const day = new Date(receivedAt).toISOString().slice(0, 10);
  const key = `raw/${projectId}/${day}/${crypto.randomUUID()}.json`;
  await c.env.RAW.put(key, raw);
  await c.env.QUEUE.send({ key, projectId, receivedAt });
  console.log(JSON.stringify({ event: "request", projectId, status: 201, bytes: raw.byteLength, events: parsed.data.batch.length }));
  return c.json({ accepted: parsed.data.batch.length }, 201);
}
