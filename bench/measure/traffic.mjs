// Measure 9: traffic as it is (traffic.mjs), through ours and through the release
// before, in turns. Rows that D1 writes for a span, bytes that it keeps, dollars; rows
// when everything comes again; what a delivery takes, consumer and D1; and what adding
// to a trace and opening one take when it is small and when it is large.
// Leaves out the peer, which the other parts have.

import { shape } from "../batches.mjs";
import { cpuOf } from "../process.mjs";
import { both, rounds } from "../stats.mjs";
import { take, traffic } from "../traffic.mjs";
import { before, startDriven, workers } from "../workers.mjs";
import { dollars } from "./cost.mjs";
import { timed } from "./cpu.mjs";
import { ADDING, OPENING, adding, opening } from "./growth.mjs";

/** @import { Bench, Table } from "../report.mjs" */
/** @import { Batch, Options } from "../traffic.mjs" */
/** @import { RawObject } from "../types.d.ts" */
/** @import { Driven, Worker } from "../workers.mjs" */

/** Traffic, and how many of its batches are in one delivery.
 *  @typedef {Options & { id: string, text: string, spans: number, together: number }} Kind */

/** @type {Kind[]} */
const KINDS = [
  { id: "100x10", text: "100 events, 10 batches a delivery", spans: 20_000, flush: 100, together: 10 },
  { id: "100x1", text: "100 events, 1 batch a delivery", spans: 20_000, flush: 100, together: 1 },
  { id: "pair/100x10", text: "pairs, 100 events, 10 batches a delivery", spans: 10_000, flush: 100, together: 10, pair: true },
  { id: "pair/100x1", text: "pairs, 100 events, 1 batch a delivery", spans: 10_000, flush: 100, together: 1, pair: true },
  { id: "1000x4", text: "1,000 events, 4 batches a delivery", spans: 20_000, flush: 1_000, together: 4 },
];

/** @type {[ours: Worker, before: Worker]} */
const TESTED = [workers[0], before];

/** @param {Worker} worker
 *  @param {Batch[]} batches
 *  @returns {RawObject[]} */
const objects = (worker, batches) => batches.map(({ id, at, bytes }) => ({ key: worker.rawKey(id, { at }), bytes }));

/** @param {Batch[]} batches
 *  @param {"spans" | "events"} what */
const sum = (batches, what) => batches.reduce((all, batch) => all + batch[what], 0);

/** All of some traffic, written into an empty database, and then once more, in
 *  another order and in other deliveries.
 *  @param {Worker} worker
 *  @param {Kind} kind
 *  @param {Batch[]} batches */
async function count(worker, { together }, batches) {
  const live = await startDriven(worker);
  const { meta } = await live.db.prepare("select 1").run();
  const raw = objects(worker, batches);
  const cpu = await cpuOf(live.pid);
  const told = await live.deliver(raw, { together });
  // D1's processor time is in it, which is not billed: there is no telling them apart.
  const consumerMs = (await cpuOf(live.pid)) - cpu;
  const again = await live.deliver(raw.toReversed(), { together: together > 5 ? 7 : 3 });
  await live.load(shape(100));
  const handlerMs = (await timed(live, "handler", 40)) * (sum(batches, "events") / 100);
  await live.close();
  const counted = {
    spans: sum(batches, "spans"),
    batches: batches.length,
    deliveries: Math.ceil(batches.length / together),
    bytes: batches.reduce((all, { bytes }) => all + bytes.length, 0),
    cpuMs: consumerMs + handlerMs,
    rows: told.rowsWritten,
    read: told.rowsRead,
    kept: told.size - meta.size_after,
  };
  const { spans, rows, kept } = counted;
  return { rows: rows / spans, bytes: kept / spans, dollars: dollars(counted), again: again.rowsWritten };
}

/** @param {Table} table
 *  @param {boolean} quick */
async function counting(table, quick) {
  for (const kind of KINDS) {
    const batches = [...traffic({ ...kind, spans: quick ? 1_000 : kind.spans })];
    const counted = [];
    for (const worker of TESTED) counted.push(await count(worker, kind, batches));
    const [ours, last] = both(counted);
    /** @param {keyof typeof ours} what
     *  @param {string} text
     *  @param {string} unit */
    const row = (what, text, unit) => table.against(`traffic/${what}/${kind.id}`, `${text}, ${kind.text}`, unit, ours[what], last[what]);
    row("rows", "D1 rows written for a span", "rows");
    row("bytes", "D1 bytes for a span", "bytes");
    row("dollars", "a million spans, with a month's storage", "$");
    row("again", "D1 rows written when everything comes again", "rows");
  }
}

/** What a batch takes, consumer and D1, when others like it are there already. Both
 *  get the same batches, and none twice.
 *  @param {Driven[]} driven
 *  @param {Table} table
 *  @param {boolean} quick */
async function timing(driven, table, quick) {
  for (const { id, text, flush, together } of KINDS.filter(({ flush, pair }) => flush === 100 && !pair)) {
    const stream = traffic({ flush, seed: 2 + together });
    const each = quick ? together : 60;
    /** @type {Batch[][]} */
    const made = [];
    /** @param {number} round */
    const batchesOf = (round) => (made[round] ??= take(stream, each));
    for (const live of driven) {
      const start = take(traffic({ flush, seed: 50 + together }), quick ? together : 200);
      await live.deliver(objects(live.worker, start), { together });
    }
    const results = await rounds(driven, { most: quick ? 1 : 25, seconds: 20 }, async (live, round) => {
      const raw = objects(live.worker, batchesOf(round));
      const cpu = await cpuOf(live.pid);
      const told = await live.deliver(raw, { together });
      const used = (await cpuOf(live.pid)) - cpu;
      return { ms: told.ms / each, d1: told.wallMs / each, sql: told.durationMs / each, cpu: used / each };
    });
    const [ours, last] = both(results);
    table.against(`traffic/time/${id}`, `consumer and D1, a batch, ${text}`, "ms", ours.ms, last.ms);
    table.against(`traffic/d1/${id}`, `of it D1's calls, a batch, ${text}`, "ms", ours.d1, last.d1);
    table.against(`traffic/sql/${id}`, `of it SQL (meta.duration), a batch, ${text}`, "ms", ours.sql, last.sql);
    table.against(`traffic/cpu/${id}`, `CPU of consumer and D1's process, a batch, ${text}`, "ms", ours.cpu, last.cpu);
  }
}

/** @param {Bench} bench */
export async function measureTraffic({ table, quick }) {
  await counting(table, quick);
  const driven = [];
  for (const worker of TESTED) driven.push(await startDriven(worker));
  await timing(driven, table, quick);
  const most = quick ? 1 : 15;
  for (const { size, of } of await adding(driven, quick ? [1_000] : [1_000, 100_000], { most, seconds: 30 })) {
    const [ours, last] = both(of);
    table.against(`traffic/adding/${size}`, ADDING(size), "ms", ours.ms, last.ms);
    table.against(`traffic/adding/${size}/d1`, `of it D1's calls, ${size.toLocaleString("en")} spans`, "ms", ours.d1, last.d1);
  }
  for (const { size, of } of await opening(driven, quick ? [10] : [10, 1_000, 10_000], { most, seconds: 30 })) {
    const [ours, last] = both(of);
    table.against(`traffic/opening/${size}`, OPENING(size), "ms", ours.ms, last.ms);
    table.against(`traffic/opening/${size}/d1`, `of it D1's calls, ${size.toLocaleString("en")} spans`, "ms", ours.d1, last.d1);
  }
  for (const live of driven) await live.close();
}
