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

function message(options, id) {
  const body = { ...options.message, key: options.rawKey.replace("BATCH", String(id).padStart(32, "0")) };
  const settled = { acked: 0, retried: 0 };
  const messages = [{ id: "m", timestamp: new Date(), attempts: 1, body, ack: () => settled.acked++, retry: () => settled.retried++ }];
  return { settled, batch: { queue: "q", messages, ackAll() {}, retryAll() {} } };
}

async function run(options, outer, ctx) {
  const { told, env } = bindings(outer, options, () => batch.bytes);
  const { fetch, queue } = open(env, ctx);
  const once = {
    nothing: async () => void request(options.key),
    async handler() {
      const answer = await fetch(request(options.key));
      if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    },
    "no message": async (id) => void (message(options, id), await env.RAW.get()),
    async consumer(id) {
      const { settled, batch } = message(options, id);
      await queue(batch);
      if (settled.acked !== 1) throw new Error("the message was not acknowledged");
    },
  }[options.what];
  for (let done = 0; done < options.times; ) {
    const together = [];
    for (let n = 0; n < (options.hold || 1); n++, done++) {
      number(batch, options.from + done);
      together.push(once(options.from + done));
    }
    await Promise.all(together);
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
