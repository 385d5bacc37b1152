// The fewest calls of bindings that a batch can do with, and nothing else: no
// key, no decoding, for each delivery one statement that does nothing. What the
// local platform takes by itself.

/** @typedef {{ key: string, at: number }} Pointer */
/** @typedef {{ DB: D1Database, RAW: R2Bucket, QUEUE: Queue<Pointer> }} Bindings */

export default {
  /** @param {Request} request
   *  @param {Bindings} env */
  async fetch(request, env) {
    const key = `raw/${crypto.randomUUID()}`;
    const at = Date.now();
    await env.RAW.put(key, await request.arrayBuffer());
    await env.QUEUE.send({ key, at });
    return Response.json({ accepted: 0 }, { status: 201 });
  },

  /** @param {MessageBatch<Pointer>} delivery
   *  @param {Bindings} env */
  async queue({ messages }, env) {
    await Promise.all(messages.map(async ({ body }) => (await env.RAW.get(body.key))?.arrayBuffer()));
    await env.DB.batch([env.DB.prepare("select 1")]);
    for (const message of messages) {
      message.ack();
      console.log(JSON.stringify({ event: "consumed", outcome: "ack", delayMs: Date.now() - message.body.at }));
    }
  },
};
