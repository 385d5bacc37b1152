// What has to be there before something is measured: traces of 100,000 spans, and
// projects of a million traces, within seconds. The Worker's own consumer writes
// them, so that they are what it writes, whatever its tables are; where that would
// take too long its rows are multiplied in SQL. The peer's rows are put straight in.

import { number, stamped, template } from "../batches.mjs";
import { fresh } from "../stats.mjs";

/** @import { RawObject } from "../types.d.ts" */
/** @import { Driven, Worker } from "../workers.mjs" */

/** When the first of a project's traces begins; each begins a millisecond after the last. */
export const START_MS = 1_795_000_000_000;
/** A trace's id in a template: another one in each batch. */
export const NEW_TRACE = "~0009999-0000-4000-a000-000000000000";
/** The most spans of a batch here. */
const IN_BATCH = 1_000;

/** The batches of which a trace of so many spans is made, at most `each` to a batch;
 *  `batch` is the number of the first. The same number and NEW_TRACE make the same
 *  trace again.
 *  @param {Worker} worker
 *  @param {{ trace: string, size: number, batch?: number, each?: number }} options
 *  @returns {RawObject[]} */
export function traceOf(worker, { trace, size, batch, each = IN_BATCH }) {
  const spans = Math.min(size, each);
  const made = stamped(template({ spans, traces: 1, seed: 9, trace }).text);
  return Array.from({ length: size / spans }, (_, n) => ({
    key: worker.rawKey(fresh(1)),
    bytes: number(made, n === 0 && batch ? batch : fresh(1)).slice(),
  }));
}

const SPANS_A_TRACE = 12;
/** Traces that begin in a second; and seconds that are sent, before they are multiplied. */
const [A_SECOND, SENT_SECONDS] = [1_000, 2];

/** The events of a trace that begins so many milliseconds after the first.
 *  @param {number} n */
function eventsOf(n) {
  const id = (/** @type {number} */ thing) => {
    const hash = ((n * 2654435761 + thing * 40503) >>> 0).toString(16).padStart(8, "0");
    return `${hash}-0000-4000-8000-${(n * 100 + thing).toString(16).padStart(12, "0")}`;
  };
  const time = (/** @type {number} */ ms) => new Date(START_MS + n + ms).toISOString();
  const own = {
    id: id(0),
    name: "support-agent",
    startTime: time(0),
    tags: ["production", "v2.1"],
    metadata: { user: "u-1842", region: "eu", plan: "pro" },
  };
  const spans = Array.from({ length: SPANS_A_TRACE }, (_, at) => ({
    id: id(at + 1),
    traceId: own.id,
    ...(at > 0 && { parentSpanId: id(1) }),
    name: at > 0 ? `llm-step-${at % 7}` : "agent",
    type: at > 0 ? "LLM" : "AGENT",
    startTime: time(at * 70),
    endTime: time(at > 0 ? at * 70 + 60 : 900),
    ...(at > 0 && { model: "gpt-4o-2024-08-06", usage: { promptTokens: 800, completionTokens: 120, totalTokens: 920 }, cost: 0.0032 }),
    input: { query: "where is my order" },
    output: { content: "on its way" },
  }));
  return [
    { id: id(50), type: "trace-create", timestamp: time(0), body: own },
    ...spans.map((body, at) => ({ id: id(at + 51), type: "span-create", timestamp: body.endTime, body })),
  ];
}

/** The batches of a project's first traces, of whole traces each.
 *  @param {Worker} worker
 *  @param {string} project
 *  @param {number} count
 *  @returns {RawObject[]} */
function tracesOf(worker, project, count) {
  const each = Math.floor(IN_BATCH / (SPANS_A_TRACE + 1));
  return Array.from({ length: Math.ceil(count / each) }, (_, at) => {
    const traces = Array.from({ length: Math.min(each, count - at * each) }, (_, n) => at * each + n);
    const bytes = new TextEncoder().encode(JSON.stringify({ batch: traces.flatMap(eventsOf) }));
    return { key: worker.rawKey(fresh(1), { project, at: START_MS + at }), bytes };
  });
}

/** Makes so many times the traces that a project has: copies of their rows, of which
 *  each begins as much later as all of them together take. Nothing has to be known of
 *  the rows but that columns that end in `_us` and `_ms` are times, and that keys grow
 *  with the time by which they were made. In each part the copies' ids grow with their
 *  keys, and are spread over all ids that there may be: so it takes seconds, and
 *  traces that follow each other in time do not lie together by id.
 *  @param {Driven} live
 *  @param {unknown} project as the table has it
 *  @param {number} times */
