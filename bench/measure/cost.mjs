// Measure 5: rows that D1 writes and bytes that it keeps for a span, and what
// a million spans come to. Counts are measured, prices are the platform's.

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

/** @param {Bench} bench */
export async function measureCost({ driven, table, quick }) {
  const made = template({ spans: 100, traces: 8 });
  const bytes = Buffer.byteLength(made.text);
  const batches = quick ? 10 : 200;
  const counted = [];
  for (const live of driven) {
    await live.load(made);
    // The first one is there to say how large the database is before the rest.
    const before = await live.run({ what: "consumer", real: true, times: 1, from: fresh(1) });
    const told = await live.run({ what: "consumer", real: true, times: batches, from: fresh(batches) });
    const spans = batches * made.spans;
    counted.push({ rows: told.rowsWritten / spans, read: told.rowsRead / spans, bytes: (told.size - before.size) / spans });
  }
  const cpu = [table.ours, table.peer].map((of) => of("handler/100") + of("consumer/100"));
  const dollars = counted.map(({ rows, read, bytes: kept }, at) => {
    const perBatch =
      2 * PRICE.request + // the client's and the consumer's, each batch on its own
      (cpu[at] ?? NaN) * PRICE.cpuMs +
      PRICE.r2Write +
      PRICE.r2Read +
      3 * PRICE.queueOperation + // written, read, deleted
      bytes * PRICE.r2Byte;
    return (perBatch / made.spans + rows * PRICE.rowWritten + read * PRICE.rowRead + kept * PRICE.d1Byte) * 1e6;
  });
  /** @param {string} id
   *  @param {string} text
   *  @param {string} unit
   *  @param {number[]} values */
  const row = (id, text, unit, [ours = NaN, peer = NaN]) => table.add(id, text, unit, ours, peer);
  row(
    "rows",
    "D1 rows written for a span (100 spans, 8 traces)",
    "rows",
    counted.map((c) => c.rows),
  );
  row(
    "bytes",
    "D1 bytes for a span",
    "bytes",
    counted.map((c) => c.bytes),
  );
  row("dollars", "a million spans, with a month's storage", "$", dollars);
}
