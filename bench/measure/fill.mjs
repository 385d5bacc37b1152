// Rows put straight into D1, so that a trace has 100,000 spans and a project a
// million traces within seconds. They look like what the Workers write; their
// ids are spread like random ones.

/** @import { Database, Live, Worker } from "../workers.mjs" */

const ID = "printf('%08x-0000-4000-8000-%012x', (n * 2654435761) % 4294967296, n)";
/** When the first of the traces begins; each begins a millisecond after the last. */
export const START_MS = 1_795_000_000_000;
/** The numbers from ?1 up to but not including ?2: integers, which D1 does not bind. */
const NUMBERS = "with recursive number(n) as (select cast(?1 as integer) union all select n + 1 from number where n + 1 < ?2)";
const AT_ONCE = 100_000;

/** How rows are put into each one's tables.
 *  @type {Record<Worker["name"], {
 *    trace?: (project: string, trace: string, count: number) => string,
 *    spans: (project: string, trace: string) => string,
 *    traces: (project: string, count: number) => string,
 *  }>} */
const SQL = {
  ours: {
    // Its number of spans is its key, too: less than any that the Worker makes.
    trace: (project, trace, count) => `insert into trace (project, id, start_us, created_ms, spans, key)
      values ('${project}', '${trace}', ${START_MS}000, ${START_MS}, ${count}, ${count})`,
    spans: (project, trace) => `insert into span (trace, id, parent, envelope, name, type, status, start_us, took_us,
        model, prompt_tokens, completion_tokens, total_tokens, cost_nano, rev_us, rev_hash, batch, offset, length)
      select (select key from trace where project = '${project}' and id = ${trace}), ${ID}, n * 7919, n * 104729,
        'llm-step-' || n % 7, n % 6, 0, (${START_MS} + n) * 1000, 250000, 'gpt-4o-2024-08-06', 800, 120, 920, 3200000,
        (${START_MS} + n) * 1000, n * 15485863, 1, n % 1000 * 1100, 1100 from number`,
    // Keys below zero: the Worker makes none. A range for each count.
    traces: (project, count) => `insert into trace (project, id, start_us, end_us, spans, tokens, cost_nano, created_ms,
        root_child, root_us, root_span, root_name, name, tags, metadata, event_us, event_hash, event_batch, event_offset, event_length, key)
      select '${project}', ${ID}, (${START_MS} + n) * 1000, (${START_MS} + n + 900) * 1000, 12, 11040, 38400000, ${START_MS} + n,
        0, (${START_MS} + n) * 1000, 'root', 'agent', 'support-agent', '["production","v2.1"]',
        '{"user":"u-1842","region":"eu","plan":"pro"}', (${START_MS} + n) * 1000, n, 1, 0, 300, n - ${count * 10} from number`,
  },
  peer: {
    spans: (project, trace) => `insert into spans (project_id, id, trace_id, event_id, parent_span_id, name, type, status, start_time,
        end_time, model, prompt_tokens, completion_tokens, total_tokens, cost, raw_key, created_at)
      select '${project}', ${ID}, ${trace}, ${ID}, ${ID}, 'llm-step-' || n % 7, 'LLM', 'OK', ${START_MS} + n,
        ${START_MS} + n + 250, 'gpt-4o-2024-08-06', 800, 120, 920, 0.0032,
        'raw/${project}/2026-11-18/' || ${ID} || '.json', ${START_MS} + n from number`,
    traces: (project) => `insert into traces (project_id, id, name, tags, metadata, start_time, end_time, created_at)
      select '${project}', ${ID}, 'support-agent', '["production","v2.1"]', '{"user":"u-1842","region":"eu","plan":"pro"}',
        ${START_MS} + n, ${START_MS} + n + 900, ${START_MS} + n from number`,
  },
};

/** @param {Database} db
 *  @param {string} sql
 *  @param {number} first
 *  @param {number} count */
async function insert(db, sql, first, count) {
  for (let from = first; from < first + count; from += AT_ONCE) {
    const to = Math.min(from + AT_ONCE, first + count);
    await db.prepare(`${NUMBERS} ${sql}`).bind(from, to).run();
  }
}

/** Puts that many spans into a new trace; the ids differ from size to size.
 *  @param {Live<Worker>} live
 *  @param {string} project
 *  @param {string} trace
 *  @param {number} count */
export async function fillTrace({ worker, db }, project, trace, count) {
  const { spans, trace: row } = SQL[worker.name];
  if (row) await db.prepare(row(project, trace, count)).run();
  await insert(db, spans(project, `'${trace}'`), count * 10, count);
}

/**
 * Gives a project that many traces, the newest hundred of them with twelve
 * spans each: the peer adds them up when it lists.
 * @param {Live<Worker>} live
 * @param {string} project
 * @param {number} count
 */
export async function fillProject({ worker, db }, project, count) {
  await insert(db, SQL[worker.name].traces(project, count), 0, count);
  const trace = ID.replaceAll(/\bn\b/g, `(n / 12)`);
  const newest = Math.max(0, count - 100);
  await insert(db, SQL[worker.name].spans(project, trace), newest * 12, (count - newest) * 12);
}
