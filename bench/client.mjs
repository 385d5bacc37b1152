// The client that both Workers get: kept-alive connections on the loopback.

import http from "node:http";
import { PROJECT, keyOf } from "./workers.mjs";

/** @import { Live } from "./workers.mjs" */

/** `d1` is what D1 took of `ms`: NaN, unless a driven Worker answered.
 *  @typedef {{ status: number, bytes: number, text: Buffer, ms: number, d1: number }} Answer */

const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

/** One request, the body read to its end.
 *  @param {URL} url
 *  @param {{ method?: string, body?: Uint8Array, project?: string }} [options]
 *  @returns {Promise<Answer>} */
export function request(url, { method = "GET", body, project = PROJECT } = {}) {
  return new Promise((done, fail) => {
    const started = performance.now();
    /** @type {http.OutgoingHttpHeaders} */
    const headers = { authorization: `Bearer ${keyOf(project)}` };
    if (body) Object.assign(headers, { "content-type": "application/json", "content-length": body.length });
    const sent = http.request(url, { method, headers, agent }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", fail);
      answer.on("end", () => {
        const text = Buffer.concat(parts);
        const d1 = Number(answer.headers["x-bench-d1-ms"]);
        done({ status: answer.statusCode ?? 0, bytes: text.length, text, ms: performance.now() - started, d1 });
      });
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** @param {number} status
 *  @param {Promise<Answer>} made */
export async function expectStatus(status, made) {
  const answer = await made;
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.text.subarray(0, 500)}`);
  return answer;
}

/** Sends one batch; the answer's milliseconds.
 *  @param {Live} live
 *  @param {Uint8Array} body */
export const send = async (live, body) =>
  (await expectStatus(201, request(new URL("/api/v1/traces", live.url), { method: "POST", body }))).ms;

/** Counts the batches that the consumer says it is through with. */
export class Consumed {
  batches = 0;
  /** @type {number[]} */
  delays = [];
  /** @type {{ batches: number, done: () => void } | undefined} */
  #waiting;

  /** @param {Record<string, any>} line */
  hear = (line) => {
    if (line.event !== "consumed") return;
    if (line.outcome !== "ack") throw new Error(`a message failed: ${JSON.stringify(line)}`);
    this.batches += 1;
    this.delays.push(line.delayMs);
    if (this.#waiting && this.batches >= this.#waiting.batches) this.#waiting.done();
  };

  /** Waits until that many batches are in D1, all told.
   *  @param {number} batches */
  async until(batches, seconds = 120) {
    if (this.batches >= batches) return;
    await new Promise((/** @type {(value?: undefined) => void} */ done, fail) => {
      const late = () => fail(new Error(`after ${seconds} s ${this.batches} of ${batches} batches are in D1`));
      const timer = setTimeout(late, seconds * 1000);
      const through = () => {
        clearTimeout(timer);
        done();
      };
      this.#waiting = { batches, done: through };
    });
    this.#waiting = undefined;
  }
}
