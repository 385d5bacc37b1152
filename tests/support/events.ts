// Events as clients send them: the SDK's spelling, and fresh ids.
import { randomUUID } from "node:crypto";

export type Fields = Record<string, unknown>;

export const newId = (): string => randomUUID();

/** A `trace-create`. */
export function traceCreate(body: Fields = {}, envelope: Fields = {}) {
  return {
    id: newId(),
    type: "trace-create",
    timestamp: "2026-03-14T10:00:00.000Z",
    ...envelope,
    body: { id: newId(), name: "trace", ...body },
  };
}

/** A `span-create`. */
export function spanCreate(body: Fields = {}, envelope: Fields = {}) {
  return {
    id: newId(),
    type: "span-create",
    timestamp: "2026-03-14T10:00:01.000Z",
    ...envelope,
    body: {
      id: newId(),
      name: "span",
      type: "CUSTOM",
      startTime: "2026-03-14T10:00:00.000Z",
      endTime: "2026-03-14T10:00:01.000Z",
      ...body,
    },
  };
}

/** As many spans of one trace as asked for, each with its number as input. */
export function spansOf(traceId: string, count: number) {
  return Array.from({ length: count }, (_, n) => spanCreate({ traceId, name: `span ${n}`, input: n }));
}
