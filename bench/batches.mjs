// The batches that both Workers are given: a template for each shape, and new
// ids put into it, in place, for each batch. The same code runs in Node and
// inside the isolate. Leaves out: bad batches, and clients' odder habits.
//
// An id in a template is a UUID whose first eight characters are a mark: `~`
// and the number of the thing that it names. Putting ids in replaces the mark
// by a hash of that number and the batch's, so ids are spread like random ones.

/** @import { Made, Stamped, Template } from "./types.d.ts" */

export const TYPES = ["LLM", "TOOL", "LLM", "RETRIEVAL", "CHAIN", "AGENT"];
const WORDS = `the refund policy says that orders placed within thirty days may be returned at no cost when
  unopened please look up customer account and summarize what they asked for then answer yes or no with a reason
  in JSON use tools search results total amount shipping delayed`.split(/\s+/);
const RARE = ["don’t ", "naïve ", "検索 ", "“yes” ", ".\n", ".\n", '"quoted" ', '"quoted" '];

/** Text of so many characters, some of it beyond ASCII.
 *  @param {() => number} next
 *  @param {number} length */
export function prose(next, length) {
  /** @param {readonly string[]} words */
  const pick = (words) => words[Math.floor(next() * words.length)];
  let text = "";
  while (text.length < length) {
    text += `${pick(WORDS)} `;
    if (next() < 0.06) text += pick(RARE);
  }
  return text.slice(0, length);
}

/** Numbers that look random and are the same in every run.
 *  @param {number} seed */
export function random(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A template: `{ text, events, spans, traces }`. `trace` puts all spans into
 * the trace with this id, and leaves out the trace's own event.
 * @param {Template} options
 * @returns {Made}
 */
export function template({ spans, traces, bytes = 1_160, seed = 1, trace }) {
  const next = random(seed * 7919 + spans * 31 + traces);
  /** @param {number} digits */
  const hex = (digits) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  let things = 0;
  const newId = () => `~${String(things++).padStart(7, "0")}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  /** @template T
   *  @param {readonly T[]} things */
  const pick = (things) => /** @type {T} */ (things[Math.floor(next() * things.length)]);
  /** @param {number} ms */
  const time = (ms, us = 0) => new Date(1_795_000_000_000 + ms).toISOString().replace("Z", `${String(us).padStart(3, "0")}+00:00`);

  const events = [];
  const traceIds = trace ? [trace] : Array.from({ length: Math.max(traces, 1) }, newId);
  for (const [at, id] of (traces > 0 && !trace ? traceIds : []).entries()) {
    const body = {
      id,
      name: "support-agent",
      startTime: time(at * 10),
      sessionId: newId(),
      tags: ["production", "v2.1"],
      metadata: { user: "u-1842", region: "eu", plan: "pro" },
    };
    events.push({ id: newId(), type: "trace-create", timestamp: time(at * 10), body });
  }
  /** @type {string[]} */
  let parents = [];
  let under = "";
  for (let n = 0; n < spans; n++) {
    const type = /** @type {string} */ (TYPES[n % TYPES.length]);
    const traceId = /** @type {string} */ (traceIds[Math.floor((n * traceIds.length) / spans)]);
    if (traceId !== under) parents = [];
    under = traceId;
    /** @type {Record<string, unknown> & { id: string }} */
    const body = {
      id: newId(),
      traceId,
      name: `${type.toLowerCase()}-step-${n % 7}`,
      type,
      startTime: time(n * 13, Math.floor(next() * 1000)),
      endTime: time(n * 13 + 250, Math.floor(next() * 1000)),
      status: n % 40 === 39 ? "ERROR" : "OK",
      metadata: { attempt: 1, cache: false },
    };
    if (parents.length > 0) body.parentSpanId = pick(parents);
    if (n % 40 === 39) body.errorMessage = "the tool answered 503";
    const [system, user] = [
      { role: "system", content: "" },
      { role: "user", content: "" },
    ];
    const question = { query: "", filters: { limit: 10, since: null, tags: ["a", "b"] } };
    const output = { content: "", scores: [0.91, 0.88, 0.42], finish_reason: "stop" };
    if (type === "LLM") {
      const [promptTokens, completionTokens] = [800 + (n % 300), 120 + (n % 90)];
      Object.assign(body, { model: "gpt-4o-2024-08-06", modelParameters: { temperature: 0.2, max_tokens: 1024 } });
      Object.assign(body, {
        usage: { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens },
        cost: (promptTokens * 2.5 + completionTokens * 10) / 1e6,
      });
      body.input = { messages: [system, user] };
    } else {
      body.input = question;
    }
    body.output = output;
    const event = { id: newId(), type: "span-create", timestamp: time(n * 13 + 251), body };
    const missing = bytes - JSON.stringify(event).length;
    const text = prose(next, Math.max(missing - 30, 0));
    const half = text.length >> 1;
    [system.content, user.content] = [text.slice(0, half >> 1), text.slice(half >> 1, half)];
    question.query = text.slice(0, half);
    output.content = text.slice(half);
    parents.push(body.id);
    events.push(event);
  }
  return { text: JSON.stringify({ batch: events }), events: events.length, spans, traces };
}

/** Batches by their number of events: an event in 12 is a trace's own.
 *  @param {number} events
 *  @param {Partial<Template>} [options] */
export function shape(events, options = {}) {
  const traces = events < 10 ? 0 : Math.max(1, Math.round(events / 12.5));
  return template({ spans: events - traces, traces, ...options });
}

/** The largest batch that is accepted: 5 MB in 1,000 events. */
export function largest() {
  const most = 5 * 1024 * 1024;
  let size = 5_240;
  for (;;) {
    const made = shape(1_000, { bytes: size });
    const over = new TextEncoder().encode(String(made.text)).length - most;
    if (over <= 0) return made;
    size -= Math.ceil(over / 900) + 1;
  }
}

/** A template as bytes, into which ids can be put: see `number`.
 *  @param {string | Uint8Array<ArrayBuffer>} text
 *  @returns {Stamped} */
export function stamped(text) {
  const bytes = typeof text === "string" ? /** @type {Uint8Array<ArrayBuffer>} */ (new TextEncoder().encode(text)) : text;
  /** @type {number[]} */
  const places = [];
  for (let at = bytes.indexOf(0x7e); at >= 0; at = bytes.indexOf(0x7e, at + 1)) {
    // In protobuf it may be anything else.
    const digits = new TextDecoder().decode(bytes.subarray(at + 1, at + 8));
    if (/^\d{7}$/.test(digits)) places.push(at, Number(digits));
  }
  return { bytes, places };
}

const DIGITS = new TextEncoder().encode("0123456789abcdef");

/** Puts the ids of the batch with this number into the bytes.
 *  @param {Stamped} stamped
 *  @param {number} batch */
export function number({ bytes, places }, batch) {
  for (let place = 0; place < places.length; place += 2) {
    let at = /** @type {number} */ (places[place]);
    let hash = (Math.imul(batch, 0x9e3779b1) + Math.imul(/** @type {number} */ (places[place + 1]), 0x85ebca6b)) | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
    hash ^= hash >>> 16;
    for (let shift = 28; shift >= 0; shift -= 4) bytes[at++] = /** @type {number} */ (DIGITS[(hash >>> shift) & 15]);
  }
  return bytes;
}
