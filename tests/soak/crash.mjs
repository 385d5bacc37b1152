// kill -9 under load, again and again: the local server takes batches from
// several connections until it is killed at a random moment, starts again with
// the state it left, and in the end has every batch that it acknowledged, once.
import { setTimeout as sleep } from "node:timers/promises";
import { LOCAL_KEY } from "../../scripts/local.mjs";
import { Book, COUNTS } from "./book.mjs";
import { Client, until } from "./client.mjs";
import { LocalServer } from "./local.mjs";
import { Dice } from "./random.mjs";

/** @import { Batch, Result } from "./types.d.ts" */

/** How a round's connections know when to stop.
 *  @typedef {{ stopped: boolean, answered: number }} Load */

const CONNECTIONS = 6;
/** The project that `npm start` makes. */
const PROJECT = "local";

/**
 * Runs so many rounds and compares; `say` gets a line for each.
 * @param {{ rounds: number, seed: number, say?: (line: string) => void }} options
 * @returns {Promise<Result & { unknown: number }>}
 */
export async function crash({ rounds, seed, say = () => {} }) {
  const dice = new Dice(seed);
  const book = new Book();
  const server = await LocalServer.create();
  try {
    for (let round = 1; round <= rounds; round++) {
      say(await oneRound(round, server, book, dice));
      // Reading everything back is more than the limit on requests lets through.
      if (round === 1) server.query(`update project set rate_limit = 0 where id = '${PROJECT}'`);
    }
    return await end(server, book);
  } finally {
    await server.close();
  }
}

/** @param {number} round
 *  @param {LocalServer} server
 *  @param {Book} book
 *  @param {Dice} dice */
async function oneRound(round, server, book, dice) {
  const [batches, acknowledged] = [book.batches.length, book.acknowledged];
  // Often while the first batches are on their way and the first sweep runs.
  const after = dice.chance(0.3) ? dice.number(0, 5) : dice.number(5, 250);
  server.spawn();
  await server.answers();
  const started = Date.now();
  const client = new Client(server.url, LOCAL_KEY, CONNECTIONS);
  const load = { stopped: false, answered: 0 };
  const connections = Array.from({ length: CONNECTIONS }, () => connection(client, book, dice, load));
  await until(`${after} answers\n${server.said}`, () => load.answered >= after);
  await sleep(dice.number(0, 40));
  load.stopped = true;
  await server.kill();
  await Promise.all(connections);
  client.close();
  const [sent, taken] = [book.batches.length - batches, book.acknowledged - acknowledged];
  return `round ${round}: killed ${Date.now() - started} ms after it answered; ${sent} new batches sent, ${taken} acknowledged`;
}

/** Mostly a new one; some again whose fate nobody knows, some again for no reason.
 *  @param {Book} book
 *  @param {Dice} dice
 *  @returns {Batch} */
function nextBatch(book, dice) {
  if (dice.chance(0.85) || book.batches.length === 0) return book.newBatch();
  const { unknown } = book;
  return dice.pick(dice.chance(0.7) && unknown.length > 0 ? unknown : book.batches);
}

/** One sender, one batch after the other; some of their bodies come slowly.
 *  @param {Client} client
 *  @param {Book} book
 *  @param {Dice} dice
 *  @param {Load} load */
async function connection(client, book, dice, load) {
  while (!load.stopped) {
    const batch = nextBatch(book, dice);
    const slowly = dice.chance(0.1) ? () => sleep(dice.number(5, 200)) : undefined;
    const status = await client.send(batch.text, slowly);
    book.note(batch, status);
    if (status === 201) load.answered++;
    else if (status !== 0) throw new Error(`a batch was answered ${status}`);
  }
}

/** Starts it once more, sweeps, waits, and compares.
 *  @param {LocalServer} server
 *  @param {Book} book */
async function end(server, book) {
  server.spawn();
  await server.answers();
  await server.swept();
  const client = new Client(server.url, LOCAL_KEY, CONNECTIONS);
  try {
    // Days on: what was queued and killed with the queue is due again. Until a
    // sweep finds nothing missing; what it then has not found is lost.
    for (let days = 2; ; days += 2) {
      server.said = "";
      await server.sweep(days * 24 * 60);
      const [, queued] = await until("the sweep", () => /"event":"swept".*"queued":(\d+)/.exec(server.said), 30);
      if (queued === "0") break;
      await until("what was swept", () => (server.said.match(/"outcome":"ack"/g) ?? []).length >= Number(queued));
    }
    const listed = await client.list();
    const read = new Map();
    for (const id of book.traces) read.set(id, await client.trace(id));
    await server.kill();
    const [counts] = server.query(COUNTS(PROJECT));
    const result = await book.compare((id) => read.get(id), listed, counts);
    return { acknowledged: book.acknowledged, unknown: book.unknown.length, ...result };
  } finally {
    client.close();
  }
}