async function multiply({ db }, project, times) {
  const PARTS = 4;
  const { results } = await db.prepare("select name from pragma_table_info('trace')").all();
  const names = results.map(({ name }) => String(name));
  // What is read from a table that is written to is first kept somewhere: not here.
  await db
    .prepare("create table sample as select *, row_number() over (order by key) - 1 as place from trace where project = ?1")
    .bind(project)
    .run();
  const first = `select min(key) from sample where start_us < ${START_MS + A_SECOND}000`;
  const second = `select min(key) from sample where start_us >= ${START_MS + A_SECOND}000`;
  for (let part = 0; part < PARTS; part++) {
    const [from, to] = [part, part + 1].map((n) => 1 + Math.floor((n * (times - 1)) / PARTS));
    await db
      .prepare(
        `with recursive
          copy(n) as (select cast(?1 as integer) union all select n + 1 from copy where n + 1 < ?2),
          step(key) as (select ((${second}) - (${first})) * ${SENT_SECONDS})
        insert into trace (${names.join(", ")}) select ${copied(names)} from step cross join copy cross join sample where copy.n < ?2`,
      )
      .bind(from, to)
      .run();
  }
  await db.prepare("drop table sample").run();
}

/** What a copy has in each column.
 *  @param {string[]} names */
function copied(names) {
  const [ms, rows] = [SENT_SECONDS * 1000, SENT_SECONDS * A_SECOND];
  const spread = `printf('%08x', ((copy.n - ?1) * ${rows} + place) * (4294967295 / ((?2 - ?1) * ${rows})))`;
  const rest = `printf('%08x', copy.n * ${rows} + place)`;
  const values = names.map((name) => {
    if (name === "id") {
      // A UUID, as text or as its bytes.
      return `case typeof(id) when 'blob' then unhex(${spread} || '00004000' || '80000000' || ${rest})
        else ${spread} || '-0000-4000-8000-0000' || ${rest} end`;
    }
    if (name === "key") return "sample.key + copy.n * step.key";
    if (name.endsWith("_us")) return `sample.${name} + copy.n * ${ms}000`;
    if (name.endsWith("_ms")) return `sample.${name} + copy.n * ${ms}`;
    return `sample.${name}`;
  });
  return values.join(", ");
}

/** Gives a project that many traces of twelve spans.
 *  @param {Driven} live
 *  @param {string} project
 *  @param {number} count */
export async function fillProject(live, project, count) {
  const { worker, db } = live;
  await db.batch(worker.seed(project).map((sql) => db.prepare(sql)));
  if (worker.name === "peer") return fillPeer(live, project, count);
  const sent = Math.min(count, SENT_SECONDS * A_SECOND);
  const known = await projects(live);
  await live.deliver(tracesOf(worker, project, sent), { project });
  const [own] = (await projects(live)).filter((one) => !known.includes(one));
  if (count > sent) await multiply(live, own, count / sent);
}

/** The projects that have traces, as the table has them: their names or numbers.
 *  @param {Driven} live */
async function projects({ db }) {
  const { results } = await db.prepare("select distinct project from trace").all();
  return results.map(({ project }) => project);
}

const ID = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";
/** The numbers from ?1 up to but not including ?2: integers, which D1 does not bind. */
const NUMBERS = "with recursive number(n) as (select cast(?1 as integer) union all select n + 1 from number where n + 1 < ?2)";
const AT_ONCE = 100_000;

/** The peer's: the newest hundred traces with twelve spans each, which it adds up
 *  when it lists.
 *  @param {Driven} live
 *  @param {string} project
 *  @param {number} count */
async function fillPeer({ db }, project, count) {
  /** @param {string} sql
   *  @param {number} first
   *  @param {number} end */
  const insert = async (sql, first, end) => {
    for (let from = first; from < end; from += AT_ONCE) {
      await db
        .prepare(`${NUMBERS} ${sql}`)
        .bind(from, Math.min(from + AT_ONCE, end))
        .run();
    }
  };
  await insert(
    `insert into traces (project_id, id, name, tags, metadata, start_time, end_time, created_at)
      select '${project}', ${ID}, 'support-agent', '["production","v2.1"]', '{"user":"u-1842","region":"eu","plan":"pro"}',
        ${START_MS} + n, ${START_MS} + n + 900, ${START_MS} + n from number`,
    0,
    count,
  );
  const trace = ID.replaceAll(/\bn\b/g, `(n / ${SPANS_A_TRACE})`);
  await insert(
    `insert into spans (project_id, id, trace_id, event_id, parent_span_id, name, type, status, start_time,
        end_time, model, prompt_tokens, completion_tokens, total_tokens, cost, raw_key, created_at)
      select '${project}', ${ID}, ${trace}, ${ID}, ${ID}, 'llm-step-' || n % 7, 'LLM', 'OK', ${START_MS} + n,
        ${START_MS} + n + 250, 'gpt-4o-2024-08-06', 800, 120, 920, 0.0032,
        'raw/${project}/2026-11-18/' || ${ID} || '.json', ${START_MS} + n from number`,
    Math.max(0, count - 100) * SPANS_A_TRACE,
    count * SPANS_A_TRACE,
  );
}
