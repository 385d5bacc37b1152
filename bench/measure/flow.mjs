// Measures 3 and 4, end to end with the real bindings: how much is accepted
// and how fast, when the last span is in D1, and how long a batch takes to be
// visible at a steady rate.
//
// "Is in D1" and "visible" are told by the consumer's own log line, which it
// writes after D1 has committed: nothing is asked while the clock runs. At the
// end the rows are counted. Beside the two Workers runs one that only makes the
// bindings' calls: what of all this is the local platform's.

import { setTimeout as sleep } from "node:timers/promises";
import { number, shape, stamped } from "../batches.mjs";
import { Consumed, send } from "../client.mjs";
import { both, fresh, quantile, rounds } from "../stats.mjs";
import { floor, start, workers } from "../workers.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Made, Stamped } from "../types.d.ts" */
/** @import { Live, Startable, Worker } from "../workers.mjs" */

/** What flows through a Worker here.
 *  @typedef {object} Flow
 *  @property {Consumed} consumed
 *  @property {number} sent
 *  @property {number} spans
 *  @property {number[]} latencies */
/** @typedef {Made & { stamped: Stamped }} Shape */

const CONNECTIONS = 8;

/** @template {Startable} W
 *  @param {W} worker
 *  @returns {Promise<Live<W> & Flow>} */
async function open(worker) {
  const consumed = new Consumed();
  const live = await start(worker, consumed.hear);
  return Object.assign(live, { consumed, sent: 0, spans: 0, latencies: /** @type {number[]} */ ([]) });
}

/** A shape, and the same as bytes.
 *  @param {number} events
 *  @returns {Shape} */
function prepared(events) {
  const made = shape(events);
  return { ...made, stamped: stamped(made.text) };
}

/** What was measured of ours, the peer and the floor, in this order.
 *  @param {number[]} results
 *  @returns {[ours: number, peer: number, floor: number]} */
const each = ([ours = NaN, peer = NaN, floor = NaN]) => [ours, peer, floor];

/** New batches of this shape: the bytes are copies, ready to be sent.
 *  @param {Flow} live
 *  @param {Shape} made
 *  @param {number} batches */
function make(live, made, batches) {
  live.sent += batches;
  live.spans += batches * made.spans;
  const from = fresh(batches);
  return Array.from({ length: batches }, (_, n) => number(made.stamped, from + n).slice());
}

/** @param {Live & Flow} live
 *  @param {Shape} made
 *  @param {number} batches
 *  @param {number[]} [latencies] */
async function burst(live, made, batches, latencies = []) {
  const bodies = make(live, made, batches);
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let body = bodies.pop(); body; body = bodies.pop()) latencies.push(await send(live, body));
    }),
  );
  const accepted = performance.now() - started;
  await live.consumed.until(live.sent);
  const visible = performance.now() - started;
  return { accepted: (batches / accepted) * 1000, spans: ((batches * made.spans) / visible) * 1000, latencies };
}

/** @param {Live & Flow} live
 *  @param {Shape} made
 *  @param {{ rate: number, seconds: number }} pace */
async function steady(live, made, { rate, seconds }) {
  const bodies = make(live, made, rate * seconds);
  live.consumed.delays.length = 0;
  const started = performance.now();
  const answers = [];
  for (const [n, body] of bodies.entries()) {
    await sleep(Math.max(0, started + (n * 1000) / rate - performance.now()));
    answers.push(send(live, body));
  }
  await Promise.all(answers);
  await live.consumed.until(live.sent);
  return live.consumed.delays.slice();
}

/** @type {[name: string, q: number][]} */
const QUANTILES = [
  ["p50", 0.5],
  ["p99", 0.99],
];

/** @param {Bench} bench */
export async function measureFlow({ table, quick }) {
  /** @type {[Live<Worker> & Flow, Live<Worker> & Flow]} */
  const tested = [await open(workers[0]), await open(workers[1])];
  const live = [...tested, await open(floor)];
  const hundred = prepared(100);
  /** @type {[events: number, batches: number][]} */
  const sizes = quick
    ? [[100, 10]]
    : [
        [1, 150],
        [10, 120],
        [100, 60],
        [1_000, 10],
      ];
  const shapes = sizes.map(([events, batches]) => ({ events, batches, made: events === 100 ? hundred : prepared(events) }));
  for (const { events, batches, made } of shapes) {
    const text = `${events.toLocaleString("en")} event${events > 1 ? "s" : ""}`;
    for (const one of live) {
      one.latencies = [];
      await burst(one, made, Math.ceil(batches / 4));
    }
    const results = await rounds(live, { most: quick ? 1 : 7, seconds: 20 }, async (one) => {
      const { accepted, spans } = await burst(one, made, batches, one.latencies);
      return { accepted, spans };
    });
    table.add(`accepted/${events}`, `accepted, batches of ${text}`, "batches/s", ...each(results.map(({ accepted }) => accepted)));
    for (const [name, q] of QUANTILES) {
      table.add(`${name}/${events}`, `201 after, ${name}, ${text}`, "ms", ...each(live.map((one) => quantile(one.latencies, q))));
    }
    table.add(`spans/${events}`, `until the last span is in D1, batches of ${text}`, "spans/s", ...each(results.map(({ spans }) => spans)));
  }

  const rate = { rate: 20, seconds: quick ? 1 : 10 };
  const delays = tested.map((one) => ({ one, ms: /** @type {number[]} */ ([]) }));
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const { one, ms } of delays) ms.push(...(await steady(one, hundred, rate)));
  }
  for (const [name, q] of QUANTILES) {
    table.add(
      `visible/${name}`,
      `visible after, ${name}, at 20 batches/s of 100 events`,
      "ms",
      ...both(delays.map(({ ms }) => quantile(ms, q))),
    );
  }

  for (const one of tested) {
    const spans = await one.db.prepare(one.worker.count).first("n");
    if (spans !== one.spans) throw new Error(`${one.worker.name} has ${spans} spans of the ${one.spans} that were sent`);
  }
  for (const one of live) await one.close();
}
