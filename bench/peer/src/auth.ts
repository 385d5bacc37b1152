// Bearer key -> project: SHA-256, looked up in D1, answers kept for 30 s.
import { createMiddleware } from "hono/factory";
import type { Env, Variables } from "./env";
import { failure } from "./errors";

const TTL_MS = 30_000;
const MAX_CACHED = 1_000;

const cache = new Map<string, { projectId: string | null; expires: number }>();

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function projectOf(db: D1Database, key: string): Promise<string | null> {
  const hash = await sha256(key);
  const now = Date.now();
  const cached = cache.get(hash);
  if (cached && cached.expires > now) return cached.projectId;
  const row = await db
    .prepare("select project_id from api_keys where key_hash = ? and revoked_at is null")
    .bind(hash)
    .first<{ project_id: string }>();
  const projectId = row?.project_id ?? null;
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(hash, { projectId, expires: now + TTL_MS });
  return projectId;
}

export const auth = createMiddleware<{ Bindings: Env; Variables: Variables }>(async (c, next) => {
  const [, key] = c.req.header("authorization")?.match(/^Bearer\s+(ts_\S+)$/i) ?? [];
  const projectId = key ? await projectOf(c.env.DB, key) : null;
  if (!projectId) return failure(c, 401, "UNAUTHORIZED", "The API key is missing, unknown or revoked");
  c.set("projectId", projectId);
  await next();
});
