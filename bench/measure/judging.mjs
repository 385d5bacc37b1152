// Measure 10: processor time of a judgement, one CONTAINS over 2 KB, beside that of a request
// that asks for nothing, `GET /api/v1/health`; and what judging a large trace takes that many
// evaluators are for, without D1's calls. The peer has neither.

import { both, rounds } from "../stats.mjs";
import { PROJECT } from "../workers.mjs";
import { timed } from "./cpu.mjs";
import { traceOf } from "./fill.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Driven } from "../workers.mjs" */

/** How many judge, and what a trace has. */
const [EVALUATORS, SPANS, TRACE] = [50, 5_000, "judged"];
/** One after the other, as evaluators of traces; the last two of spans, of which each judges
 *  200. */
const KINDS = [
  ["CONTAINS", { value: "order" }],
  ["LENGTH", { max: 10_000 }],
  ["REGEX_MATCH", { pattern: "order [0-9]+" }],
  ["LATENCY", { max_ms: 60_000 }],
  ["RESPONSE_TIME_SLA", { tiers: [{ name: "any", max_ms: 60_000, score: 1 }] }],
];

/** Writes a trace and those who judge it.
 *  @param {Driven} live */
async function fill(live) {
  await live.deliver(traceOf(live.worker, { trace: TRACE, size: SPANS }));
  const sql = `insert into evaluator values (?1, ?2, ?2, ?3, ?4, 1, 1, ?5, '{}', 1, null, 1, 1, 1)`;
  const statement = live.db.prepare(sql);
  const ids = Array.from({ length: EVALUATORS }, (_, n) => `ev_${n}`);
  const bound = ids.map((id, n) => {
    const [kind, config] = KINDS[n % KINDS.length] ?? [];
    return statement.bind(PROJECT, id, kind, JSON.stringify(config), n < EVALUATORS - 2 ? "trace" : "span");
  });
  await live.db.batch(bound);
  return { v: 1, project: PROJECT, as_of_ms: Date.now(), traces: [[TRACE, null]], evaluators: ids };
}

/** Milliseconds of a message, and of them D1's.
 *  @param {Driven} live
 *  @param {object} judged */
async function judge(live, judged) {
  // What was judged is not judged again.
  await live.db.prepare("delete from evaluation").run();
  const { ms, wallMs } = await live.run({ what: "consumer", judged, real: true, times: 1, from: 1 });
  const found = await live.db.prepare("select count(*) as n from evaluation where status = 'ok'").first("n");
  if (Number(found) < EVALUATORS) throw new Error(`${found} judgements instead of at least ${EVALUATORS}`);
  return { trace: ms - wallMs };
}

/** @param {Bench} bench */
export async function measureJudging({ driven, table, quick }) {
  const [ours] = both(driven);
  const [times, most] = quick ? [20, 1] : [4_000, 7];
  const of = async () => ({
    health: await timed(ours, "health", times),
    validate: await timed(ours, "validate", times),
  });
  await of();
  const [took] = await rounds([{ live: ours }], { most, ...(quick ? {} : { seconds: 30 }) }, of);
  if (!took) throw new Error("nothing was measured");
  table.add("judging/health", "handler CPU, GET /api/v1/health", "ms", took.health, null);
  table.add("judging/validate", "handler CPU, POST /api/v1/validate, one CONTAINS over 2 KB", "ms", took.validate, null);
  const judged = await fill(ours);
  await judge(ours, judged);
  const [large] = await rounds([{ live: ours }], { most: quick ? 1 : 20 }, () => judge(ours, judged));
  if (!large) throw new Error("nothing was judged");
  const text = `judging a trace of ${SPANS.toLocaleString("en")} spans by ${EVALUATORS} evaluators, beside D1's calls`;
  table.add("judging/trace", text, "ms", large.trace, null);
}
