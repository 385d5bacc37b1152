// Test only: the built Worker with bindings that fail on command. The command
// is a POST to /__faults with a list of faults, which replaces the last one:
//   on      the call, such as "RAW.put", "QUEUE.send", "DB.batch"
//   times   how many calls it befalls; all, when missing
//   chance  that it befalls a call, by a generator of its own that `seed` starts
//   ms      how long the call hangs
//   after   the call is made (before it hangs) and only its reply is lost
//   lose    the call is not made, and said to be done
//   fine    the call is made, and nothing is wrong with it but `ms`
// A fault on "DB.prepare" makes the Worker panic: the worker crate takes it for
// impossible. One on "retry" has what is retried delivered again without the
// delay that was asked for; one on "queue" hands each delivery to two consumers
// at once. The answer says how often each call was made, "requests" among them.
// GET /__points: the data points written to METRICS, which locally keeps none.
import { WorkerEntrypoint } from "cloudflare:workers";
import Worker from "./built.mjs";

/** @import { Fault } from "./types.d.ts" */

/** A fault in force, with its own generator.
 *  @typedef {Fault & { random?: () => number }} Armed */

/** @type {Armed[]} */
let faults = [];
/** @type {Record<string, number>} */
const calls = {};
/** @type {unknown[]} */
const points = [];

/** Mulberry32: numbers from 0 to 1.
 *  @param {number} state */
function generator(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** @param {Armed} fault
 *  @param {string} name */
function befalls(fault, name) {
  if (fault.on !== name || fault.times === 0) return false;
  if (fault.chance !== undefined && (fault.random?.() ?? 0) >= fault.chance) return false;
  if (fault.times) fault.times--;
  return true;
}

/** Counts the call; the fault that befalls it, if one does.
 *  @param {string} name */
function next(name) {
  calls[name] = (calls[name] ?? 0) + 1;
  return faults.find((fault) => befalls(fault, name));
}

/** @param {Fault} fault */
const hang = ({ ms }) => ms && new Promise((resume) => setTimeout(resume, ms));

/** @template T
 *  @param {string} name
 *  @param {() => Promise<T>} make */
async function call(name, make) {
  const fault = next(name);
  if (!fault) return make();
  if (!fault.after) await hang(fault);
  if (fault.lose) return;
  if (!fault.after && !fault.fine) throw new Error(`injected: ${name} failed`);
  const result = await make();
  if (fault.fine) return result;
  await hang(fault);
  throw new Error(`injected: the reply of ${name} was lost`);
}

// The worker crate checks the names of the classes of its bindings.
class D1PreparedStatement {
  /** @param {globalThis.D1PreparedStatement} inner */
  constructor(inner) {
    this.inner = inner;
  }
  /** @param {unknown[]} values */
  bind(...values) {
    return new D1PreparedStatement(this.inner.bind(...values));
  }
  /** @param {[column: string]} a */
  first(...a) {
    return call("DB.first", () => this.inner.first(...a));
  }
  run() {
    return call("DB.run", () => this.inner.run());
  }
  all() {
    return call("DB.all", () => this.inner.all());
  }
  /** @param {[options?: { columnNames?: false }]} a */
  raw(...a) {
    return call("DB.raw", () => this.inner.raw(...a));
  }
}
class D1Database {
  /** @param {globalThis.D1Database} inner */
  constructor(inner) {
    this.inner = inner;
  }
  /** @param {string} sql */
  prepare(sql) {
    if (next("DB.prepare")) throw new Error("injected: DB.prepare failed");
    return new D1PreparedStatement(this.inner.prepare(sql));
  }
  /** @param {D1PreparedStatement[]} statements */
  batch(statements) {
    return call("DB.batch", () => this.inner.batch(statements.map((s) => s.inner)));
  }
}
class R2Bucket {
  /** @param {globalThis.R2Bucket} inner */
  constructor(inner) {
    this.inner = inner;
  }
  /** @param {Parameters<globalThis.R2Bucket["put"]>} a */
  put(...a) {
    return call("RAW.put", () => this.inner.put(...a));
  }
  /** @param {[key: string, options?: R2GetOptions]} a */
  get(...a) {
    return call("RAW.get", () => this.inner.get(...a));
  }
  /** @param {Parameters<globalThis.R2Bucket["list"]>} a */
  list(...a) {
    return call("RAW.list", () => this.inner.list(...a));
  }
}
class WorkerQueue {
  /** @param {Queue} inner
   *  @param {string} name */
  constructor(inner, name) {
    this.inner = inner;
    this.name = name;
  }
  /** @param {Parameters<Queue["send"]>} a */
  send(...a) {
    return call(`${this.name}.send`, () => this.inner.send(...a));
  }
  /** @param {Parameters<Queue["sendBatch"]>} a */
  sendBatch(...a) {
    return call(`${this.name}.sendBatch`, () => this.inner.sendBatch(...a));
  }
}
class QueueMessage {
  /** @param {Message} inner */
  constructor(inner) {
    this.inner = inner;
    this.body = inner.body;
    this.attempts = inner.attempts;
  }
  ack() {
    this.inner.ack();
  }
  /** @param {QueueRetryOptions} [options] */
  retry(options) {
    this.inner.retry(next("retry") ? undefined : options);
  }
}

/** @param {unknown} point */
function writeDataPoint(point) {
  if (next("METRICS.writeDataPoint")) throw new Error("injected: METRICS.writeDataPoint failed");
  points.push(point);
}

/** @typedef {{ DB: globalThis.D1Database, RAW: globalThis.R2Bucket, QUEUE: Queue, DEAD: Queue }} Env */

/** @extends {WorkerEntrypoint<Env>} */
export default class extends WorkerEntrypoint {
  #worker() {
    const { DB, RAW, QUEUE, DEAD, ...rest } = this.env;
    return new Worker(this.ctx, {
      ...rest,
      DB: new D1Database(DB),
      RAW: new R2Bucket(RAW),
      QUEUE: new WorkerQueue(QUEUE, "QUEUE"),
      DEAD: new WorkerQueue(DEAD, "DEAD"),
      METRICS: { writeDataPoint },
    });
  }

  /** @param {Request} request */
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/__points") return Response.json(points);
    if (pathname !== "/__faults") {
      next("requests");
      return this.#worker().fetch(request);
    }
    if (request.method === "POST") {
      faults = await request.json();
      for (const fault of faults) fault.random = generator(fault.seed ?? 1);
    }
    return Response.json(calls);
  }

  /** @param {MessageBatch} delivery */
  async queue({ queue, messages }) {
    const batch = { queue, messages: messages.map((message) => new QueueMessage(message)) };
    const consumers = next("queue") ? 2 : 1;
    await Promise.all(Array.from({ length: consumers }, () => this.#worker().queue(batch)));
  }

  /** @param {ScheduledController} event */
  scheduled(event) {
    return this.#worker().scheduled(event);
  }
}
