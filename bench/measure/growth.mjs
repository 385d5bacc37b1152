// Measure 7: what adding to a trace, listing traces and opening a trace cost when
// there is a lot already. Adding and opening are measured for whoever is given:
// measure/traffic.mjs has them measured against the release before.

import { number, stamped, template } from "../batches.mjs";
import { expectStatus, request } from "../client.mjs";
import { both, fresh, rounds } from "../stats.mjs";
import { fillProject, NEW_TRACE, traceOf } from "./fill.mjs";

/** @import { Bench, Table } from "../report.mjs" */
/** @import { Effort, Stamped } from "../types.d.ts" */
/** @import { Driven } from "../workers.mjs" */

/** @param {number} n */
const words = (n) => n.toLocaleString("en");

/** Batches of 100 spans, each alone, into traces that have so many already: what a
 *  delivery takes, consumer and D1, and of it D1's calls; for each size, of each
 *  Worker in their order.
 *  @param {Driven[]} driven
 *  @param {number[]} sizes
 *  @param {Effort} effort */
export async function adding(driven, sizes, effort) {
  const added = stamped(template({ spans: 100, traces: 1, seed: 5, trace: NEW_TRACE }).text);
  const times = 5;
  /** @type {{ live: Driven, size: number, trace: string, into: Stamped }[]} */
  const cases = [];
  for (const live of driven) {
    for (const size of sizes) {
      // To a large one all are added: it hardly grows. Of those in which it would
      // show each batch gets one of its own.
      const trace = size > 1_000 ? `grown-${size}` : NEW_TRACE;
      const into = size > 1_000 ? stamped(template({ spans: 100, traces: 1, seed: 5, trace }).text) : added;
      if (size > 1_000) await live.deliver(traceOf(live.worker, { trace, size }));
      cases.push({ live, size, trace, into });
    }
  }
  const results = await rounds(cases, effort, async ({ live, size, trace, into }, round) => {
    const add = async () => {
      const from = fresh(times);
      const numbers = Array.from({ length: times }, (_, n) => from + n);
      if (size > 0 && trace === NEW_TRACE) {
        await live.deliver(numbers.flatMap((batch) => traceOf(live.worker, { trace, size, batch })));
      }
      const batches = numbers.map((batch) => ({ key: live.worker.rawKey(batch), bytes: number(into, batch).slice() }));
      return live.deliver(batches, { together: 1 });
    };
    if (round === 0) await add();
    const { ms, wallMs } = await add();
    return { ms: ms / times, d1: wallMs / times };
  });
  return sizes.map((size) => ({ size, of: results.filter((_, at) => cases[at]?.size === size) }));
}

/** @param {Driven} live
 *  @param {string} path
 *  @param {string} [project] */
const get = async (live, path, project) => {
  const { ms, d1, text } = await expectStatus(200, request(new URL(path, live.url), { project }));
  return { ms, d1, data: () => JSON.parse(text.toString()).data };
};

/** @param {Driven[]} driven
 *  @param {Table} table
 *  @param {number[]} sizes
 *  @param {number} most */
async function listing(driven, table, sizes, most) {
  /** @type {{ one: Driven, size: number, project: string }[]} */
  const cases = [];
  for (const one of driven) {
    for (const size of sizes) {
      const project = `list-${size}`;
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

/** Opening traces of so many spans, with what is in R2, in all their parts: as a
 *  client sees it, and of it D1's calls; for each size, of each Worker in their order.
 *  @param {Driven[]} driven
 *  @param {number[]} sizes
 *  @param {Effort} effort */
export async function opening(driven, sizes, effort) {
  /** @type {{ one: Driven, size: number, trace: string }[]} */
  const cases = [];
  for (const one of driven) {
    const raw = await one.mf.getR2Bucket("RAW");
    for (const size of sizes) {
      const trace = `opened-${size}`;
      const objects = traceOf(one.worker, { trace, size, each: 100 });
      for (const { key, bytes } of objects) await raw.put(key, bytes);
      await one.deliver(objects);
      cases.push({ one, size, trace });
    }
  }
  const results = await rounds(cases, effort, async ({ one, size, trace }, round) => {
    // D1's clock has milliseconds: a small trace is looked at more than once.
    const times = round > 0 ? Math.max(1, Math.min(20, Math.round(5_000 / size))) : 1;
    const took = { ms: 0, d1: 0 };
    for (let n = 0; n < times; n++) {
      const { ms, d1 } = await openWhole(one, trace, size, round === 0);
      took.ms += ms / times;
      took.d1 += d1 / times;
    }
    return took;
  });
  return sizes.map((size) => ({ size, of: results.filter((_, at) => cases[at]?.size === size) }));
}

/** A trace in all its parts: ours gives a large one in several.
 *  @param {Driven} one
 *  @param {string} trace
 *  @param {number} size
 *  @param {boolean} look whether its inputs are there
 *  @returns {Promise<{ ms: number, d1: number }>} */
async function openWhole(one, trace, size, look) {
  let [ms, d1, spans, whole] = [0, 0, 0, 0];
  for (let next = ""; ; ) {
    const part = await get(one, `/api/v1/traces/${trace}${next && `?cursor=${encodeURIComponent(next)}`}`);
    ms += part.ms;
    d1 += part.d1;
    const data = part.data();
    spans += data.spans.length;
    if (look) whole += data.spans.filter((/** @type {{ input: unknown }} */ span) => span.input !== null).length;
    next = data.nextSpanCursor ?? "";
    if (!next) break;
  }
  if (spans !== size || (look && whole !== size)) {
    throw new Error(`${one.worker.name} shows ${spans} spans, ${whole} with input, of ${size}`);
  }
  return { ms, d1 };
}

/** How each is said.
 *  @param {number} size */
export const ADDING = (size) => `adding 100 spans to a trace of ${words(size)}, consumer and D1`;
/** @param {number} size */
export const OPENING = (size) => `opening a trace of ${words(size)} spans, inputs and outputs with it, in all its parts`;

/** @param {Bench} bench */
export async function measureGrowth({ driven, table, quick }) {
  const most = quick ? 1 : 7;
  for (const { size, of } of await adding(driven, quick ? [0, 1_000] : [0, 100, 1_000, 10_000, 100_000], { most, seconds: 45 })) {
    const [ours, peer] = both(of);
    table.add(`adding/${size}`, ADDING(size), "ms", ours.ms, peer.ms);
  }
  for (const { size, of } of await opening(driven, quick ? [10] : [10, 1_000, 10_000], { most, seconds: 30 })) {
    const [ours, peer] = both(of);
    table.add(`opening/${size}`, OPENING(size), "ms", ours.ms, peer.ms);
  }
  await listing(driven, table, quick ? [1_000] : [1_000, 100_000, 1_000_000], quick ? 1 : 9);
}
