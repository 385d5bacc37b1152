// What happens in the demo's project, and when: more by day than by night, an
// hour of trouble, a new version half way through. A function of the seed; the
// ids depend on the time, too, so that a second run adds traces of its own.

import * as agents from "./agents.mjs";
import { Chance } from "./chance.mjs";
import { Recorder, StepFailed } from "./recorder.mjs";
import * as special from "./special.mjs";
import { CALLS, SUPPORT } from "./texts.mjs";

/** @import { AgentKind, DemoEvent, Plan, RunOptions, Topic } from "../types.d.ts" */
/** @import { Model } from "./models.mjs" */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** What nearly all agents are through in: what has begun by then has ended. */
const LONGEST = 2 * MINUTE;

/** Which agents run how often.
 *  @type {[number, AgentKind][]} */
const MIX = [
  [34, "support"],
  [26, "extract"],
  [20, "docs"],
  [8, "research"],
  [7, "review"],
  [5, "voice"],
];
/** @type {Record<AgentKind, (recorder: Recorder, options: RunOptions) => void>} */
const AGENTS = {
  support: agents.support,
  extract: agents.extract,
  docs: agents.docs,
  research: agents.research,
  review: agents.review,
  voice: agents.voice,
};
/** @type {Record<AgentKind, string>} */
const NAMES = {
  support: "support-agent",
  extract: "extract-invoice",
  docs: "answer-from-docs",
  research: "research-agent",
  review: "code-reviewer",
  voice: "voice-concierge",
};

/** The rare ones: where in the time they are, and how long before its end at least.
 *  @type {(Pick<Plan, "at" | "name" | "tags"> & { before: number, run: (recorder: Recorder) => void })[]} */
const RARE = [
  { at: 0.9, before: 5 * MINUTE, name: "nightly-reindex", tags: ["batch"], run: (recorder) => special.reindex(recorder) },
  { at: 0.97, before: 45 * MINUTE, name: "contract-agent", tags: ["legal"], run: special.approval },
  { at: 0.985, before: MINUTE, name: "analytics-agent", tags: ["internal"], run: special.report },
  { at: 0.993, before: 3 * MINUTE, name: "research-agent", tags: ["lost-span"], run: loseParent },
];

/** @param {Recorder} recorder */
function loseParent(recorder) {
  agents.research(recorder, {});
  special.loseParent(recorder);
}

/** Where in the range the vector index is slow and fails. */
const TROUBLE = { from: 0.6, to: 0.65 };

/** How busy it is at an hour of the day, 0 to 1.
 *  @param {number} ms */
const busy = (ms) => 0.2 + 0.8 * (0.5 - 0.5 * Math.cos((2 * Math.PI * ((ms % (24 * HOUR)) / HOUR - 2)) / 24)) ** 1.5;

/** FNV-1a, for a number out of the seed and the time.
 *  @param {string} text */
const hash = (text) => [...text].reduce((state, char) => Math.imul(state ^ char.charCodeAt(0), 0x01000193), 0x811c9dc5);

/** What can be run at a moment, with all that it depends on decided.
 *  @param {Chance} chance
 *  @param {number} at
 *  @param {number} spread
 *  @returns {Plan[]} */
function planned(chance, at, spread) {
  const kind = chance.weighed(MIX);
  const common = {
    kind,
    name: NAMES[kind],
    metadata: { user_id: `u-${chance.number(1_000, 9_999)}`, region: chance.pick(["eu-west", "us-east"]) },
    vip: chance.is(0.08),
    staging: chance.is(0.12),
    model: chance.weighed(
      /** @type {[number, Model][]} */ ([
        [3, "gpt-4.1-mini"],
        [2, "claude-haiku-4-5"],
        [1, "gpt-4.1"],
      ]),
    ),
  };
  /** @type {Partial<Record<AgentKind, Pick<Topic, "turns">>>} */
  const conversations = { support: chance.pick(SUPPORT), voice: { turns: CALLS } };
  const conversation = conversations[kind];
  if (!conversation) return [{ ...common, at, chance: chance.fork() }];
  let time = at;
  return conversation.turns.map((_, turn) => {
    if (turn > 0) time += chance.around(spread);
    return { ...common, topic: /** @type {Topic} */ (conversation), turn, session: at, at: time, chance: chance.fork() };
  });
}

/** Makes a project's traces: in order of start, each when it is asked for. */
export class Schedule {
  /** @param {{ seed: number, until: number, hours: number }} options */
  constructor({ seed, until, hours }) {
    this.until = until;
    this.from = until - hours * HOUR;
    this.hours = hours;
    this.chance = new Chance(hash(`demo ${seed}`));
    this.ids = new Chance(hash(`ids ${seed} ${until}`));
    /** @type {Map<string, string>} */
    this.sessions = new Map();
  }

  /** So many traces, up to now.
   *  @param {number} count */
  *past(count) {
    const rare = RARE.slice(0, count).map(({ before, ...one }) => ({
      ...one,
      at: Math.min(this.#at(one.at), this.until - before),
      chance: this.chance.fork(),
    }));
    /** @type {Plan[]} */
    const plans = [];
    while (plans.length < count - rare.length) {
      const at = this.#at(this.chance.next());
      if (!this.chance.is(busy(at))) continue;
      plans.push(...planned(this.chance, at, 40_000).filter((plan) => plan.at < this.until - LONGEST));
    }
    const all = [...rare, ...plans.slice(0, count - rare.length)].sort((a, b) => a.at - b.at);
    for (const plan of all) yield this.#record(plan);
  }

  /** Traces that begin at a moment: one, or a conversation's.
   *  @param {number} at */
  now(at) {
    return planned(this.chance, at, 8_000).map((plan) => this.#record(plan));
  }

  /** @param {number} part */
  #at = (part) => this.from + part * (this.until - this.from);

  /** @param {Pick<Plan, "kind" | "metadata" | "session">} plan */
  #session(plan) {
    const key = `${plan.session} ${plan.metadata?.user_id}`;
    const id = this.sessions.get(key) ?? `${plan.kind === "voice" ? "call" : "chat"}_${this.ids.hex(12)}`;
    this.sessions.set(key, id);
    return id;
  }

  /** The events of a plan.
   *  @param {Plan} plan
   *  @returns {DemoEvent[]} */
  #record({ kind, run, name, at, chance, tags = [], metadata = { trigger: "schedule" }, ...plan }) {
    const part = (at - this.from) / (this.until - this.from);
    const trouble = kind && part > TROUBLE.from && part < TROUBLE.to;
    const version = part > 0.5 ? "v2.4" : "v2.3";
    const recorder = new Recorder({
      chance,
      ids: this.ids,
      at,
      name,
      slow: trouble ? 2.5 : 1,
      tags: [plan.staging ? "staging" : "production", version, ...(plan.vip ? ["vip"] : []), ...tags],
      ...(plan.session && { sessionId: this.#session({ kind, metadata, ...plan }) }),
      metadata: { ...metadata, app_version: `${version}.${chance.number(0, 4)}` },
    });
    const options = /** @type {RunOptions} */ ({ ...plan, broken: trouble && chance.is(0.55) });
    try {
      (run ?? (kind && AGENTS[kind]))?.(recorder, options);
    } catch (error) {
      // The agent failed, and its spans say so.
      if (!(error instanceof StepFailed)) throw error;
    }
    return recorder.events;
  }
}
