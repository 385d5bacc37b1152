// What a verification has found so far, from the answers to its steps: which traces were
// seen and what of them no batch has said yet, and what differs. It keeps some 100 bytes
// for each trace and 40 for each batch. Leaves out: asking, and where it is noted.

/** @import { Difference, Open, RowsAnswer, VerifyAnswer } from "./types.d.ts" */

/** What is known of a batch's id: the first 52 bits of 128 do.
 *  @param {string} id */
const short = (id) => Number.parseInt(id.slice(0, 13), 16);

/** @param {Open} open */
const isOpen = ({ fields = [], batches = [] }) => fields.length + batches.length > 0;

export class Verification {
  events = 0;
  queued = 0;
  /** Traces that were seen, by project: what of them is open, or null when nothing is.
   *  @type {Map<string, Map<string, Open | null>>} */
  #seen = new Map();
  /** Batches that were read. @type {Set<number>} */
  #batches = new Set();
  /** Of traces that have rows of spans: the version of their row, and the events in those
   *  rows that were said. @type {Map<string, [number, number]>} */
  #large = new Map();
  /** What the index has and no batch was seen of yet. */
  #strays = /** @type {[project: string, trace: string][]} */ ([]);
  #gone = /** @type {[project: string, batch: string][]} */ ([]);
  #rows = /** @type {[project: string, trace: string, version: number, events: number][]} */ ([]);
  /** @type {Map<string, Difference>} */
  #found = new Map();

  get batches() {
    return this.#batches.size;
  }

  get traces() {
    return [...this.#seen.values()].reduce((sum, traces) => sum + traces.size, 0);
  }

  /** @param {Difference} difference */
  #add(difference) {
    const { project, trace, batch, key, score, what } = difference;
    this.#found.set(JSON.stringify([project, trace, batch, key, score, what]), difference);
  }

  /** Takes in a step along R2, which may have been taken before.
   *  @param {VerifyAnswer} answer
   *  @param {boolean} again */
  takeBatches({ batches, events, traces, differences }, again) {
    if (!again) this.events += events;
    for (const id of batches) this.#batches.add(short(id));
    for (const difference of differences) this.#add(difference);
    for (const [project, some] of Object.entries(traces)) {
      const seen = this.#seen.get(project) ?? new Map();
      this.#seen.set(project, seen);
      for (const [id, open, rows] of some) {
        seen.set(id, still(seen.get(id), open));
        if (!rows) continue;
        const key = `${project} ${id}`;
        this.#large.set(key, [rows[0], rows[1] + (this.#large.get(key)?.[1] ?? 0)]);
      }
    }
  }

  /** Takes in a step along the rows of the index.
   *  @param {RowsAnswer} answer */
  takeRows({ project, traces, batches, rows, differences }) {
    for (const difference of differences) this.#add(difference);
    for (const trace of traces) if (!this.#seen.get(project)?.has(trace)) this.#strays.push([project, trace]);
    for (const batch of batches) if (!this.#batches.has(short(batch))) this.#gone.push([project, batch]);
    if (rows) this.#rows.push([project, ...rows]);
  }

  /** What may be on its way yet. */
  get young() {
    return [...this.#found.values()].some(({ young }) => young);
  }

  /** Whether what was received meanwhile may explain something. */
  get isInDoubt() {
    return this.young || this.#judge().length > 0;
  }

  /** Forgets what may have been on its way: it is looked at again. */
  lookAgain() {
    for (const [key, { young }] of this.#found) if (young) this.#found.delete(key);
  }

  /** All that differs, trace by trace. @returns {Difference[]} */
  get differences() {
    const place = (/** @type {Difference} */ { project, trace, batch, key }) => `${project} ${trace ?? ""} ${batch ?? ""} ${key ?? ""}`;
    const all = [...this.#found.values(), ...this.#judge()].map((difference) => ({ at: place(difference), difference }));
    return all.sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at))).map(({ difference }) => difference);
  }

  /** What differs by all that was read. @returns {Difference[]} */
  #judge() {
    /** @type {Difference[]} */
    const found = [];
    for (const [project, seen] of this.#seen) {
      for (const [trace, open] of seen) {
        if (!open) continue;
        const { fields = [], batches = [] } = open;
        if (fields.length > 0) found.push({ project, trace, what: `no raw batch says its ${fields.join(", ")}`, remedy: "forget" });
        for (const batch of batches) {
          found.push({ project, trace, what: `it names batch ${batch}, which is gone or says nothing of it`, remedy: "forget" });
        }
      }
    }
    for (const [project, trace] of this.#strays) {
      if (!this.#seen.get(project)?.has(trace)) found.push({ project, trace, what: "no raw batch mentions it", remedy: "forget" });
    }
    for (const [project, batch] of this.#gone) {
      if (!this.#batches.has(short(batch)))
        found.push({ project, batch, what: "the ledger knows it, and R2 has it no more", remedy: "none" });
    }
    for (const [project, trace, version, events] of this.#rows) {
      const [at, said] = this.#large.get(`${project} ${trace}`) ?? [];
      // What was written meanwhile is the next run's to judge.
      if (at === version && /** @type {number} */ (said) < events) {
        found.push({ project, trace, what: "rows of its spans are what no raw batch says", remedy: "forget" });
      }
    }
    return found;
  }
}

/** What is still open of a trace.
 *  @param {Open | null | undefined} before
 *  @param {Open} open
 *  @returns {Open | null} */
function still(before, open) {
  if (before === null) return null;
  const fields = open.fields?.filter((field) => !before || before.fields?.includes(field)) ?? [];
  const batches = open.batches?.filter((batch) => !before || before.batches?.includes(batch)) ?? [];
  return isOpen({ fields, batches }) ? { fields, batches } : null;
}
