// What tests of the answers of the API look for.
import { expect } from "vitest";

export const TRACE_FIELDS = [
  "createdAt",
  "durationMs",
  "endTime",
  "id",
  "metadata",
  "name",
  "errorCount",
  "scoreCount",
  "spanCount",
  "startTime",
  "status",
  "tags",
  "totalCost",
  "totalTokens",
];
export const MORE_TRACE_FIELDS = [
  "sessionId",
  "userId",
  "parentTraceId",
  "deploymentId",
  "evaluators",
  "inputPreview",
  "outputPreview",
  "costSources",
  "unpricedModels",
  "evaluations",
];
export const SPAN_FIELDS = [
  "completionTokens",
  "cost",
  "createdAt",
  "durationMs",
  "endTime",
  "errorMessage",
  "id",
  "input",
  "metadata",
  "model",
  "modelParameters",
  "name",
  "output",
  "parentSpanId",
  "promptTokens",
  "startTime",
  "status",
  "totalTokens",
  "traceId",
  "type",
];
export const MORE_SPAN_FIELDS = ["cachedTokens", "parentMissing", "costSource"];
export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
export const DECIMAL = /^\d+(\.\d+)?$/;

/** These fields, perhaps some of those, and no others. */
export function expectFields(object: object, fields: string[], allowed: string[]) {
  const found = Object.keys(object);
  expect(found).toEqual(expect.arrayContaining(fields));
  expect([...fields, ...allowed]).toEqual(expect.arrayContaining(found));
}

/** The ids of traces or spans, in order. */
export const ids = (traces: Record<string, any>[]) => traces.map(({ id }) => id);

/** A time that is so many minutes later than another. */
export const minute = (n: number) => `2026-03-14T10:${String(n).padStart(2, "0")}:00.000Z`;
