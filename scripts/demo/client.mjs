// Sends events as a well-behaved client does: in batches, a few at a time,
// again when it is told to come later. Leaves out: what is sent.

import { setTimeout as sleep } from "node:timers/promises";
import { Failed } from "../run.mjs";

/** @import { DemoEvent } from "../types.d.ts" */

const MOST_EVENTS = 500;
const MOST_BYTES = 1 << 20;
const AT_ONCE = 4;
/** How often a batch is sent before it is given up. */
const TRIES = 6;

export class Client {
  /** @type {Set<Promise<void>>} */
  #under_way = new Set();
  /** @type {string[]} */
  #batch = [];
  #bytes = 0;
  sent = 0;

  /** @param {string} url
   *  @param {string} key */
  constructor(url, key) {
    this.url = url;
    this.key = key;
  }

  /** Takes an event, and sends a batch when one is full.
   *  @param {DemoEvent} event */
  async add({ at, ...event }) {
    const text = JSON.stringify(event);
    this.#batch.push(text);
    this.#bytes += text.length;
    if (this.#batch.length >= MOST_EVENTS || this.#bytes >= MOST_BYTES) await this.flush();
  }

  /** Sends what is there; waits only while too much is under way. */
  async flush() {
    if (this.#batch.length === 0) return;
    const batch = this.#batch;
    [this.#batch, this.#bytes] = [[], 0];
    while (this.#under_way.size >= AT_ONCE) await Promise.race(this.#under_way);
    const sending = this.#send(`{"batch":[${batch.join(",")}]}`).then(() => {
      this.sent += batch.length;
      this.#under_way.delete(sending);
    });
    this.#under_way.add(sending);
    // Seen by whoever waits next; until then it is not unhandled.
    sending.catch(() => {});
  }

  /** Until all that was added has been accepted. */
  async done() {
    await this.flush();
    await Promise.all(this.#under_way);
  }

  /** @param {string} body */
  async #send(body) {
    for (let attempt = 1; ; attempt++) {
      let response;
      try {
        response = await fetch(`${this.url}/api/v1/traces`, {
          method: "POST",
          headers: { authorization: `Bearer ${this.key}`, "content-type": "application/json" },
          body,
        });
      } catch {
        if (attempt >= 2) throw new Failed(`${this.url} does not answer: is it running?`);
        await sleep(500);
        continue;
      }
      if (response.status === 201) return;
      const { error } = /** @type {{ error?: { message: string } }} */ (await response.json().catch(() => ({})));
      if (![429, 503].includes(response.status) || attempt >= TRIES) {
        throw new Failed(`${this.url} answered ${response.status}: ${error?.message ?? "that is no Edgespan"}`);
      }
      await sleep(1_000 * Math.min(Number(response.headers.get("retry-after")) || 2 ** attempt, 30));
    }
  }
}
