// What every answer that is an error looks like.
import { expect } from "vitest";
import type { Answer } from "./http.ts";

/** Checks status, code, body shape and headers; gives back the error. */
export function expectFailure(answer: Answer, status: number, code: string): { message: string; details: any[] } {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers["content-type"]).toMatch(/^application\/json\b/);
  expect(answer.headers["x-request-id"]).toMatch(/\S/);
  expect(Object.keys(answer.json).sort()).toEqual(["data", "error"]);
  expect(answer.json.data).toBeNull();
  const { details, ...error } = answer.json.error;
  expect(error).toEqual({ code, message: expect.stringMatching(/\S/) });
  if (details !== undefined) expect(details).toBeInstanceOf(Array);
  return answer.json.error;
}
