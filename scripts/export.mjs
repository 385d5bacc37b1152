// `npm run export`: a project's traces and spans as files, for DuckDB and whatever else reads
// Parquet or lines of JSON. It asks the operator's API, a trace at a time, and notes where it
// is beside what it has written: run again, it goes on from there. Leaves out: what is in the
// files (export/tables.mjs), and how they are kept whole (export/folder.mjs).

import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { operator } from "./operator.mjs";
import { checkProject, parse } from "./options.mjs";
import { showBar, time } from "./range.mjs";
import { Folder } from "./export/folder.mjs";
import { Failed, cli, say } from "./run.mjs";
import { ensurePackages } from "./setup.mjs";

const USAGE = `Usage: npm run export -- --project NAME --since TIME [--until TIME] [--format parquet|jsonl]
                         [--payloads] [--out DIR] [--part SPANS] [--remote]

  --project   whose traces
  --since     those that started at TIME or later; TIME is ISO 8601, UTC where no offset is
  --until     given: 2026-03-14, 2026-03-14T10:00:00Z. Only those that started before TIME;
              before now where nothing is said
  --format    parquet where nothing is said, or lines of JSON
  --payloads  with inputs, outputs and the spans' metadata
  --out       the folder, ./export where nothing is said: traces-00001.parquet,
              spans-00001.parquet and so on, and export.json, which says where it stands. Run
              again with the same options it goes on; nothing is there twice
  --part      spans in a file, about; 50000 where nothing is said
  --remote    of the deployment that \`npm run deploy\` made from this folder, or of the
              one of EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the server
              that \`npm start\` serves
`;

/** Traces in a page, and those that are read at once: each may hold 32 MB of an isolate. */
const [PAGE, AT_ONCE] = [100, 4];
/** Characters of payloads that end a part, too. */
const PART_CHARACTERS = 64_000_000;
/** Times that something is asked again that is not to be had at the moment, and the first pause. */
const [TRIES, PAUSE_MS] = [6, 500];

await cli(async () => {
  const { remote, out, part, ...asked } = read();
  const ask = await operator("export -- …", remote);
  await ensurePackages();
  const project = `projects/${asked.project}`;
  // Before a folder is made: whether there is such a project.
  await patiently(() => ask("GET", project));
  const folder = Folder.open(resolve(out), { url: ask.url, ...asked });
  const { task } = folder;
  if (folder.standing.done) return report(folder);
  folder.clean();
  if (folder.standing.part > 1) say(`going on after ${folder.standing.traces} traces`);
  // The newest come first, and the end is exclusive here.
  const [since, until] = [Date.parse(task.since), Date.parse(task.until)];
  const range = { startDate: task.since, endDate: new Date(until - 1).toISOString(), limit: String(PAGE) };
  const bar = await showBar(0, until - since, "traces", (reached) => new Date(until - reached).toISOString());
  try {
    for (let cursor = folder.standing.cursor; !folder.standing.done; ) {
      const rows = { traces: /** @type {any[]} */ ([]), spans: /** @type {any[]} */ ([]) };
      let characters = 0;
      do {
        const query = new URLSearchParams({ ...range, ...(cursor && { cursor }) });
        /** @type {{ traces: { id: string, startTime: string }[], nextCursor: string | null }} */
        const page = await patiently(() => ask("GET", `${project}/traces?${query}`));
        for (let at = 0; at < page.traces.length; at += AT_ONCE) {
          const some = page.traces.slice(at, at + AT_ONCE).map(({ id }) => readTrace(ask, `${project}/traces/${encodeURIComponent(id)}`));
          for (const trace of (await Promise.all(some)).filter((trace) => trace !== undefined)) {
            rows.traces.push(trace);
            rows.spans.push(...trace.spans);
            if (task.payloads) characters += JSON.stringify(trace.spans).length;
            delete trace.spans;
          }
        }
        cursor = page.nextCursor;
        const last = page.traces.at(-1);
        if (last) bar.update(until - Date.parse(last.startTime), folder.standing.traces + rows.traces.length);
      } while (cursor !== null && rows.spans.length < part && rows.traces.length < part && characters < PART_CHARACTERS);
      await folder.write(rows, cursor);
    }
  } finally {
    bar.stop();
  }
  report(folder);
});

/** @param {Folder} folder */
function report({ path, standing: { traces, spans } }) {
  console.log(`${traces} traces with ${spans} spans are in ${path}`);
}

/** A trace with all of its spans; none where it was deleted meanwhile.
 *  @param {Awaited<ReturnType<typeof operator>>} ask
 *  @param {string} path */
async function readTrace(ask, path) {
  /** @type {any} */
  let trace;
  for (let cursor = ""; ; ) {
    let part;
    try {
      part = await patiently(() => ask("GET", `${path}${cursor && `?cursor=${encodeURIComponent(cursor)}`}`));
    } catch (error) {
      if (error instanceof Failed && error.status === 404) return undefined;
      throw error;
    }
    if (trace) trace.spans.push(...part.spans);
    else trace = part;
    if (part.nextSpanCursor === null) return trace;
    cursor = part.nextSpanCursor;
  }
}

/** Asks again where the service is overloaded: it says so with 429 and 503.
 *  @template T
 *  @param {() => Promise<T>} asked
 *  @returns {Promise<T>} */
async function patiently(asked) {
  for (let left = TRIES, pause = PAUSE_MS; ; left -= 1, pause *= 2) {
    try {
      return await asked();
    } catch (error) {
      const passes = error instanceof Failed && (error.status === 429 || error.status === 503);
      if (!passes || left === 1) throw error;
      await sleep(pause);
    }
  }
}

/** The command line, every value checked. */
function read() {
  const options = /** @type {const} */ ({
    project: { type: "string" },
    since: { type: "string" },
    until: { type: "string" },
    format: { type: "string", default: "parquet" },
    payloads: { type: "boolean", default: false },
    out: { type: "string", default: "export" },
    part: { type: "string", default: "50000" },
    remote: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  const { project, since, until, format, payloads, out, part, remote } = parse({ options }, USAGE).values;
  if (!project) throw new Failed("--project: whose traces?");
  checkProject(project);
  if (!since) throw new Failed("--since: from when on? Such as 2026-03-14");
  const from = time("since", since);
  const to = until === undefined ? undefined : time("until", until);
  if (from >= (to ?? Date.now())) throw new Failed("--until must be later than --since, and without it --since earlier than now");
  if (format !== "parquet" && format !== "jsonl") throw new Failed("--format must be parquet or jsonl");
  if (!/^[1-9]\d{0,6}$/.test(part)) throw new Failed("--part must be 1 to 9999999");
  const text = (/** @type {number} */ at) => new Date(at).toISOString();
  /** @type {{ format: "parquet" | "jsonl" }} */
  const kind = { format };
  return { project, since: text(from), until: to === undefined ? undefined : text(to), ...kind, payloads, out, part: Number(part), remote };
}
