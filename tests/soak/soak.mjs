// Everything that may go wrong, at random from a seed, for so many batches:
// bindings that fail before or after their effect, hang, lose or double what
// they are given; panics; messages delivered again and out of order; sweeps and
// replays in between. Then the weather clears, the sweeper runs, and what is in
// D1, in R2 and in the answers is compared with what was acknowledged. Leaves
// out processes that die (crash.mjs) and raw batches that are damaged.
import { Book, COUNTS } from "./book.mjs";
import { Client, until } from "./client.mjs";
import { Dice } from "./random.mjs";
import { Service } from "./service.mjs";

/** @import { Fault } from "../support/types.d.ts" */
/** @import { Batch, Result } from "./types.d.ts" */

/** Calls that fail, and what else may happen to them.
 *  @type {Record<string, string[]>} */
const CALLS = {
  "RAW.put": ["before", "after", "slow"],
  "RAW.get": ["before", "after", "slow"],
  "RAW.list": ["before", "after"],
  "QUEUE.send": ["before", "after", "lose", "slow"],
  "QUEUE.sendBatch": ["before", "after", "lose"],
  "DEAD.send": ["before", "after", "lose"],
  "DB.batch": ["before", "after", "slow", "timeout"],
  "DB.first": ["before", "slow"],
  "DB.run": ["before", "after"],
  "DB.prepare": ["panic"],
  queue: ["twice"],
};

/**
 * Sends so many batches; `seed` says which and in what weather.
 * @param {{ seed: number, batches: number }} options
 * @returns {Promise<Result & { batches: number, faults: number }>}
 */
export async function soak({ seed, batches }) {
  const [dice, book, service] = [new Dice(seed), new Book(), await Service.start()];
  const client = new Client(service.url, service.key);
  try {
    let faults = 0;
    while (book.batches.length < batches) {
      const weather = forecast(dice);
      faults += weather.length;
      await service.inject(...weather);
      for (let step = dice.number(1, 4); step > 0; step--) await oneStep(dice, book, service, client);
    }
    await service.inject();
    const wrong = await settle(service);
    const read = new Map();
    for (const id of book.traces) read.set(id, await client.trace(id));
    const [counts] = await service.run(COUNTS(service.project));
    const result = await book.compare((id) => read.get(id), await client.list(), counts);
    const kept = new Set((await service.objects()).map((key) => key.split("/").at(-1))).size;
    if (kept !== result.written) wrong.push(`R2 has ${kept} batches, D1 ${result.written}`);
    wrong.push(...result.wrong);
    return { batches: book.batches.length, acknowledged: book.acknowledged, written: result.written, faults, wrong };
  } finally {
    client.close();
    await service.close();
  }
}

/** What the next steps will meet: mostly a few faults now and then, at times an outage, at times none.
 *  @param {Dice} dice
 *  @returns {Fault[]} */
function forecast(dice) {
  const calls = Object.entries(CALLS);
  return Array.from({ length: dice.number(0, 4) }, () => {
    const [on, ways] = dice.pick(calls);
    const what = dice.pick(ways);
    const chance = on === "DB.prepare" ? 0.05 : dice.chance(0.2) ? 1 : dice.random() * 0.6;
    return {
      on,
      chance,
      seed: dice.number(0, 1_000_000),
      ...(what === "slow" && { fine: true, ms: dice.number(1, 80) }),
      ...(what === "timeout" && { after: true, ms: dice.number(1, 80) }),
      ...(what === "after" && { after: true }),
      ...(what === "lose" && { lose: true }),
    };
  });
}

/** @param {Dice} dice
 *  @param {Book} book
 *  @param {Service} service
 *  @param {Client} client */
async function oneStep(dice, book, service, client) {
  /** @param {Batch} batch */
  const send = async (batch) => book.note(batch, await client.send(batch.text));
  const what = dice.random();
  if (what < 0.7) {
    await Promise.all(Array.from({ length: dice.number(1, 8) }, () => send(book.newBatch())));
  } else if (what < 0.8 && book.batches.length > 0) {
    const again = dice.chance(0.7) && book.unknown.length > 0 ? book.unknown : book.batches;
    await Promise.all(Array.from({ length: dice.number(1, 4) }, () => send(dice.pick(again))));
  } else if (what < 0.9) {
    const keys = await service.objects();
    const queue = service.bindings[dice.chance(0.5) ? "QUEUE" : "DEAD"];
    for (let n = Math.min(keys.length, dice.number(1, 10)); n > 0; n--) await queue.send({ v: 1, key: dice.pick(keys) });
  } else if (what < 0.97) {
    // No batch is on its way now: the sweeper may look as from later.
    await service.sweep(dice.number(4, 20));
  } else {
    await service.replay();
  }
}

/** Sweeps, days on, until nothing is missing; what should not be so then.
 *  @param {Service} service */
async function settle(service) {
  const missing = `select count(*) as n from overdue as o
    where not exists (select 1 from batch as b where b.project = o.project and b.id = o.batch)
      and not exists (select 1 from dead_letter as d where d.project = o.project and d.batch = o.batch)`;
  for (let days = 2; ; days += 2) {
    const { queued, fault } = (await service.sweep(days * 24 * 60)) ?? {};
    if (fault) throw new Error(`a sweep in good weather: ${fault}`);
    if (queued === 0) break;
    await until("what was swept", async () => (await service.run(missing))[0]?.n === 0);
  }
  const letters = await service.run("select reason, count(*) as n from dead_letter group by 1");
  return letters.map(({ reason, n }) => `${n} dead letters (${reason}), though every raw batch is whole`);
}
