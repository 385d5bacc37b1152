// What was sent and what became of it, kept outside of the service, and the
// comparison of that with what the service says in the end: every acknowledged
// batch is there, every other one wholly or not at all, all of it counted once.
// Neighbouring batches share traces, so that totals are made by many batches.

/** @import { Batch, Counts, Trace } from "./types.d.ts" */

/** Batches that write to one trace; each writes to two. */
const SHARING = 10;
const SPANS = 4;
const EVENTS = SPANS + 1;

export class Book {
  /** @type {Batch[]} */
  batches = [];
  /** @type {Set<number>} */
  #acknowledged = new Set();

  /** A new batch: four spans in two traces, and the event of one of these.
   *  @returns {Batch} */
  newBatch() {
    const n = this.batches.length;
    const [even, odd] = [`t${Math.floor(n / SHARING)}`, `t${Math.floor((n + SHARING / 2) / SHARING) + 1_000_000}`];
    const traces = [even, odd];
    const spans = Array.from({ length: SPANS }, (_, s) => ({ id: `${n}-${s}`, trace: s % 2 ? odd : even, tokens: (n % 50) + s + 1 }));
    const events = [
      { type: "trace-create", body: { id: traces[n % 2], name: "soak", tags: [`n${n}`] } },
      ...spans.map(({ id, trace, tokens }) => ({
        type: "span-create",
        body: { id, traceId: trace, name: "soak", type: "LLM", input: id, usage: { totalTokens: tokens }, cost: tokens / 1_000 },
      })),
    ];
    const batch = { n, traces, spans, text: JSON.stringify({ batch: events }) };
    this.batches.push(batch);
    return batch;
  }

  /** Notes what the service answered; all but a 201 says nothing.
   *  @param {Batch} batch
   *  @param {number} status */
  note(batch, status) {
    if (status === 201) this.#acknowledged.add(batch.n);
  }

  /** @param {Batch} batch */
  isAcknowledged(batch) {
    return this.#acknowledged.has(batch.n);
  }

  get acknowledged() {
    return this.#acknowledged.size;
  }

  /** Those whose sender cannot know what became of them. */
  get unknown() {
    return this.batches.filter((batch) => !this.isAcknowledged(batch));
  }

  get traces() {
    return [...new Set(this.batches.flatMap((batch) => batch.traces))];
  }

  /**
   * Compares. `read(id)` is the `data` of GET /api/v1/traces/{id}, or null when
   * there is no such trace; `listed` all ids of GET /api/v1/traces; `counts`
   * the sums over D1's tables that COUNTS asks for.
   * @param {(id: string) => Promise<Trace | null> | Trace | null | undefined} read
   * @param {string[]} listed
   * @param {Counts} counts
   */
  async compare(read, listed, counts) {
    /** @type {string[]} */
    const wrong = [];
    const there = new Map();
    /** @type {string[]} */
    const seen = [];
    for (const id of this.traces) {
      const trace = await read(id);
      if (!trace) continue;
      seen.push(id);
      for (const span of trace.spans) {
        if (there.has(span.id)) wrong.push(`span ${span.id} is there twice`);
        if (span.input !== span.id) wrong.push(`span ${span.id} has lost its input: ${span.payloadError}`);
        there.set(span.id, id);
      }
      const tokens = trace.spans.reduce((sum, span) => sum + this.#tokens(span.id), 0);
      const expected = [trace.spans.length, tokens, Math.round(tokens * 1e6)];
      const said = [trace.spanCount, trace.totalTokens, Math.round(Number(trace.totalCost) * 1e9)];
      if (String(said) !== String(expected)) wrong.push(`${id} says ${said} (spans, tokens, cost), and has ${expected}`);
    }
    if (String(seen.sort()) !== String([...listed].sort())) wrong.push(`the list has ${listed.length} traces, there are ${seen.length}`);

    let written = 0;
    for (const batch of this.batches) {
      const spans = batch.spans.filter(({ id, trace }) => there.get(id) === trace).length;
      if (spans === SPANS) written++;
      else if (this.isAcknowledged(batch)) wrong.push(`batch ${batch.n} was acknowledged, and ${spans} of its spans are there`);
      else if (spans > 0) wrong.push(`batch ${batch.n} is there in part: ${spans} spans`);
    }
    const expected = { ledger: written, spans: written * SPANS, counted: written, events: written * EVENTS };
    for (const [name, count] of Object.entries(expected)) {
      const found = counts[/** @type {keyof Counts} */ (name)];
      if (found !== count) wrong.push(`${name}: ${found} in D1, ${count} by the API`);
    }
    return { written, wrong };
  }

  /** @param {string} id */
  #tokens(id) {
    const [n = NaN, s = NaN] = id.split("-").map(Number);
    const span = this.batches[n]?.spans[s];
    if (!span) throw new Error(`nobody sent span ${id}`);
    return span.tokens;
  }
}

/** The sums of one project that `compare` wants, by the names it has for them.
 *  @param {string} project */
export const COUNTS = (project) => `select
  (select count(*) from batch where project = '${project}') as ledger,
  (select coalesce(sum(spans), 0) from trace where project = (select number from tenant where project = '${project}')) as spans,
  (select coalesce(sum(batches), 0) from stat where project = '${project}') as counted,
  (select coalesce(sum(events), 0) from stat where project = '${project}') as events`;
