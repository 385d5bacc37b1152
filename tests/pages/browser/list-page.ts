// What tests of the list share: traces to fill it with, and what it shows.
import type { Page } from "playwright-core";
import { spanCreate, traceCreate } from "../../support/events.ts";

export const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();

/** The ids of the traces that are shown, from the top. */
export const shown = (page: Page) =>
  page.locator("tr[data-trace-id]").evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset.traceId!));
export const row = (page: Page, id: string) => page.locator(`tr[data-trace-id="${id}"]`);

/** Traces of the last minutes, t0 the newest, each with a span of a second. */
export function past(count: number, prefix = "t") {
  return Array.from({ length: count }, (_, n) => {
    const [id, startTime, endTime] = [`${prefix}${n}`, ago(60 + n * 2), ago(59 + n * 2)];
    return [
      traceCreate({ id, name: `agent ${prefix}${n}`, startTime }),
      spanCreate({ traceId: id, name: "root", startTime, endTime, input: `in ${n}`, output: `out ${n}` }),
    ];
  }).flat();
}

/** A trace that begins now. */
export const fresh = (id: string, name = `fresh ${id}`) => traceCreate({ id, name, startTime: ago(0) }, { timestamp: ago(0) });
