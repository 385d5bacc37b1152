// What the ten jobs are done on: a week of a shop's agents, and among any number of their traces
// those that the jobs are about. All of it is a function of the time at which the week ends.

import { Chance } from "../../scripts/demo/chance.mjs";
import { DOCS, SUPPORT } from "../../scripts/demo/texts.mjs";

/** @typedef {{ id: string, type: "trace-create" | "span-create", timestamp: string, body: Record<string, unknown> }} JobEvent */
/** @typedef {{ path: string, events: JobEvent[] }} JobBatch */
/** @typedef {{ at: number, name: string, input: unknown, output?: unknown, error?: string, model: string, cost: number, ms?: number, tags?: string[], session?: string, tool?: boolean, open?: boolean, id?: string }} Run */

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
const WEEK = 7 * 24 * HOUR;
/** Events of a batch, at most: those of a trace stay together. */
const IN_BATCH = 950;
const NATIVE = "/api/v1/traces";

/** What the jobs look for. */
export const SOUGHT = {
  wrong: { words: "sixty months", answer: "The HP-700 comes with a warranty of sixty months from delivery." },
  costly: "claude-opus-4-1",
  risen: { message: "upstream timeout: shelf service # did not answer", tag: "v2.5", before: "v2.4" },
  user: "u-4733",
  session: "chat-of-u-4733",
  turns: [
    ["Hello, my name is Ada and I have lost my receipt.", "No problem, Ada. Which order is it about?"],
    ["It is order G-70911.", "I found G-70911: one turntable, delivered in May."],
    ["Can you send the receipt again?", "It is on its way to the address that we have of you."],
    ["Could you make it out to my company?", "Yes. What is the company's name?"],
    ["Lovelace Engines Ltd", "Done: the receipt for Lovelace Engines Ltd is in your inbox."],
  ],
  mentioned: { words: "goodwill voucher", outputs: 7 },
  stuck: { agent: "payout-agent", step: "bank.transfer" },
};

/** What all that there is is sent in: the ordinary traces, oldest first, then what is sought.
 *  Those that are light have a single span.
 *  @param {{ traces: number, now: number, seed?: number, light?: boolean }} options
 *  @returns {Generator<JobBatch>} */
export function* batches({ traces, now, seed = 7, light = false }) {
  const chance = new Chance(seed);
  /** @type {JobEvent[]} */
  let events = [];
  for (const run of runs(chance, traces, now)) {
    const more = light ? lightEventsOf(chance, run) : eventsOf(chance, run);
    if (events.length + more.length > IN_BATCH) {
      yield { path: NATIVE, events };
      events = [];
    }
    events.push(...more);
  }
  yield { path: NATIVE, events };
  yield { path: "/api/public/ingestion", events: conversation(chance, now) };
}

/** The turns of a user's session. 2Signal's API knows of no users: Langfuse's does.
 *  @param {Chance} chance
 *  @param {number} now
 *  @returns {JobEvent[]} */
function conversation(chance, now) {
  return SOUGHT.turns.flatMap(([input, output], n) => {
    const traceId = chance.uuid();
    const time = (/** @type {number} */ ms) => new Date(now - 26 * HOUR + n * 40 * SECOND + ms).toISOString();
    const own = { id: traceId, name: "support-agent", timestamp: time(0), userId: SOUGHT.user, sessionId: SOUGHT.session };
    const span = { id: chance.uuid(), traceId, name: "support-agent", startTime: time(0), endTime: time(900), input, output };
    return [
      { id: chance.uuid(), type: "trace-create", timestamp: time(0), body: own },
      { id: chance.uuid(), type: "span-create", timestamp: time(900), body: span },
    ];
  });
}

/** How many traces there are in all.
 *  @param {number} ordinary */
export const total = (ordinary) => ordinary + planted(0).length + SOUGHT.turns.length;

/** @param {Chance} chance
 *  @param {number} count
 *  @param {number} now */
function* runs(chance, count, now) {
  const from = now - WEEK;
  for (let n = 0; n < count; n++) yield ordinary(chance, from + (n / count) * (WEEK - 3 * MINUTE));
  yield* planted(now);
}

