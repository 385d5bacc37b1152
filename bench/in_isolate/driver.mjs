// Drives a Worker from inside its own isolate: many requests or messages in a
// loop, so that no network and no other process is in what is measured. Time
// is taken from outside, around `POST /run`. With `what: "nothing"` the loop
// does all but call the Worker: that much is subtracted. Other requests are the
// Worker's, with its real bindings: its answer says what D1 took of it.

import { WorkerEntrypoint } from "cloudflare:workers";
import { memories } from "./probe.js";
import Worker from "./worker.js";
import { number, stamped } from "../batches.mjs";
import { bindings, recorder, untold } from "./bindings.mjs";

/** @import { Run, Stamped, Subject } from "../types.d.ts" */
/** @import { Env } from "./bindings.mjs" */
/** @import { Delivery } from "./worker.js" */

/** @typedef {Run & Subject} Options */

// What the Workers log is the platform's to write; making the line is theirs.
const log = console.log;
console.log = () => {};

/** The header that says how many milliseconds of an answer were D1's. */
const D1_MS = "x-bench-d1-ms";

/** @type {Stamped} */
let batch;
/** What the batch is sent as, and what its raw object's key ends in. */
let wire = "";
/** Raw batches as they are, by their keys.
 *  @type {Map<string, Uint8Array<ArrayBuffer>>} */
let raws = new Map();

/** A Worker is a class (ours) or an object with handlers (the peer).
 *  @param {Record<string, unknown>} env
 *  @param {ExecutionContext} ctx */
const open = (env, ctx) => {
  const Tested = Worker;
  return typeof Tested === "function"
    ? {
        fetch: (/** @type {Request} */ request) => new Tested(ctx, env).fetch(request),
        queue: (/** @type {Delivery} */ batch) => new Tested(ctx, env).queue(batch),
      }
    : {
        fetch: (/** @type {Request} */ request) => Tested.fetch(request, env, ctx),
        queue: (/** @type {Delivery} */ batch) => Tested.queue(batch, env, ctx),
      };
};

/** Where the batches of each format are posted to, by what their raw objects' keys end in.
 *  @type {Record<string, string>} */
const PATHS = {
  "": "/api/v1/traces",
  "otlp.pb": "/v1/traces",
  "otlp.json": "/v1/traces",
  "agents.json": "/v1/traces/ingest",
  "langfuse.json": "/api/public/ingestion",
  "langsmith.json": "/runs/batch",
};

/** @param {string} key */
function request(key) {
  return new Request(`http://worker${PATHS[wire]}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${key}`,
      "content-type": wire === "otlp.pb" ? "application/x-protobuf" : "application/json",
      "content-length": String(batch.bytes.length),
    },
    body: batch.bytes,
  });
}

/** What is judged: 2 KB of text. */
const JUDGED = JSON.stringify({
  output: "The refund was sent today and takes five days. ".repeat(43),
  evaluators: [{ type: "CONTAINS", config: { value: "apology" } }],
});

/** @param {string} key */
function judgement(key) {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", "content-length": String(JUDGED.length) };
  return new Request("http://worker/api/v1/validate", { method: "POST", headers, body: JUDGED });
}

/** @param {Response} answer */
async function asked(answer) {
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

/** The messages of these raw batches, numbers or keys, as the queue delivers them.
 *  @param {Options} options
 *  @param {(number | string)[]} ids */
function delivery(options, ids) {
  const settled = { acked: 0, retried: 0 };
  const messages = ids.map((id) => {
    const numbered = () => options.rawKey.replace("BATCH", String(id).padStart(32, "0")).replace(/json$/, wire || "json");
    const pointer = { ...options.message, key: typeof id === "string" ? id : numbered() };
    const body = /** @type {typeof pointer} */ (options.judged ?? pointer);
    return { id: "m", timestamp: new Date(), attempts: 1, body, ack: () => settled.acked++, retry: () => settled.retried++ };
  });
  return { settled, batch: { queue: options.judged ? "evaluations" : "q", messages, ackAll() {}, retryAll() {} } };
}

/** A raw batch: as it was given, or one of its own, which its key's digits tell.
 *  @param {string} key */
const raw = (key) => raws.get(key) ?? number(batch, Number(key.match(/(\d+)\.[a-z.]+$/)?.[1])).slice();

/** What is given as a line of JSON, `[[key, length], …]`, and the bytes after it.
 *  @param {Uint8Array<ArrayBuffer>} bytes */
function unpacked(bytes) {
  let at = bytes.indexOf(10) + 1;
  /** @type {[key: string, length: number][]} */
  const heads = JSON.parse(new TextDecoder().decode(bytes.subarray(0, at)));
  return new Map(
    heads.map(([key, length]) => {
      at += length;
      return [key, bytes.subarray(at - length, at)];
    }),
  );
}

/** @param {Options} options
 *  @param {Env} outer
 *  @param {ExecutionContext} ctx */
async function run(options, outer, ctx) {
  const { told, env } = bindings(outer, options, raw);
  const { fetch, queue } = open(env, ctx);
  /** @type {Record<Run["what"], (ids: (number | string)[]) => Promise<void>>} */
  const turns = {
    async nothing([id]) {
      number(batch, Number(id));
      request(options.key);
    },
    async handler([id]) {
      number(batch, Number(id));
      const answer = await fetch(request(options.key));
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    },
    async health() {
      await asked(await fetch(new Request("http://worker/api/v1/health")));
    },
    async validate() {
      await asked(await fetch(judgement(options.key)));
    },
    async "no message"(ids) {
      for (const { body } of delivery(options, ids).batch.messages) await env.RAW.get(body.key);
    },
    async consumer(ids) {
      const { settled, batch } = delivery(options, ids);
      await queue(batch);
      if (settled.acked !== ids.length) throw new Error("not all messages were acknowledged");
    },
  };
  const once = turns[options.what];
  // Requests at once (`hold`), or messages in one delivery (`together`).
  const { times, from, hold = 1, together = 1, deliveries } = options;
  const started = performance.now();
  for (const keys of deliveries ?? []) await once(keys);
  for (let done = deliveries ? times : 0; done < times; done += Math.max(hold, together)) {
    const ids = (/** @type {number} */ n, /** @type {number} */ count) => Array.from({ length: count }, (_, at) => from + done + n + at);
    await Promise.all(Array.from({ length: hold }, (_, n) => once(ids(n, together))));
  }
  const ms = performance.now() - started;
  return { ...told, ms, memory: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

/** @extends {WorkerEntrypoint<Env>} */
export default class extends WorkerEntrypoint {
  /** @param {Request} outer */
  async fetch(outer) {
    const { pathname, searchParams } = new URL(outer.url);
    if (pathname === "/load") {
      wire = searchParams.get("wire") ?? "";
      batch = stamped(new Uint8Array(await outer.arrayBuffer()));
      return Response.json({ bytes: batch.bytes.length });
    }
    if (pathname === "/raw") {
      raws = unpacked(new Uint8Array(await outer.arrayBuffer()));
      return Response.json({ objects: raws.size });
    }
    if (pathname !== "/run") {
      const told = untold();
      const answer = await open({ ...this.env, DB: recorder(this.env.DB, told) }, this.ctx).fetch(outer);
      const whole = new Response(answer.body, answer);
      whole.headers.set(D1_MS, String(told.wallMs));
      return whole;
    }
    try {
      return Response.json(await run(await outer.json(), this.env, this.ctx));
    } catch (error) {
      const { stack } = /** @type {Error} */ (error);
      log(stack);
      return new Response(stack, { status: 500 });
    }
  }

  /** Nothing is sent to the real queue. */
  async queue() {}
}
