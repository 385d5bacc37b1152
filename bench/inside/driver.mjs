// Drives a Worker from inside its own isolate: many requests or messages in a
// loop, so that no network and no other process is in what is measured. Time
// is taken from outside, around `POST /run`. With `what: "nothing"` the loop
// does all but call the Worker: that much is subtracted.

import { WorkerEntrypoint } from "cloudflare:workers";
import { memories } from "./probe.js";
import Worker from "./worker.js";
import { number, stamped } from "../batches.mjs";
import { bindings } from "./bindings.mjs";

// What the Workers log is the platform's to write; making the line is theirs.
const log = console.log;
console.log = () => {};

let batch;

/** A Worker is a class (ours) or an object with handlers (the peer). */
const open = (env, ctx) =>
  typeof Worker === "function"
    ? { fetch: (request) => new Worker(ctx, env).fetch(request), queue: (batch) => new Worker(ctx, env).queue(batch) }
    : { fetch: (request) => Worker.fetch(request, env, ctx), queue: (batch) => Worker.queue(batch, env, ctx) };

function request(key) {
  return new Request("http://worker/api/v1/traces", {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "content-length": String(batch.bytes.length) },
    body: batch.bytes,
  });
}

/** The messages of these raw batches, as the queue delivers them. */
function delivery(options, ids) {
  const settled = { acked: 0, retried: 0 };
  const messages = ids.map((id) => {
    const body = { ...options.message, key: options.rawKey.replace("BATCH", String(id).padStart(32, "0")) };
    return { id: "m", timestamp: new Date(), attempts: 1, body, ack: () => settled.acked++, retry: () => settled.retried++ };
  });
  return { settled, batch: { queue: "q", messages, ackAll() {}, retryAll() {} } };
}

/** A raw batch of its own, which its key's digits tell. */
const raw = (key) => number(batch, Number(key.match(/(\d+)\.json$/)[1])).slice();

async function run(options, outer, ctx) {
  const { told, env } = bindings(outer, options, raw);
  const { fetch, queue } = open(env, ctx);
  const once = {
    nothing: async ([id]) => void (number(batch, id), request(options.key)),
    async handler([id]) {
      number(batch, id);
      const answer = await fetch(request(options.key));
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    },
    async "no message"(ids) {
      for (const { body } of delivery(options, ids).batch.messages) await env.RAW.get(body.key);
    },
    async consumer(ids) {
      const { settled, batch } = delivery(options, ids);
      await queue(batch);
      if (settled.acked !== ids.length) throw new Error("not all messages were acknowledged");
    },
  }[options.what];
  // Requests at once (`hold`), or messages in one delivery (`together`).
  const { times, from, hold = 1, together = 1 } = options;
  for (let done = 0; done < times; done += Math.max(hold, together)) {
    const ids = (n, count) => Array.from({ length: count }, (_, at) => from + done + n + at);
    await Promise.all(Array.from({ length: hold }, (_, n) => once(ids(n, together))));
  }
  return { ...told, memory: memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0) };
}

export default class extends WorkerEntrypoint {
  async fetch(outer) {
    if (new URL(outer.url).pathname === "/load") {
      batch = stamped(new Uint8Array(await outer.arrayBuffer()));
      return Response.json({ bytes: batch.bytes.length });
    }
    try {
      return Response.json(await run(await outer.json(), this.env, this.ctx));
    } catch (error) {
      log(error.stack);
      return new Response(error.stack, { status: 500 });
    }
  }

  /** Nothing is sent to the real queue. */
  async queue() {}
}
