// Traffic as SDKs send it: processes that run several agents at once, whose spans
// become events when they end (in pairs: also when they start), and are sent when
// so many events have come together. So a trace is spread over some batches, and a
// batch has some of many traces: what batches.mjs, whose batches know nothing of
// each other, cannot show. The same in every run. Leaves out: what is sent again,
// and bad batches.

import { createHash } from "node:crypto";
import { TYPES, prose, random } from "./batches.mjs";

/** What traffic is like: all of it, in spans; the events that a batch has; and
 *  whether a span is sent twice, at its start and at its end.
 *  @typedef {{ spans?: number, flush: number, pair?: boolean, seed?: number }} Options */

/** A batch: when it is sent, and how many spans it is the first to speak of.
 *  @typedef {{ at: number, id: string, bytes: Uint8Array<ArrayBuffer>, events: number, spans: number }} Batch */

/** A trace that runs: the spans that are still to start, and those that have.
 *  @typedef {{ id: string, agent: string, left: number, spans: string[] }} Trace */

/** A span that runs: what is sent of it at its end, in microseconds.
 *  @typedef {{ at: number, event: object }} Ending */

/** One that sends: what runs in it, and what waits to be sent.
 *  @typedef {{ traces: Trace[], endings: Ending[], events: object[], spans: number }} Process */

const PROCESSES = 8;
/** Traces that run at once in a process. */
const LIVE = 4;
/** Spans of a trace are lognormal: half have at most 9, one in twenty more than 32, on average 12. */
const [MEDIAN, SIGMA] = [9.4, 0.75];
/** Every so many microseconds a span starts in each process. */
const PACE_US = 150_000;
/** A span's parent is one of so many before it. */
const NEAR = 200;
const START_US = 1_795_000_000_000_000;
const AGENTS = ["support-agent", "research-agent", "code-review", "triage", "planner", "summarizer"];
const MODELS = ["gpt-4o-2024-08-06", "claude-sonnet-4-5", "gpt-4o-mini"];

/** The batches of such traffic, in the order in which they are sent; without end,
 *  unless `spans` says how many there are.
 *  @param {Options} options
 *  @returns {Generator<Batch>} */
export function* traffic({ spans = Infinity, flush, pair = false, seed = 1 }) {
  const make = maker(random(seed * 7919 + flush));
  /** @type {Process[]} */
  const processes = Array.from({ length: PROCESSES }, () => ({ traces: [], endings: [], events: [], spans: 0 }));
  let now = START_US;
  for (let started = 0; started < spans; now += PACE_US) {
    for (const process of processes) {
      while (process.traces.length < LIVE) {
        const trace = make.trace();
        process.traces.push(trace);
        process.events.push(make.traceEvent(trace, now));
      }
      const trace = make.pick(process.traces);
      const { start, end } = make.span(trace, now, pair);
      started += 1;
      trace.left -= 1;
      if (trace.left === 0) process.traces.splice(process.traces.indexOf(trace), 1);
      process.endings.push(end);
      if (pair) process.spans += 1;
      if (pair) process.events.push(start);
      endSpans(process, now, pair);
      yield* sent(process, now, flush);
    }
  }
  for (const process of processes) {
    endSpans(process, Infinity, pair);
    yield* sent(process, now, flush);
    if (process.events.length > 0) yield* sent(process, now, process.events.length);
  }
}

/** So many of its batches.
 *  @param {Generator<Batch>} batches
 *  @param {number} count */
export const take = (batches, count) => Array.from({ length: count }, () => /** @type {Batch} */ (batches.next().value));

/** Those that have ended by now are events.
 *  @param {Process} process
 *  @param {number} now
 *  @param {boolean} pair */
function endSpans(process, now, pair) {
  const ended = process.endings.filter(({ at }) => at <= now);
  process.endings = process.endings.filter(({ at }) => at > now);
  process.events.push(...ended.map(({ event }) => event));
  if (!pair) process.spans += ended.length;
}

