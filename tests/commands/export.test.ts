// `npm run export` of a real Worker: what DuckDB reads of the files is what the API says, also
// where the command was killed on its way; and the queries of docs/exporting.md, word for word.
import { execFile, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/run.mjs";
import { useStub } from "../support/stub.ts";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate } from "../support/events.ts";

const SECRET = "the-operators";
const worker = useWorker({ vars: { ADMIN_TOKEN: SECRET } });
const TRACES = 300;
const NAME = "shop";

/** What runs, and is to be killed by the request that the stub is told to wait for. */
let running: ChildProcess | undefined;
let killAt = Number.POSITIVE_INFINITY;
/** The Worker behind a server that ends the command. */
const between = await useStub(async (response, { path, headers }) => {
  if (between.asked.length === killAt) running!.kill("SIGKILL");
  const answer = await worker.request(path, { headers: { authorization: String(headers.authorization) } });
  response.writeHead(answer.status, { "content-type": "application/json" }).end(answer.text);
});

const temporary = mkdtempSync(join(tmpdir(), "edgespan-export-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));
const folder = (name: string) => join(temporary, name);

/** Runs the command; its exit code, or the signal that ended it. */
function run(...args: string[]): Promise<{ code: unknown; out: string; said: string }> {
  const env = { ...process.env, EDGESPAN_URL: between.url, ADMIN_TOKEN: SECRET, TZ: "Asia/Kolkata" };
  return new Promise((done) => {
    running = execFile("node", ["scripts/export.mjs", "--remote", ...args], { cwd: root, env }, (error, out, said) =>
      done({ code: error ? (error.signal ?? error.code) : 0, out, said }),
    );
  });
}

const SINCE = ["--project", NAME, "--since", "2026-03-14"];

/** The spans of trace `n`: three, the second of which is a call of a model; every seventh trace fails. */
function eventsOf(n: number): object[] {
  const id = `t${n}`;
  const at = (s: number, ms = 0) => new Date(Date.UTC(2026, 2, 14) + n * 600_000 + s * 1_000 + ms).toISOString();
  const span = (s: number, body: object) =>
    spanCreate({ id: `${id}-${s}`, traceId: id, startTime: at(s), endTime: at(s + 1, n), ...body }, { timestamp: at(s + 1) });
  const failed = n % 7 === 0 && { status: "ERROR", errorMessage: `no answer from "host ${n % 2}"` };
  const usage = { promptTokens: n, completionTokens: 10, totalTokens: n + 10 };
  return [
    span(0, { name: "agent", type: "AGENT", input: { text: `naïve “${n}”`, n } }),
    span(1, { name: "llm", type: "LLM", model: `model-${n % 2}`, parentSpanId: `${id}-0`, usage, cost: n / 1_000, output: [n, null, "é"] }),
    span(2, { name: "tool", type: "TOOL", parentSpanId: `${id}-0`, metadata: { n }, ...failed }),
  ];
}

/** What Langfuse's SDK says of trace `n`: 2Signal's knows no users. */
const traceOf = (n: number) => {
  const timestamp = new Date(Date.UTC(2026, 2, 14) + n * 600_000).toISOString();
  const body = { id: `t${n}`, name: `name ${n % 3}`, userId: `user-${n % 10}`, sessionId: `s${n % 30}`, tags: ["all", `tag-${n % 2}`] };
  return { id: `e${n}`, type: "trace-create", timestamp, body: { ...body, timestamp, metadata: { promptVersion: `v${n % 4}`, n } } };
};

/** All traces as the API gives them, by their ids. */
const known = new Map<string, any>();
const spans = () => [...known.values()].flatMap((trace) => trace.spans);
let db: DuckDBConnection;

/** Rows of a query, as JSON has them. */
const query = async (sql: string): Promise<Record<string, any>[]> =>
  (await db.runAndReadAll(sql)).getRowObjectsJson() as Record<string, any>[];

beforeAll(async () => {
  db = await (await DuckDBInstance.create(":memory:")).connect();
  await db.run("set timezone = 'UTC'");
  const other = await worker.project();
  await other.send(...eventsOf(1));
  const project: Project = await worker.project();
  await worker.run("update project set name = ? where id = ?", NAME, project.id);
  for (let n = 0; n < TRACES; n += 50) {
    const some = Array.from({ length: 50 }, (_, at) => n + at);
    await project.send(...some.flatMap(eventsOf));
    const answer = await project.json("POST", "/api/public/ingestion", { batch: some.map(traceOf) });
    expect(answer.json, answer.text).toMatchObject({ errors: [], successes: { length: 50 } });
  }
  await project.settled(TRACES / 25);
  for (let n = 0; n < TRACES; n++) known.set(`t${n}`, await project.traceWith(3, `t${n}`));
}, 120_000);

/** Holds an export to what the API says of every trace and span. */
async function expectAll(path: string, format: string, payloads: boolean): Promise<void> {
  const table = (name: string) =>
    format === "jsonl" ? `read_json_auto('${path}/${name}-*.jsonl', sample_size = -1)` : `'${path}/${name}-*.parquet'`;
  const json = format === "jsonl" ? (value: any) => value : (value: any) => (value === null ? null : JSON.parse(value));
  const text = (column: string) => (format === "jsonl" ? `to_json(${column})` : column);
  const time = (column: string) => `strftime(${column}::timestamp, '%Y-%m-%dT%H:%M:%S.%gZ') as ${column}`;
  const traces = await query(
    `select * replace (${time("start_time")}, ${time("end_time")}, ${text("tags")} as tags, ${text("metadata")} as metadata) from ${table("traces")}`,
  );
  expect(traces.every(({ user_id }) => user_id?.startsWith("user-"))).toBe(true);
  expect(traces.map(({ id }) => id).sort()).toEqual([...known.keys()].sort());
  for (const row of traces) {
    const trace = known.get(row.id);
    expect([row.name, row.status, row.start_time, row.end_time, row.user_id, row.session_id]).toEqual([
      trace.name,
      trace.status,
      trace.startTime,
      trace.endTime,
      trace.userId,
      trace.sessionId,
    ]);
    expect([row.duration_ms, row.span_count, row.error_count, row.total_tokens].map(Number)).toEqual([
      trace.durationMs,
      trace.spanCount,
      trace.errorCount,
      trace.totalTokens,
    ]);
    expect([row.total_cost, JSON.parse(row.tags), JSON.parse(row.metadata)]).toEqual([Number(trace.totalCost), trace.tags, trace.metadata]);
  }
  const found = await query(`select * replace (${time("start_time")}, ${time("end_time")}) from ${table("spans")}`);
  const byId = new Map(spans().map((span) => [span.id, span]));
  expect(found.map(({ id }) => id).sort()).toEqual([...byId.keys()].sort());
  for (const row of found) {
    const span = byId.get(row.id);
    expect([
      row.trace_id,
      row.parent_span_id,
      row.name,
      row.type,
      row.status,
      row.error_message,
      row.model,
      row.start_time,
      row.end_time,
    ]).toEqual([
      span.traceId,
      span.parentSpanId,
      span.name,
      span.type,
      span.status,
      span.errorMessage,
      span.model,
      span.startTime,
      span.endTime,
    ]);
    const number = (value: unknown) => (value === null ? null : Number(value));
    expect([row.prompt_tokens, row.completion_tokens, row.total_tokens, row.cost, row.duration_ms].map(number)).toEqual(
      [span.promptTokens, span.completionTokens, span.totalTokens, span.cost, span.durationMs].map(number),
    );
    expect("input" in row).toBe(payloads);
    if (payloads && format === "parquet")
      expect([row.input, row.output, row.metadata].map(json)).toEqual([span.input, span.output, span.metadata]);
  }
}

describe("an export", { timeout: 120_000 }, () => {
  test.each([
    ["parquet", ["--payloads"]],
    ["jsonl", []],
  ])("has every trace and span of the project once, as %s", async (format, more) => {
    const path = folder(format);
    const done = await run(...SINCE, "--format", format, "--out", path, ...more);
    expect(done, done.said).toMatchObject({ code: 0, out: `${TRACES} traces with ${3 * TRACES} spans are in ${path}\n` });
    await expectAll(path, format, more.length > 0);
  });

  test("that is killed, wherever that is, goes on and has nothing twice and misses nothing", async () => {
    const path = folder("killed");
    const args = [...SINCE, "--out", path, "--part", "100"];
    // As its first page is asked for, among its traces, and in the third part.
    for (const at of [2, 57, 230]) {
      between.asked.length = 0;
      killAt = at;
      expect((await run(...args)).code).toBe("SIGKILL");
    }
    killAt = Number.POSITIVE_INFINITY;
    const before = JSON.parse(readFileSync(join(path, "export.json"), "utf8")).standing;
    expect(before).toMatchObject({ done: false });
    expect(before.traces).toBeGreaterThan(0);
    // Killed once more, before that was noted, and in the midst of a file.
    writeFileSync(join(path, `spans-${String(before.part).padStart(5, "0")}.parquet`), "half");
    writeFileSync(join(path, `traces-${String(before.part).padStart(5, "0")}.parquet.tmp`), "half");
    const done = await run(...args);
    expect(done, done.said).toMatchObject({ code: 0, said: expect.stringContaining(`going on after ${before.traces} traces`) });
    await expectAll(path, "parquet", false);
    expect(readdirSync(path).filter((name) => name.startsWith("spans-")).length).toBeGreaterThan(1);
    // Done is done.
    const files = readdirSync(path);
    expect((await run(...args)).out).toContain(`${TRACES} traces`);
    expect(readdirSync(path)).toEqual(files);
  });

  test("has what started in its time, from --since on and before --until", async () => {
    const path = folder("some");
    const done = await run("--project", NAME, "--since", "2026-03-14T00:10:00Z", "--until", "2026-03-14T00:40:00Z", "--out", path);
    expect(done.code, done.said).toBe(0);
    expect((await query(`select id from '${path}/traces-*.parquet' order by id`)).map(({ id }) => id)).toEqual(["t1", "t2", "t3"]);
    expect((await run("--project", NAME, "--since", "2026-03-13", "--until", "2026-03-14", "--out", folder("none"))).out).toMatch(
      /^0 traces with 0 spans/,
    );
    expect(await query(`select count(*)::int as n from '${folder("none")}/spans-*.parquet'`)).toEqual([{ n: 0 }]);
  });

  test.each([
    [["--since", "2026-03-14"], /whose traces/],
    [["--project", NAME], /from when on/],
    [[...SINCE, "--format", "csv"], /parquet or jsonl/],
    [[...SINCE, "--until", "2026-03-01"], /later than --since/],
    [[...SINCE, "--part", "0"], /--part must be/],
    [["--project", "nobody", "--since", "2026-03-14", "--out", folder("nobody")], /no project nobody/],
    [[...SINCE, "--format", "jsonl", "--out", folder("parquet")], /has an export of format parquet/],
    [[...SINCE, "--out", root], /is not empty/],
  ])("says what is wrong with %j", async (args, expected) => {
    expect(await run(...args)).toMatchObject({ code: 1, said: expect.stringMatching(expected) });
  });

  test("is the operator's to make", async () => {
    for (const path of [`projects/${NAME}/traces`, `projects/${NAME}/traces/t1`]) {
      const asked = (authorization: string) => worker.request(`/api/v1/admin/${path}`, { headers: { authorization } });
      expect((await asked("Bearer wrong")).status).toBe(401);
      expect((await asked(`Bearer ${SECRET}`)).status).toBe(200);
    }
    const none = await worker.request("/api/v1/admin/projects/none/traces", { headers: { authorization: `Bearer ${SECRET}` } });
    expect(none.status).toBe(404);
  });
});

describe("the queries of docs/exporting.md", () => {
  const blocks = [...readFileSync(join(root, "docs/exporting.md"), "utf8").matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!);
  const ask = (n: number) => query(blocks[n]!.replaceAll("'export/", `'${folder("parquet")}/`));
  const by = <T>(rows: T[], key: (row: T) => string) => [...Map.groupBy(rows, key)];
  const sum = (numbers: number[]) => Number(numbers.reduce((a, b) => a + b, 0).toFixed(9));

  test("are five", () => expect(blocks).toHaveLength(5));

  test("what each model costs a day", async () => {
    const groups = by(
      spans().filter(({ model }) => model),
      (span) => `${span.startTime.slice(0, 10)} ${span.model}`,
    );
    const expected = groups.map(([key, all]) => [key, all.length, sum(all.map((s) => s.totalTokens)), sum(all.map((s) => Number(s.cost)))]);
    const rows = (await ask(0)).map((row) => [`${row.day.slice(0, 10)} ${row.model}`, Number(row.calls), Number(row.tokens), row.dollars]);
    expect(rows).toHaveLength(6);
    expect([...rows].sort()).toEqual(expected.sort());
    expect(rows.map(([key]) => key.slice(0, 10))).toEqual(rows.map(([key]) => key.slice(0, 10)).sort());
  });

  test("the slowest steps", async () => {
    const longest = (name: string) =>
      Math.max(
        ...spans()
          .filter((span) => span.name === name)
          .map(({ durationMs }) => durationMs),
      );
    const rows = await ask(1);
    expect(rows.map((row) => [row.name, row.type, Number(row.times), Number(row.longest_ms)])).toEqual(
      [
        ["agent", "AGENT"],
        ["llm", "LLM"],
        ["tool", "TOOL"],
      ].map(([name, type]) => [name, type, TRACES, longest(name!)]),
    );
    for (const row of rows) expect(Number(row.p95_ms)).toBeGreaterThan(Number(row.median_ms));
  });

  test("what fails", async () => {
    const failed = spans().filter(({ status }) => status === "ERROR");
    const expected = by(failed, (span) => span.errorMessage).map(([message, all]) => [
      "tool",
      message,
      all.length,
      new Set(all.map((s) => s.traceId)).size,
    ]);
    const rows = (await ask(2)).map((row) => [row.name, row.error_message, Number(row.times), Number(row.traces)]);
    expect(rows).toHaveLength(2);
    expect(rows.sort()).toEqual(expected.sort());
  });

  test("a user's conversations", async () => {
    const own = [...known.values()].filter(({ userId }) => userId === "user-1");
    const expected = by(own, (trace) => trace.sessionId).map(([session, all]) => {
      const ordered = all.sort((a, b) => a.startTime.localeCompare(b.startTime));
      return [
        session,
        all.length,
        sum(all.map((t) => t.totalTokens)),
        sum(all.map((t) => Number(t.totalCost))),
        ordered.map(({ id }) => id),
      ];
    });
    const rows = (await ask(3)).map((row) => [row.session_id, Number(row.turns), Number(row.tokens), row.dollars, row.traces]);
    expect(rows).toHaveLength(3);
    expect(rows.sort()).toEqual(expected.sort());
  });

  test("tokens by version and tag", async () => {
    const pairs = [...known.values()].flatMap((trace) =>
      trace.tags.map((tag: string) => ({ key: `${trace.metadata.promptVersion} ${tag}`, trace })),
    );
    const expected = by(pairs, ({ key }) => key).map(([key, all]) => [key, all.length, sum(all.map(({ trace }) => trace.totalTokens))]);
    const rows = (await ask(4)).map((row) => [`${row.version} ${row.tag}`, Number(row.traces), Number(row.tokens)]);
    expect(rows).toHaveLength(8);
    expect(rows).toEqual(expected.sort());
  });
});
