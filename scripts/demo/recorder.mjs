// One trace on a clock of its own: agents say what they do and how long it
// takes, and the events come out as the SDK sends them (camelCase, a trace when
// it begins, each span when it has ended). Leaves out: what agents do.

/** @import { DemoEvent, SpanFields, SpanType, StepOptions } from "../types.d.ts" */
/** @import { Chance } from "./chance.mjs" */

/** @param {number} ms */
const iso = (ms) => `${new Date(ms).toISOString().slice(0, -1)}${String(Math.floor((ms % 1) * 1000)).padStart(3, "0")}Z`;

/** A step that failed; those above it may catch it, or fail with it. */
export class StepFailed extends Error {}

export class Recorder {
  /** The trace's events, in the order in which the SDK would have sent them.
   *  @type {DemoEvent[]} */
  events = [];

  /** `ids` are another chance, so that the same agents can run twice; `slow`
   *  stretches everything that takes time: what an incident does.
   *  @param {{ chance: Chance, ids: Chance, at: number, slow?: number, [field: string]: unknown }} options */
  constructor({ chance, ids, at, slow = 1, ...body }) {
    this.chance = chance;
    this.ids = ids;
    this.slow = slow;
    this.now = at;
    this.id = ids.uuid();
    this.#emit("trace-create", at, { id: this.id, startTime: iso(at), ...body });
  }

  /** @param {DemoEvent["type"]} type
   *  @param {number} at
   *  @param {DemoEvent["body"]} body */
  #emit(type, at, body) {
    this.events.push({ id: this.ids.uuid(), type, timestamp: iso(at), at, body });
  }

  /**
   * A step with what happens inside it. `inside(step)` makes the steps below
   * and gives back the output, or `{ output, … }` with more of a span's fields;
   * without it the step takes about `ms`. A failure marks the step and goes on.
   * @template T
   * @param {SpanType} type
   * @param {string} name
   * @param {StepOptions<T>} options
   * @param {(step: Step) => T} [inside]
   * @returns {T}
   */
  step(type, name, { ms = 0, parent = null, ...fields }, inside = () => /** @type {T} */ (fields.output)) {
    const [id, start] = [this.ids.uuid(), this.now];
    this.now += this.chance.around(1);
    /** @type {SpanFields} */
    let more = {};
    /** @type {StepFailed | null} */
    let failure = null;
    try {
      const given = inside(new Step(this, id));
      more = isFields(given) ? given : { output: given };
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      failure = error;
    }
    this.now += ms > 0 ? this.chance.around(ms) * this.slow : this.chance.around(2);
    /** @type {DemoEvent["body"]} */
    const body = {
      id,
      traceId: this.id,
      parentSpanId: parent,
      name,
      type,
      startTime: iso(start),
      endTime: iso(this.now),
      ...fields,
      ...more,
    };
    if (failure) Object.assign(body, { output: undefined, status: "ERROR", errorMessage: failure.message });
    if (body.parentSpanId === null) delete body.parentSpanId;
    this.#emit("span-create", this.now, body);
    if (failure) throw failure;
    return /** @type {T} */ (body.output);
  }

  /** Time in which nothing is recorded.
   *  @param {number} ms */
  wait(ms) {
    this.now += this.chance.around(ms) * this.slow;
  }

  /** Things that are done at the same time; this goes on when the last is through.
   *  @param {(() => unknown)[]} branches */
  together(...branches) {
    const from = this.now;
    let last = from;
    let failure;
    for (const branch of branches) {
      this.now = from + this.chance.around(3);
      try {
        branch();
      } catch (error) {
        failure ??= error;
      }
      last = Math.max(last, this.now);
    }
    this.now = last;
    if (failure) throw failure;
  }
}

const FIELDS = Symbol("a span's fields");
/** What a step gives back when it is more than its output.
 *  @param {SpanFields} of */
export const fields = (of) => ({ ...of, [FIELDS]: true });
/** Whether it is that.
 *  @param {unknown} given
 *  @returns {given is SpanFields} */
const isFields = (given) => typeof given === "object" && given !== null && FIELDS in given;

/** Where the steps below a step are made. */
export class Step {
  /** @param {Recorder} recorder
   *  @param {string} id */
  constructor(recorder, id) {
    this.recorder = recorder;
    this.id = id;
    this.chance = recorder.chance;
  }

  /** @template T
   *  @param {SpanType} type
   *  @param {string} name
   *  @param {StepOptions<T>} fields
   *  @param {(step: Step) => T} [inside]
   *  @returns {T} */
  step(type, name, fields, inside) {
    return this.recorder.step(type, name, { parent: this.id, ...fields }, inside);
  }

  /** @param {(() => unknown)[]} branches */
  together = (...branches) => this.recorder.together(...branches);
  /** @param {number} ms */
  wait = (ms) => this.recorder.wait(ms);

  /** @param {string} message
   *  @returns {never} */
  fail(message) {
    throw new StepFailed(message);
  }
}
