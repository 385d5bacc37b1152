// The client's side of a soak: sending, and reading everything back. It does
// not try again; whoever uses it decides that.
import http from "node:http";

/** @import { Trace } from "./types.d.ts" */

export class Client {
  /** @param {string | URL} url
   *  @param {string} key
   *  @param {number} [connections] */
  constructor(url, key, connections = 8) {
    this.url = url;
    this.headers = { authorization: `Bearer ${key}` };
    this.agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Posts a batch; its status, or 0 when no answer came. With `pause` half of
   *  the body goes out first, and the rest when `pause` says.
   *  @param {string} text
   *  @param {() => Promise<unknown>} [pause]
   *  @returns {Promise<number>} */
  send(text, pause) {
    const headers = { ...this.headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
    return new Promise((done) => {
      const options = { method: "POST", headers, agent: this.agent };
      const request = http.request(new URL("/api/v1/traces", this.url), options, (response) => {
        response
          .on("error", () => done(0))
          .on("end", () => done(response.statusCode ?? 0))
          .resume();
      });
      request.on("error", () => done(0));
      if (!pause) return request.end(text);
      const half = Math.floor(text.length / 2);
      request.write(text.slice(0, half));
      pause().then(() => request.end(text.slice(half)));
    });
  }

  /** GET: the answer's `data`; null for 404.
   *  @param {string} path
   *  @returns {Promise<any>} */
  async get(path) {
    const response = await fetch(new URL(path, this.url), { headers: this.headers });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    const { data } = /** @type {{ data: unknown }} */ (await response.json());
    return data;
  }

  /** @param {string} id
   *  @returns {Promise<Trace | null>} */
  trace(id) {
    return this.get(`/api/v1/traces/${id}`);
  }

  /** The ids of all traces. */
  async list() {
    /** @type {string[]} */
    const ids = [];
    for (let cursor = ""; ; ) {
      /** @type {{ traces: { id: string }[], nextCursor: string | null }} */
      const page = await this.get(`/api/v1/traces?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      ids.push(...page.traces.map((trace) => trace.id));
      if (!page.nextCursor) return ids;
      cursor = page.nextCursor;
    }
  }

  close() {
    this.agent.destroy();
  }
}

/** Tries until it gives something true; gives up, in the words of `what`, after a while.
 *  @template T
 *  @param {string} what
 *  @param {() => T | Promise<T>} check
 *  @param {number} [seconds]
 *  @returns {Promise<NonNullable<T>>} */
export async function until(what, check, seconds = 60) {
  const end = Date.now() + seconds * 1_000;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await new Promise((resume) => setTimeout(resume, 25));
  }
}
