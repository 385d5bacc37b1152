// What the numbers ought to be. A goal that is missed is shown as missed; no
// test and no exit code depends on any.

/** @import { Table } from "./report.mjs" */

/** What is measured, the goal in words, its number and how that is said,
 *  whether it is met from below (the default) or from above.
 *  @typedef {object} Goal
 *  @property {string} text
 *  @property {string} goal
 *  @property {(table: Table) => number} of
 *  @property {number} limit
 *  @property {(value: number) => string} says
 *  @property {boolean} [above] */

/** @param {string} id
 *  @returns {Goal["of"]} */
const ratio = (id) => (t) => t.ours(id) / t.peer(id);
/** @param {string} big
 *  @param {string} small
 *  @returns {Goal["of"]} */
const grows = (big, small) => (t) => t.ours(big) / t.ours(small);
/** @param {number} limit
 *  @returns {Pick<Goal, "limit" | "says">} */
const x = (limit) => ({ limit, says: (v) => `${v.toFixed(3)} ×` });

/** @type {Goal[]} */
export const GOALS = [
  { text: "handler CPU, 100 events", goal: "at most 1/3 of the peer's", of: ratio("handler/100"), ...x(1 / 3) },
  { text: "handler CPU, 1,000 events", goal: "at most 1/4 of the peer's", of: ratio("handler/1000"), ...x(1 / 4) },
  { text: "handler CPU, 5 MB", goal: "under 10 ms", of: (t) => t.ours("handler/5MB"), limit: 10, says: (v) => `${v.toFixed(2)} ms` },
  {
    text: "handler CPU, 100 spans as OTLP protobuf",
    goal: "at most 1/3 of the peer's",
    of: ratio("otlp/handler/otlp.pb/100"),
    ...x(1 / 3),
  },
  {
    text: "handler CPU, 1,000 spans as OTLP protobuf",
    goal: "at most 1/4 of the peer's",
    of: ratio("otlp/handler/otlp.pb/1000"),
    ...x(1 / 4),
  },
  {
    text: "handler CPU, 100 spans as OTLP JSON",
    goal: "at most 1/3 of the peer's",
    of: ratio("otlp/handler/otlp.json/100"),
    ...x(1 / 3),
  },
  {
    text: "handler CPU, 1,000 spans as OTLP JSON",
    goal: "at most 1/4 of the peer's",
    of: ratio("otlp/handler/otlp.json/1000"),
    ...x(1 / 4),
  },
  {
    text: "handler CPU for a MB, OTLP protobuf to native JSON, 100 spans",
    goal: "at most 1.2 times",
    of: grows("otlp/byte/otlp.pb/100", "otlp/byte/native/100"),
    ...x(1.2),
  },
  {
    text: "consumer CPU, OTLP protobuf to native JSON, 1,000 spans",
    goal: "no more for a span",
    of: grows("otlp/consumer/otlp.pb/1000", "otlp/consumer/native/1000"),
    ...x(1),
  },
  {
    text: "consumer CPU + D1 time, 100 events, in full deliveries",
    goal: "at most 1/4 of the peer's",
    of: ratio("total/100x10"),
    ...x(1 / 4),
  },
  { text: "spans/s end to end, batches of 100 events", goal: "at least 4 times the peer's", of: ratio("spans/100"), ...x(4), above: true },
  {
    text: "D1 rows written for a span (100 spans, 8 traces)",
    goal: "at most 1.4",
    of: (t) => t.ours("rows"),
    limit: 1.4,
    says: (v) => v.toFixed(2),
  },
  { text: "D1 bytes for a span", goal: "at most 250", of: (t) => t.ours("bytes"), limit: 250, says: (v) => v.toFixed(0) },
  { text: "dollars for a million spans", goal: "under 1.50", of: (t) => t.ours("dollars"), limit: 1.5, says: (v) => `$${v.toFixed(2)}` },
  {
    text: "visible after, p99, at 20 batches/s",
    goal: "under 1 s",
    of: (t) => t.ours("visible/p99"),
    limit: 1000,
    says: (v) => `${v.toFixed(0)} ms`,
  },
  { text: "adding to a trace of 100,000 spans", goal: "within 1.5 times an empty one", of: grows("adding/100000", "adding/0"), ...x(1.5) },
  { text: "listing 50 of 1,000,000 traces", goal: "within 2 times of 1,000", of: grows("listing/1000000", "listing/1000"), ...x(2) },
  {
    text: "the list's page, 1,000,000 traces",
    goal: "under 100 ms",
    of: (t) => t.ours("pages/list/1000000"),
    limit: 100,
    says: (v) => `${v.toFixed(1)} ms`,
  },
  {
    text: "first load of the list, gzip",
    goal: "under 60 KB",
    of: (t) => t.ours("pages/first"),
    limit: 60,
    says: (v) => `${v.toFixed(0)} KB`,
  },
  { text: "bundle, gzip", goal: "under 520 KB", of: (t) => t.ours("gzip"), limit: 520, says: (v) => `${v.toFixed(0)} KB` },
];

/** Each goal against what was measured: met, missed, or not measured.
 *  @param {Table} table */
export function judge(table) {
  return GOALS.map(({ text, goal, of, limit, says, above }) => {
    const value = of(table);
    if (!Number.isFinite(value)) return { text, goal, measured: "", verdict: "not measured" };
    const met = above ? value >= limit : value <= limit;
    return { text, goal, measured: says(value), verdict: met ? "met" : "MISSED" };
  });
}
