// Measures 1 and 2: processor time of the handler and of the consumer with
// bindings that answer at once, and D1's time for the consumer's batch.

import { largest, shape } from "../batches.mjs";
import { cpuOf } from "../process.mjs";
import { fresh, rounds } from "../stats.mjs";

/** Processor time, in milliseconds a turn, of a loop inside the isolate. */
async function timed(live, what, times) {
  const from = fresh(times);
  const before = await cpuOf(live.pid);
  await live.run({ what, times, from });
  return ((await cpuOf(live.pid)) - before) / times;
}

/** Long enough for V8 to have compiled it, and how long a turn takes then. */
async function warmUp(live, what, ms) {
  let each = await timed(live, what, 3);
  for (const until = performance.now() + ms; performance.now() < until; ) {
    each = await timed(live, what, Math.max(2, Math.min(2_000, Math.round(ms / 4 / Math.max(each, 0.01)))));
  }
  return each;
}

const LOOPS = ["nothing", "handler", "no message", "consumer"];

async function ofSize(driven, made, { most, warmMs, roundMs, seconds }) {
  const times = new Map();
  for (const live of driven) {
    await live.load(made);
    const each = {};
    for (const what of LOOPS) {
      each[what] = Math.max(2, Math.min(5_000, Math.round(roundMs / Math.max(await warmUp(live, what, warmMs), 0.005))));
    }
    times.set(live, each);
  }
  return rounds(driven, { most, seconds }, async (live) => {
    const ms = {};
    for (const what of LOOPS) ms[what] = await timed(live, what, times.get(live)[what]);
    // What the loop itself takes: new ids, the request's or the object's bytes.
    return { handler: ms.handler - ms.nothing, consumer: ms.consumer - ms["no message"], loop: ms.nothing };
  });
}

/** The consumer's batches in the real D1. */
async function inD1(driven, made, { most, seconds, times }) {
  for (const live of driven) {
    await live.load(made);
    await live.run({ what: "consumer", real: true, times, from: fresh(times) });
  }
  return rounds(driven, { most, seconds }, async (live) => {
    const before = await cpuOf(live.pid);
    const told = await live.run({ what: "consumer", real: true, times, from: fresh(times) });
    return {
      wall: told.wallMs / times,
      sql: told.durationMs / times,
      cpu: ((await cpuOf(live.pid)) - before) / times,
      statements: told.statements / times,
    };
  });
}

export async function measureCpu({ driven, table, quick }) {
  const effort = quick ? { most: 1, warmMs: 60, roundMs: 40 } : { most: 9, warmMs: 400, roundMs: 160, seconds: 25 };
  const sizes = quick ? [1, 100] : [1, 10, 100, 1_000];
  const batches = [...sizes.map((n) => [`${n.toLocaleString("en")} event${n > 1 ? "s" : ""}`, shape(n), n]), ...(quick ? [] : [["5 MB", largest(), "5MB"]])];
  for (const [text, made, id] of batches) {
    const [ours, peer] = await ofSize(driven, made, effort);
    table.add(`handler/${id}`, `handler CPU, ${text}`, "ms", ours.handler, peer.handler);
    table.add(`consumer/${id}`, `consumer CPU, ${text}`, "ms", ours.consumer, peer.consumer);
  }
  for (const n of quick ? [100] : [100, 1_000]) {
    const effort = quick ? { most: 1, times: 3 } : { most: 9, times: n > 100 ? 8 : 40, seconds: 20 };
    const [ours, peer] = await inD1(driven, shape(n), effort);
    const text = `${n.toLocaleString("en")} events`;
    table.add(`d1/${n}`, `D1: the batch() call, ${text}`, "ms", ours.wall, peer.wall);
    table.add(`sql/${n}`, `D1: of it SQL (meta.duration), ${text}`, "ms", ours.sql, peer.sql);
    table.add(`d1cpu/${n}`, `CPU of consumer and D1's process, ${text}`, "ms", ours.cpu, peer.cpu);
    table.add(`total/${n}`, `consumer CPU + batch() call, ${text}`, "ms", table.ours(`consumer/${n}`) + ours.wall, table.peer(`consumer/${n}`) + peer.wall);
  }
}
