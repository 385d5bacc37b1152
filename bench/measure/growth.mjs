// Measure 7: what adding to a trace, listing traces and opening a trace cost
// when there is a lot already.

import { number, stamped, template } from "../batches.mjs";
import { Consumed, expectStatus, request, send } from "../client.mjs";
import { both, fresh, rounds } from "../stats.mjs";
import { PROJECT, start, workers } from "../workers.mjs";
import { fillProject, fillTrace } from "./fill.mjs";

/** @import { Bench, Table } from "../report.mjs" */
/** @import { Made } from "../types.d.ts" */
/** @import { Driven, Live, Worker } from "../workers.mjs" */

/** A Worker whose consumer is listened to.
 *  @typedef {Live<Worker> & { consumed: Consumed }} Heard */

/** @param {number} n */
const words = (n) => n.toLocaleString("en");

/** A batch of 100 spans into traces that have so many already.
 *  @param {Driven[]} driven
 *  @param {Table} table
 *  @param {number[]} sizes
 *  @param {number} most */
async function adding(driven, table, sizes, most) {
  /** @type {{ live: Driven, size: number, made: Made }[]} */
  const cases = [];
  for (const live of driven) {
    for (const size of sizes) {
      if (size > 0) await fillTrace(live, PROJECT, `grown-${size}`, size);
      // Without spans, each batch is a new trace's first.
      const made = template({
        spans: 100,
        traces: 1,
        seed: 5 + size,
        trace: size > 0 ? `grown-${size}` : "~0009999-0000-4000-a000-000000000000",
      });
      cases.push({ live, size, made });
    }
  }
  const times = 5;
  const results = await rounds(cases, { most, seconds: 45 }, async ({ live, made }, round) => {
    await live.load(made);
    if (round === 0) await live.run({ what: "consumer", real: true, times, from: fresh(times) });
    const told = await live.run({ what: "consumer", real: true, times, from: fresh(times) });
    return { wall: told.wallMs / times };
  });
  for (const size of sizes) {
    const [ours, peer] = both(results.filter((_, at) => cases[at]?.size === size));
    table.add(`adding/${size}`, `D1: adding 100 spans to a trace of ${words(size)}`, "ms", ours.wall, peer.wall);
  }
}

/** @param {Live} live
 *  @param {string} path
 *  @param {string} [project] */
const get = async (live, path, project) => {
  const { ms, text } = await expectStatus(200, request(new URL(path, live.url), { project }));
  return { ms, data: () => JSON.parse(text.toString()).data };
};

/** @param {Live<Worker>[]} live
 *  @param {Table} table
 *  @param {number[]} sizes
 *  @param {number} most */
async function listing(live, table, sizes, most) {
  /** @type {{ one: Live<Worker>, size: number, project: string }[]} */
  const cases = [];
  for (const one of live) {
    for (const size of sizes) {
      const project = `list-${size}`;
      await one.db.batch(one.worker.seed(project).map((sql) => one.db.prepare(sql)));
      await fillProject(one, project, size);
      const { traces } = (await get(one, "/api/v1/traces?limit=50", project)).data();
      if (traces.length !== 50) throw new Error(`${one.worker.name} lists ${traces.length} traces instead of 50`);
      cases.push({ one, size, project });
    }
  }
  const results = await rounds(cases, { most, seconds: 20 }, async ({ one, project }) => {
    const times = [];
    for (let n = 0; n < 5; n++) times.push((await get(one, "/api/v1/traces?limit=50", project)).ms);
    return { ms: Math.min(...times) };
  });
  for (const size of sizes) {
    const [ours, peer] = both(results.filter((_, at) => cases[at]?.size === size));
    table.add(`listing/${size}`, `listing the newest 50 of ${words(size)} traces`, "ms", ours.ms, peer.ms);
  }
}

/** @param {Heard[]} live
 *  @param {Table} table
 *  @param {number[]} sizes
 *  @param {number} most */
async function opening(live, table, sizes, most) {
  /** @type {{ one: Heard, size: number, trace: string }[]} */
  const cases = [];
  for (const one of live) {
    let batches = 0;
    for (const size of sizes) {
      const trace = `opened-${size}`;
      const spans = Math.min(size, 100);
      const made = stamped(template({ spans, traces: 1, seed: 9, trace }).text);
      for (let sent = 0; sent < size; sent += spans, batches++) await send(one, number(made, fresh(1)));
      cases.push({ one, size, trace });
    }
    await one.consumed.until(batches);
  }
  const results = await rounds(cases, { most, seconds: 30 }, async ({ one, size, trace }, round) => {
    // Ours gives a large trace in parts: all of them count.
    let [ms, spans, whole] = [0, 0, 0];
    for (let next = ""; ; ) {
      const part = await get(one, `/api/v1/traces/${trace}${next && `?cursor=${encodeURIComponent(next)}`}`);
      ms += part.ms;
      const data = part.data();
      spans += data.spans.length;
      if (round === 0) whole += data.spans.filter((/** @type {{ input: unknown }} */ span) => span.input !== null).length;
      next = data.nextSpanCursor ?? "";
      if (!next) break;
    }
    if (spans !== size || (round === 0 && whole !== size)) {
      throw new Error(`${one.worker.name} shows ${spans} spans, ${whole} with input, of ${size}`);
    }
    return { ms };
  });
  for (const size of sizes) {
    const [ours, peer] = both(results.filter((_, at) => cases[at]?.size === size));
    table.add(
      `opening/${size}`,
      `opening a trace of ${words(size)} spans, inputs and outputs with it, in all its parts`,
      "ms",
      ours.ms,
      peer.ms,
    );
  }
}

/** @param {Bench} bench */
export async function measureGrowth({ driven, table, quick }) {
  await adding(driven, table, quick ? [0, 1_000] : [0, 100, 1_000, 10_000, 100_000], quick ? 1 : 7);
  const live = [];
  for (const worker of workers) {
    const consumed = new Consumed();
    live.push(Object.assign(await start(worker, consumed.hear), { consumed }));
  }
  await opening(live, table, quick ? [10] : [10, 1_000, 10_000], quick ? 1 : 7);
  await listing(live, table, quick ? [1_000] : [1_000, 100_000, 1_000_000], quick ? 1 : 9);
  for (const one of live) await one.close();
}
