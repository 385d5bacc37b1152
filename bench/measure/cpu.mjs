// Measures 1 and 2: processor time of the handler and of the consumer with
// bindings that answer at once, and D1's time for the consumer's batch.

import { largest, shape } from "../batches.mjs";
import { cpuOf } from "../process.mjs";
import { both, fresh, rounds } from "../stats.mjs";
import { setting } from "../workers.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Effort, Made, Run } from "../types.d.ts" */
/** @import { Driven } from "../workers.mjs" */

/** What is timed, and how many messages are in one delivery.
 *  @typedef {{ what: Run["what"], together?: number }} Loop */

/** Messages in one delivery under load: what the queue is asked for. */
const TOGETHER = setting("max_batch_size");

/** Processor time, in milliseconds a turn, of a loop inside the isolate.
 *  @param {Driven} live
 *  @param {Run["what"]} what
 *  @param {number} times
 *  @param {number} [together] */
export async function timed(live, what, times, together) {
  const from = fresh(times);
  const before = await cpuOf(live.pid);
  await live.run({ what, times, from, together });
  return ((await cpuOf(live.pid)) - before) / times;
}

/** Turns for so many milliseconds: whole deliveries.
 *  @param {number} ms
 *  @param {number} each
 *  @param {number} most */
const turns = (ms, each, most, together = 1) =>
  Math.max(2, Math.min(most / together, Math.round(ms / Math.max(each, 0.005) / together))) * together;

/** Long enough for V8 to have compiled it, and how long a turn takes then.
 *  @param {Driven} live
 *  @param {Loop} loop
 *  @param {number} ms */
async function warmUp(live, { what, together }, ms) {
  let each = await timed(live, what, 3 * (together ?? 1), together);
  for (const until = performance.now() + ms; performance.now() < until; ) {
    each = await timed(live, what, turns(ms / 4, each, 2_000, together), together);
  }
  return each;
}

/** What is timed; and messages in one delivery.
 *  @satisfies {Record<string, Loop>} */
const LOOPS = {
  nothing: { what: "nothing" },
  handler: { what: "handler" },
  "no message": { what: "no message" },
  consumer: { what: "consumer" },
  "no messages": { what: "no message", together: TOGETHER },
  consumers: { what: "consumer", together: TOGETHER },
};
const loops = /** @type {[keyof typeof LOOPS, Loop][]} */ (Object.entries(LOOPS));

/** How many turns of a loop are timed at once.
 *  @typedef {Record<keyof typeof LOOPS, number>} Turns */

/** @param {Driven[]} driven
 *  @param {Made} made
 *  @param {Effort & { warmMs: number, roundMs: number }} effort */
export async function ofSize(driven, made, { most, warmMs, roundMs, seconds }) {
  const warm = [];
  for (const live of driven) {
    await live.load(made);
    const times = /** @type {Turns} */ ({});
    for (const [name, loop] of loops) times[name] = turns(roundMs, await warmUp(live, loop, warmMs), 20_000, loop.together);
    warm.push({ live, times });
  }
  return rounds(warm, { most, seconds }, async ({ live, times }) => {
    const ms = /** @type {Turns} */ ({});
    for (const [name, { what, together }] of loops) ms[name] = await timed(live, what, times[name], together);
    // What the loop itself takes: new ids, the request's or the object's bytes.
    return {
      handler: ms.handler - ms.nothing,
      consumer: ms.consumer - ms["no message"],
      consumers: ms.consumers - ms["no messages"],
    };
  });
}

/** The consumer's batches in the real D1.
 *  @param {Driven[]} driven
 *  @param {Made} made
 *  @param {Effort & { times: number, together: number }} effort */
async function inD1(driven, made, { most, seconds, times, together }) {
  for (const live of driven) {
    await live.load(made);
    await live.run({ what: "consumer", real: true, times, together, from: fresh(times) });
  }
  return rounds(driven, { most, seconds }, async (live) => {
    const before = await cpuOf(live.pid);
    const told = await live.run({ what: "consumer", real: true, times, together, from: fresh(times) });
    return {
      wall: told.wallMs / times,
      sql: told.durationMs / times,
      cpu: ((await cpuOf(live.pid)) - before) / times,
      statements: told.statements / times,
    };
  });
}

/** @param {Bench} bench */
export async function measureCpu({ driven, table, quick }) {
  const effort = quick ? { most: 1, warmMs: 60, roundMs: 40 } : { most: 9, warmMs: 400, roundMs: 400, seconds: 30 };
  const sizes = quick ? [1, 100] : [1, 10, 100, 1_000];
  /** @type {[text: string, made: Made, id: number | string][]} */
  const batches = [
    ...sizes.map((n) => /** @type {[string, Made, number]} */ ([`${n.toLocaleString("en")} event${n > 1 ? "s" : ""}`, shape(n), n])),
  ];
  if (!quick) batches.push(["5 MB", largest(), "5MB"]);
  for (const [text, made, id] of batches) {
    const [ours, peer] = both(await ofSize(driven, made, effort));
    table.add(`handler/${id}`, `handler CPU, ${text}`, "ms", ours.handler, peer.handler);
    table.add(`consumer/${id}`, `consumer CPU, ${text}`, "ms", ours.consumer, peer.consumer);
    table.add(`consumers/${id}`, `consumer CPU, ${text}, ${TOGETHER} messages at once`, "ms", ours.consumers, peer.consumers);
  }
  /** @type {[events: number, together: number, times: number][]} */
  const deliveries = quick
    ? [[100, TOGETHER, TOGETHER]]
    : [
        [100, 1, 40],
        [100, TOGETHER, 120],
        [1_000, 1, 8],
      ];
  for (const [n, together, times] of deliveries) {
    const effort = quick ? { most: 1 } : { most: 9, seconds: 20 };
    const [ours, peer] = both(await inD1(driven, shape(n), { ...effort, times, together }));
    const consumer = together > 1 ? `consumers/${n}` : `consumer/${n}`;
    const text = `${n.toLocaleString("en")} events${together > 1 ? `, ${together} messages at once` : ""}`;
    const id = `${n}x${together}`;
    table.add(`d1/${id}`, `D1: batch() calls, ${text}`, "ms", ours.wall, peer.wall);
    table.add(`sql/${id}`, `D1: of it SQL (meta.duration), ${text}`, "ms", ours.sql, peer.sql);
    table.add(`d1cpu/${id}`, `CPU of consumer and D1's process, ${text}`, "ms", ours.cpu, peer.cpu);
    table.add(
      `total/${id}`,
      `consumer CPU + batch() calls, ${text}`,
      "ms",
      table.ours(consumer) + ours.wall,
      table.peer(consumer) + peer.wall,
    );
  }
}