/** @param {Chance} chance
 *  @param {number} at
 *  @returns {Run} */
function ordinary(chance, at) {
  const [model, cost] = chance.weighed(
    /** @type {[number, [string, number]][]} */ ([
      [70, ["gpt-4.1-mini", 0.0006]],
      [26, ["claude-haiku-4-5", 0.002]],
      [4, [SOUGHT.costly, 0.09]],
    ]),
  );
  const common = { at, model, cost: cost * (0.5 + chance.next()), tags: ["production", "v2.4"] };
  if (chance.is(0.6)) {
    const { turns, order } = chance.pick(SUPPORT);
    const [question = "", answer = ""] = chance.pick(turns);
    return {
      ...common,
      name: "support-agent",
      input: { message: question, order },
      output: answer,
      session: `chat-${chance.hex(10)}`,
      tool: true,
    };
  }
  if (chance.is(0.5)) {
    const [question, passage] = chance.pick(DOCS);
    return { ...common, name: "answer-from-docs", input: question, output: passage };
  }
  const number = `INV-${chance.number(10_000, 99_999)}`;
  const failed = chance.is(0.02)
    ? { error: `schema: /total of ${number} must be a number` }
    : { output: { number, total: chance.number(1_000, 90_000) / 100 } };
  return { ...common, name: "extract-invoice", input: { file: `${number}.pdf` }, ...failed };
}

/** What is sought. As many at whatever time.
 *  @param {number} now
 *  @returns {Run[]} */
function planted(now) {
  const { wrong, risen, mentioned, stuck } = SOUGHT;
  const common = { model: "gpt-4.1-mini", cost: 0.0007, tags: ["production", risen.before] };
  /** @param {number} count
   *  @param {(n: number) => Run} of */
  const several = (count, of) => Array.from({ length: count }, (_, n) => of(n));
  const support = { ...common, name: "support-agent" };
  const shelf = { ...common, name: "find-product", input: "Where is the HP-700?" };
  return [
    { ...support, at: now - 61 * MINUTE, input: "How long is the warranty of the HP-700?", output: wrong.answer },
    // Both versions ran all day; since two hours the new one fails half of the time.
    ...several(12, (n) => ({ ...shelf, at: now - (115 - 9 * n) * MINUTE, output: "Shelf 12, on the left.", tool: true })),
    ...several(9, (n) => ({
      ...shelf,
      at: now - (112 - 12 * n) * MINUTE,
      output: "Shelf 12, on the left.",
      tags: ["production", risen.tag],
      tool: true,
    })),
    ...several(9, (n) => ({
      ...shelf,
      at: now - (110 - 12 * n) * MINUTE,
      error: `upstream timeout: shelf service s${n + 1} did not answer`,
      tags: ["production", risen.tag],
      tool: true,
    })),
    ...several(mentioned.outputs, (n) => ({
      ...support,
      at: now - (3 + 2 * n) * HOUR,
      input: "The left channel is silent again.",
      output: `I am sorry that it happened once more. ${"We have looked into what you wrote and checked the order. ".repeat(4)}As an apology you get a ${mentioned.words} of 15 dollars, number ${n + 1}.`,
    })),
    { ...support, at: now - 5 * HOUR, input: `May I have a ${mentioned.words}?`, output: "I am afraid not." },
    { ...common, at: now - 2 * MINUTE, name: stuck.agent, input: "Pay out what is due today.", open: true },
  ];
}

/** @param {Chance} chance
 *  @param {Run} run
 *  @returns {JobEvent[]} */
