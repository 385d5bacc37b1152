// `npm run demo` against the Worker: what it sends is accepted, is a mix, and
// is the same again from the same seed. How it looks is for people to judge.
import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();
const UNTIL = "2026-03-14T10:00:00Z";

/** Runs it; its exit code and all that it said, or what it said until `enough`. */
function demo(args: string[], enough?: () => Promise<unknown>) {
  const { TWOSIGNAL_API_KEY: _, ...env } = process.env;
  const child = spawn("node", ["scripts/demo.mjs", ...args], { env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const ended = new Promise<{ code: number | null; said: string }>((done) => child.on("close", (code) => done({ code, said })));
  return enough
    ? enough()
        .finally(() => child.kill("SIGTERM"))
        .then(() => ended)
    : ended;
}

const to = (project: Project) => ["--url", `${worker.url.origin}/`, "--key", project.key];
const facts = (traces: Record<string, any>[]) =>
  traces.map(({ id, name, status, startTime, endTime, totalCost, totalTokens, spanCount, tags }) => ({
    id,
    name,
    status,
    startTime,
    endTime,
    totalCost,
    totalTokens,
    spanCount,
    tags,
  }));

test("a mix of traces, once and no more however often it runs", async () => {
  const project = await worker.project();
  const args = ["--traces", "60", "--hours", "6", "--seed", "7", "--until", UNTIL, ...to(project)];
  const first = await demo(args);
  expect(first.code, first.said).toBe(0);
  expect(first.said).toMatch(/60 traces, \d+ events sent/);
  const sent = Number(/(\d+) events/.exec(first.said)![1]);
  const list = await eventually(async () => {
    const traces = await project.listWith(60);
    expect(traces.reduce((sum, { spanCount }) => sum + spanCount, 60)).toBe(sent);
    return traces;
  });

  const [most] = list.sort((a, b) => b.spanCount - a.spanCount);
  expect(most).toMatchObject({ name: "nightly-reindex", spanCount: 5_000 });
  expect(new Set(list.map(({ name }) => name)).size).toBeGreaterThan(6);
  expect(new Set(list.map(({ status }) => status))).toEqual(new Set(["OK", "ERROR"]));
  const [least, last] = [Date.parse(UNTIL) - 6 * 3_600_000, Date.parse(UNTIL)];
  for (const { startTime } of list) expect(Date.parse(startTime)).toSatisfy((at: number) => at >= least && at <= last);

  const lost = list.find(({ tags }) => tags.includes("lost-span"))!;
  const { spans } = (await project.trace(lost.id)).json.data;
  expect(spans.some(({ parentMissing }: any) => parentMissing)).toBe(true);
  expect(
    spans
      .filter(({ type, status }: any) => type === "LLM" && status === "OK")
      .every(({ cost, promptTokens }: any) => Number(cost) > 0 && promptTokens > 0),
  ).toBe(true);

  const before = facts(list);
  expect((await demo(args)).code).toBe(0);
  await project.settled(2 * (await project.rows("batch")).length);
  expect(facts((await project.list({ limit: "100" })).traces.sort((a, b) => b.spanCount - a.spanCount))).toEqual(before);
});

test("live: traces keep coming until it is stopped", async () => {
  const project = await worker.project();
  const { code } = await demo(["--traces", "0", "--live", ...to(project)], () =>
    eventually(async () => expect((await project.list()).traces.length).toBeGreaterThan(2)),
  );
  expect(code).toBe(143);
});

test.each([
  [["--traces", "many"], /--traces: a whole number/],
  [["--hours", "0"], /--hours: a whole number/],
  [["--until", "soon"], /--until: expected a time/],
  [["--url", "ftp://example.org", "--key", "ts_x"], /--url: expected/],
  [["--url", "http://localhost:1"], /--url needs --key/],
  [["--url", "http://localhost:1", "--key", "ts_x", "--traces", "1"], /does not answer/],
  [["--colour"], /--colour/],
])("%j is told in a line", async (args, message) => {
  const { code, said } = await demo(args as string[]);
  expect(code).toBe(1);
  expect(said).toMatch(message as RegExp);
  expect(said).not.toMatch(/^ +at /m);
});

test("a key that is none", async () => {
  const { code, said } = await demo(["--traces", "2", "--url", worker.url.origin, "--key", "ts_wrong"]);
  expect(code).toBe(1);
  expect(said).toMatch(/answered 401/);
});
