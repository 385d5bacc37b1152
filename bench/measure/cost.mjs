// Measure 5: rows that D1 writes and bytes that it keeps for a span, and what a
// million spans come to, of batches that know nothing of each other, against the
// peer. Counts are measured, prices are the platform's. (measure/traffic.mjs has the
// same of traffic as it is.)

import { template } from "../batches.mjs";
import { fresh } from "../stats.mjs";

/** @import { Bench } from "../report.mjs" */

/** List prices in dollars, beyond what plans include
 *  (developers.cloudflare.com, as of 2026): for each, or for each GB-month. */
const PRICE = {
  request: 0.3e-6,
  cpuMs: 0.02e-6,
  r2Write: 4.5e-6,
  r2Read: 0.36e-6,
  queueOperation: 0.4e-6,
  rowWritten: 1e-6,
  rowRead: 0.001e-6,
  d1Byte: 0.75e-9,
  r2Byte: 0.015e-9,
};

/** What was counted while spans were written: all of it, `bytes` being those of the
 *  raw batches, `kept` D1's, `cpuMs` the handler's and the consumer's.
 *  @typedef {Record<"spans" | "batches" | "deliveries" | "bytes" | "cpuMs" | "rows" | "read" | "kept", number>} Counted */

/** What a million spans like these cost, with a month's storage.
 *  @param {Counted} counted */
export function dollars({ spans, batches, deliveries, bytes, cpuMs, rows, read, kept }) {
  const all =
    (batches + deliveries) * PRICE.request + // the client's and the consumer's
    cpuMs * PRICE.cpuMs +
    batches * (PRICE.r2Write + PRICE.r2Read) +
    batches * 3 * PRICE.queueOperation + // written, read, deleted
    bytes * PRICE.r2Byte +
    rows * PRICE.rowWritten +
    read * PRICE.rowRead +
    kept * PRICE.d1Byte;
  return (all / spans) * 1e6;
}

/** @param {Bench} bench */
export async function measureCost({ driven, table, quick }) {
  const made = template({ spans: 100, traces: 8 });
  const batches = quick ? 10 : 200;
  const spans = batches * made.spans;
  const bytes = batches * Buffer.byteLength(made.text);
  /** @type {Counted[]} */
  const counted = [];
  for (const [at, live] of driven.entries()) {
    await live.load(made);
    // The first one is there to say how large the database is before the rest.
    const before = await live.run({ what: "consumer", real: true, times: 1, from: fresh(1) });
    const told = await live.run({ what: "consumer", real: true, times: batches, from: fresh(batches) });
    const of = at === 0 ? table.ours : table.peer;
    const cpuMs = batches * (of("handler/100") + of("consumer/100"));
    const kept = told.size - before.size;
    counted.push({ spans, batches, deliveries: batches, bytes, cpuMs, rows: told.rowsWritten, read: told.rowsRead, kept });
  }
  /** @param {string} id
   *  @param {string} text
   *  @param {string} unit
   *  @param {number[]} values */
  const row = (id, text, unit, [ours = NaN, peer = NaN]) => table.add(id, text, unit, ours, peer);
  row(
    "rows",
    "D1 rows written for a span (100 spans, 8 traces)",
    "rows",
    counted.map(({ rows }) => rows / spans),
  );
  row(
    "bytes",
    "D1 bytes for a span (100 spans, 8 traces)",
    "bytes",
    counted.map(({ kept }) => kept / spans),
  );
  row("dollars", "a million spans, with a month's storage", "$", counted.map(dollars));
}
