// The one form of every error.
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

export function failure(c: Context, status: ContentfulStatusCode, code: string, message: string, details: unknown[] = []) {
  return c.json({ data: null, error: { code, message, details } }, status);
}
