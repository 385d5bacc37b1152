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
import { fresh, quantile, rounds } from "../stats.mjs";
import { floor, start, workers } from "../workers.mjs";

const CONNECTIONS = 8;

async function open(worker) {
  const consumed = new Consumed();
  const live = await start(worker, consumed.hear);
  return Object.assign(live, { consumed, sent: 0, spans: 0, latencies: {} });
}

/** New batches of this shape: the bytes are copies, ready to be sent. */
function make(live, made, batches) {
  live.sent += batches;
  live.spans += batches * made.spans;
  const from = fresh(batches);
  return Array.from({ length: batches }, (_, n) => number(made.stamped, from + n).slice());
}

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

export async function measureFlow({ table, quick }) {
  const live = [];
  for (const worker of [...workers, floor]) live.push(await open(worker));
  const shapes = (quick ? [[100, 10]] : [[1, 150], [10, 120], [100, 60], [1_000, 10]]).map(([events, batches]) => {
    const made = shape(events);
    return { events, batches, made: { ...made, stamped: stamped(made.text) } };
  });
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
    table.add(`accepted/${events}`, `accepted, batches of ${text}`, "batches/s", ...results.map(({ accepted }) => accepted));
    for (const [name, q] of [["p50", 0.5], ["p99", 0.99]]) {
      table.add(`${name}/${events}`, `201 after, ${name}, ${text}`, "ms", ...live.map((one) => quantile(one.latencies, q)));
    }
    table.add(`spans/${events}`, `until the last span is in D1, batches of ${text}`, "spans/s", ...results.map(({ spans }) => spans));
  }

  const hundred = shapes.find(({ events }) => events === 100).made;
  const rate = { rate: 20, seconds: quick ? 1 : 10 };
  const [ours, peer] = live;
  const delays = [ours, peer].map(() => []);
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const [at, one] of [ours, peer].entries()) delays[at].push(...(await steady(one, hundred, rate)));
  }
  for (const [name, q] of [["p50", 0.5], ["p99", 0.99]]) {
    table.add(`visible/${name}`, `visible after, ${name}, at 20 batches/s of 100 events`, "ms", ...delays.map((all) => quantile(all, q)));
  }

  for (const one of [ours, peer]) {
    const rows = await one.db.prepare(`select count(*) as n from ${one.worker.spans}`).first("n");
    if (rows !== one.spans) throw new Error(`${one.worker.name} has ${rows} spans of the ${one.spans} that were sent`);
  }
  for (const one of live) await one.close();
}
