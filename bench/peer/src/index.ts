// The peer: the same endpoint as a good TypeScript engineer would write it.
// Hono, Zod, D1 batch() of prepared statements, the same R2 and Queue use.
// What ours is compared with in `npm run bench`; nobody deploys it.
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { auth } from "./auth";
import { consume } from "./consumer";
import type { BatchMessage, Env, Variables } from "./env";
import { failure } from "./errors";
import { ingest } from "./ingest";
import { ingestOtlp } from "./otlp";
import { detail, list } from "./read";

const MAX_BODY_BYTES = 5 * 1024 * 1024;

const app = new Hono<{ Bindings: Env; Variables: Variables }>();

const limitTo = (maxSize: number) =>
  bodyLimit({ maxSize, onError: (c) => failure(c, 413, "PAYLOAD_TOO_LARGE", `At most ${maxSize} bytes`) });
const limit = limitTo(MAX_BODY_BYTES);
const limitOtlp = limitTo(4 * MAX_BODY_BYTES);

app.get("/api/v1/health", (c) => c.json({ status: "ok" }));
app.post("/api/v1/traces", auth, limit, ingest);
app.post("/v1/traces", auth, limitOtlp, ingestOtlp);
app.get("/api/v1/traces", auth, list);
app.get("/api/v1/traces/:id", auth, detail);
app.notFound((c) => failure(c, 404, "NOT_FOUND", "There is no such path"));
app.onError((error, c) => {
  console.error(error);
  return failure(c, 500, "INTERNAL_ERROR", "Something went wrong");
});

export default {
  fetch: app.fetch,
  queue: (batch, env) => consume(batch, env),
} satisfies ExportedHandler<Env, BatchMessage>;
