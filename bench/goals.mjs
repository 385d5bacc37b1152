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
/** @param {string} id
 *  @returns {Goal["of"]} */
const release = (id) => (t) => t.ours(id) / t.before(id);
/** @param {string} big
 *  @param {string} small
 *  @returns {Goal["of"]} */
const grows = (big, small) => (t) => t.ours(big) / t.ours(small);
/** @param {number} limit
 *  @returns {Pick<Goal, "limit" | "says">} */
const x = (limit) => ({ limit, says: (v) => `${v.toFixed(3)} ×` });

/** At most so many rows written for a span of some traffic.
 *  @param {string} id
 *  @param {string} text
 *  @param {number} limit
 *  @returns {Goal} */
const rows = (id, text, limit) => ({
  text: `D1 rows written for a span, ${text}`,
  goal: `at most ${limit}`,
  of: (t) => t.ours(`traffic/rows/${id}`),
  limit,
  says: (v) => v.toFixed(3),
});

/** No more than so many times what the release before takes in the same run.
 *  @param {string} id
 *  @param {string} text
 *  @param {number} limit
 *  @returns {Goal} */
const before = (id, text, limit) => ({
  text,
  goal: limit === 1 ? "no more than before" : `at most ${limit} of before`,
  of: release(`traffic/${id}`),
  ...x(limit),
});

/** @param {string} id
 *  @param {string} text
 *  @param {number} limit
 *  @returns {Goal} */
const dollars = (id, text, limit) => ({
  text: `dollars for a million spans, ${text}, 10 batches a delivery`,
  goal: `at most ${limit.toFixed(2)}`,
  of: (t) => t.ours(`traffic/dollars/${id}`),
  limit,
  says: (v) => `$${v.toFixed(3)}`,
});

/** @param {string} id
 *  @param {string} text
 *  @returns {Goal} */
const again = (id, text) => ({
  text: `D1 rows written when everything comes again, ${text}`,
  goal: "none",
  of: (t) => t.ours(`traffic/again/${id}`),
  limit: 0,
  says: (v) => String(v),
});

/** @param {string} id
 *  @param {string} text
 *  @param {number} limit
 *  @returns {Goal} */
const seconds = (id, text, limit) => ({
  text,
  goal: `within ${limit} s`,
  of: (t) => t.ours(id),
  limit,
  says: (v) => `${v.toFixed(2)} s`,
});

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
  {
    text: "spans/s end to end, batches of 100 events",
    goal: "at least 2.5 times the peer's",
    of: ratio("spans/100"),
    ...x(2.5),
    above: true,
  },
  {
    text: "spans/s end to end, batches of 1,000 events",
    goal: "at least 3.2 times the peer's",
    of: ratio("spans/1000"),
    ...x(3.2),
    above: true,
  },
  rows("100x10", "100 events, 10 batches a delivery", 0.22),
  rows("100x1", "100 events, 1 batch a delivery", 0.24),
  rows("pair/100x10", "pairs, 10 batches a delivery", 0.31),
  rows("pair/100x1", "pairs, 1 batch a delivery", 0.31),
  rows("1000x4", "1,000 events, 4 batches a delivery", 0.18),
  {
    text: "D1 bytes for a span, 12 spans a trace",
    goal: "at most 120",
    of: (t) => t.ours("traffic/bytes/100x10"),
    limit: 120,
    says: (v) => v.toFixed(0),
  },
  dollars("100x10", "100 events", 0.4),
  dollars("pair/100x10", "pairs", 0.55),
  again("100x10", "100 events"),
  again("pair/100x10", "pairs"),
  before("time/100x10", "consumer and D1, 100 events, 10 batches a delivery", 0.8),
  before("time/100x1", "consumer and D1, 100 events, 1 batch a delivery", 1),
  before("adding/1000", "adding 100 spans to a trace of 1,000", 1.5),
  before("adding/100000", "adding 100 spans to a trace of 100,000", 1.5),
  before("opening/10", "opening a trace of 10 spans", 1),
  before("opening/1000", "opening a trace of 1,000 spans", 1),
  before("opening/10000", "opening a trace of 10,000 spans", 1),
  before("opening/10/d1", "opening a trace of 10 spans, D1's part", 1),
  before("opening/1000/d1", "opening a trace of 1,000 spans, D1's part", 0.5),
  before("opening/10000/d1", "opening a trace of 10,000 spans, D1's part", 1),
  {
    text: "handler CPU, validate with one CONTAINS over 2 KB, to GET /api/v1/health",
    goal: "at most 1.5 times",
    of: grows("judging/validate", "judging/health"),
    ...x(1.5),
  },
  {
    text: "judging a trace of 5,000 spans by 50 evaluators",
    goal: "under 50 ms",
    of: (t) => t.ours("judging/trace"),
    limit: 50,
    says: (v) => `${v.toFixed(1)} ms`,
  },
  {
    text: "visible after, p99, at 20 batches/s",
    goal: "under 1 s",
    of: (t) => t.ours("visible/p99"),
    limit: 1000,
    says: (v) => `${v.toFixed(0)} ms`,
  },
  { text: "listing 50 of 1,000,000 traces", goal: "within 2 times of 1,000", of: grows("listing/1000000", "listing/1000"), ...x(2) },
  {
    text: "the list's page, 1,000,000 traces",
    goal: "under 100 ms",
    of: (t) => t.ours("pages/list/1000000"),
    limit: 100,
    says: (v) => `${v.toFixed(1)} ms`,
  },
  seconds("jobs/1", "finding a wrong answer of an hour ago among 100,000 traces", 10),
  seconds("jobs/8", "seeing that an agent is stuck, 100,000 traces", 2),
  seconds("jobs/running", "a trace that runs is shown so, 100,000 traces", 2),
  seconds("jobs/large", "a trace of 50,000 spans can be used", 5),
  {
    text: "the slowest filter's first answer, 1,000,000 traces",
    goal: "under 150 ms",
    of: (t) => t.ours("jobs/filter"),
    limit: 150,
    says: (v) => `${v.toFixed(0)} ms`,
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