function eventsOf(
  chance,
  { at, name, input, output, error, model, cost, ms = 900 + 700 * chance.next(), tags, session, tool, open, id = chance.uuid() },
) {
  const time = (/** @type {number} */ offset) => new Date(at + offset).toISOString();
  /** @param {JobEvent["type"]} type
   *  @param {Record<string, unknown>} body
   *  @param {number} offset
   *  @returns {JobEvent} */
  const event = (type, body, offset) => ({ id: chance.uuid(), type, timestamp: time(offset), body });
  const root = `${id.slice(0, 24)}00000000000a`;
  const span = (/** @type {Record<string, unknown>} */ body, /** @type {number} */ offset) =>
    event("span-create", { id: chance.uuid(), traceId: id, ...body }, offset);
  const events = [event("trace-create", { id, name, tags, sessionId: session, metadata: { region: "eu" }, startTime: time(0) }, 0)];
  if (open) {
    const begun = { type: "AGENT", name, input, startTime: time(0) };
    events.push(span({ ...begun, id: root }, 0));
    events.push(span({ type: "TOOL", name: SOUGHT.stuck.step, parentSpanId: root, input: { amount: 4_711 }, startTime: time(900) }, 900));
    return events;
  }
  const ended = error ? { status: "ERROR", errorMessage: error } : { output };
  const usage = { promptTokens: 900, completionTokens: 120, totalTokens: 1_020 };
  events.push(
    span(
      {
        type: "LLM",
        name: "chat",
        parentSpanId: root,
        model,
        usage,
        cost,
        input,
        output: output ?? "",
        startTime: time(20),
        endTime: time(ms / 2),
      },
      ms / 2,
    ),
  );
  if (tool)
    events.push(
      span(
        {
          type: "TOOL",
          name: "shop.look_up",
          parentSpanId: root,
          startTime: time(ms / 2),
          endTime: time(ms - 9),
          ...(error ? ended : { output: { found: true } }),
        },
        ms,
      ),
    );
  events.push(span({ id: root, type: "AGENT", name, input, startTime: time(0), endTime: time(ms), ...ended }, ms));
  return events;
}

/** @param {Chance} chance
 *  @param {Run} run
 *  @returns {JobEvent[]} */
function lightEventsOf(chance, { model, cost, ...run }) {
  const [own, ...spans] = eventsOf(chance, { ...run, model, cost });
  const root = /** @type {JobEvent} */ (run.open ? spans[0] : spans.at(-1));
  if (!run.open) Object.assign(root.body, { type: "LLM", model, cost, usage: { totalTokens: 1_020 } });
  return [/** @type {JobEvent} */ (own), root];
}

/** The batches of one trace of so many spans.
 *  @param {string} id
 *  @param {number} spans
 *  @param {number} at
 *  @returns {Generator<JobBatch>} */
export function* large(id, spans, at) {
  const chance = new Chance(spans);
  const time = (/** @type {number} */ ms) => new Date(at + ms).toISOString();
  const root = { id: `${id}-root`, traceId: id, name: "reindex", type: "AGENT", startTime: time(0), endTime: time(spans) };
  const step = (/** @type {number} */ n) => ({
    id: `${id}-${n}`,
    traceId: id,
    parentSpanId: n % 10 === 1 ? root.id : `${id}-${n - ((n - 1) % 10)}`,
    name: n % 10 === 1 ? `page ${n}` : "embed",
    type: n % 10 === 1 ? "CHAIN" : "TOOL",
    startTime: time(n),
    endTime: time(n + 9),
    input: { page: n },
    output: { stored: true },
  });
  /** @param {number} n
   *  @param {Record<string, unknown>} body
   *  @returns {JobEvent} */
  const span = (n, body) => ({ id: chance.uuid(), type: "span-create", timestamp: time(n), body });
  for (let from = 0; from < spans; from += IN_BATCH) {
    const numbers = Array.from({ length: Math.min(IN_BATCH, spans - from) }, (_, n) => from + n);
    const events = numbers.map((n) => span(n, n === 0 ? root : step(n)));
    yield { path: NATIVE, events };
  }
}

/** A trace that begins now, and runs.
 *  @param {string} id
 *  @param {number} now
 *  @returns {JobBatch} */
export function begun(id, now) {
  const run = { id, at: now, name: SOUGHT.stuck.agent, input: "Pay out what is due.", model: "", cost: 0, open: true };
  return { path: NATIVE, events: eventsOf(new Chance(now), run) };
}