/** What waits, as batches, where it is enough for one. A span's first event is
 *  counted for the batch after it was made: it adds up, and nobody asks a batch.
 *  @param {Process} process
 *  @param {number} now
 *  @param {number} flush
 *  @returns {Generator<Batch>} */
function* sent(process, now, flush) {
  while (process.events.length >= flush) {
    const events = process.events.splice(0, flush);
    const bytes = new TextEncoder().encode(JSON.stringify({ batch: events }));
    const id = createHash("md5").update(bytes).digest("hex");
    yield { at: Math.floor(now / 1000), id, bytes, events: events.length, spans: process.spans };
    process.spans = 0;
  }
}

/** What makes traces and spans of these numbers.
 *  @param {() => number} next */
function maker(next) {
  /** @param {number} digits */
  const hex = (digits) => Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join("");
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  /** @template T
   *  @param {readonly T[]} things */
  const pick = (things) => /** @type {T} */ (things[Math.floor(next() * things.length)]);
  /** @param {number} us */
  const time = (us) => new Date(Math.floor(us / 1000)).toISOString().replace("Z", `${String(us % 1000).padStart(3, "0")}+00:00`);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

  /** @returns {Trace} */
  const trace = () => ({ id: uuid(), agent: pick(AGENTS), left: Math.max(1, Math.round(MEDIAN * Math.exp(SIGMA * normal()))), spans: [] });

  /** @param {Trace} trace
   *  @param {number} now */
  const traceEvent = ({ id, agent }, now) => ({
    id: uuid(),
    type: "trace-create",
    timestamp: time(now),
    body: {
      id,
      name: agent,
      startTime: time(now),
      sessionId: uuid(),
      tags: ["production", "v2.1"],
      metadata: { user: `u-${Math.floor(next() * 5000)}`, region: "eu", plan: "pro" },
    },
  });

  /** A span's two events. Where only the second is sent, it is the same.
   *  @param {Trace} trace
   *  @param {number} now
   *  @param {boolean} pair */
  const span = (trace, now, pair) => {
    const type = pick(TYPES);
    const at = now + Math.floor(next() * 1000);
    const end = at + 20_000 + Math.floor(next() * 2_000_000);
    const first = trace.spans.length === 0;
    const head = {
      id: uuid(),
      traceId: trace.id,
      name: first ? trace.agent : `${type.toLowerCase()}-step-${trace.spans.length % 7}`,
      type,
      startTime: time(at),
      ...(!first && { parentSpanId: pick(trace.spans.slice(-NEAR)) }),
    };
    trace.spans.push(head.id);
    const question = { query: prose(next, 280), filters: { limit: 10, since: null, tags: ["a", "b"] } };
    const start = { id: uuid(), type: "span-create", timestamp: time(at), body: { ...head, ...(pair && { input: question }) } };
    const body = {
      ...head,
      endTime: time(end),
      status: next() < 0.025 ? "ERROR" : "OK",
      metadata: { attempt: 1, cache: false },
      ...(type === "LLM" ? call() : { input: question }),
      output: { content: prose(next, 300), scores: [0.91, 0.88, 0.42], finish_reason: "stop" },
    };
    return { start, end: { at: end, event: { id: uuid(), type: "span-create", timestamp: time(end + 1000), body } } };
  };

  /** What only the call of a model has. */
  const call = () => {
    const [promptTokens, completionTokens] = [800 + Math.floor(next() * 3000), 50 + Math.floor(next() * 600)];
    return {
      model: pick(MODELS),
      modelParameters: { temperature: 0.2, max_tokens: 1024 },
      usage: { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens },
      cost: (promptTokens * 2.5 + completionTokens * 10) / 1e6,
      input: {
        messages: [
          { role: "system", content: prose(next, 150) },
          { role: "user", content: prose(next, 150) },
        ],
      },
    };
  };
  return { pick, trace, traceEvent, span };
}
