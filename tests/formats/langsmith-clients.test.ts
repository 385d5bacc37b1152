// LangSmith's published SDKs and LangGraph against the Worker, each set up by the lines that
// docs/connecting.md has for it: sdk/langsmith_runs.py and sdk/langsmith-runs.mjs. The Worker
// is the built one, with a bucket that fails when told to. Python with the SDK installed is
// EDGESPAN_PYTHON, which `npm test` sets.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeEach, expect, test, type TestContext } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";

const python = process.env.EDGESPAN_PYTHON;
const worker = useWorker({ main: "./tests/support/faulty-entry.mjs" });
const MINUTES = { timeout: 180_000 };

const inject = (...faults: object[]) => worker.request("/__faults", { method: "POST", body: JSON.stringify(faults) });
beforeEach(async () => void (await inject()));

const script = (name: string) => fileURLToPath(new URL(`../sdk/${name}`, import.meta.url));

interface Ran {
  /** The ids of the traces that were sent. */
  traces: [string, ...string[]];
  /** What the SDK complained of. */
  complaints: string;
}

/** Runs a program with the lines that send to this project. */
function run(program: string, project: Project, more: Record<string, string> = {}): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(LANG(SMITH|CHAIN)|OTEL)_/.test(name));
  const env = {
    ...Object.fromEntries(inherited),
    PYTHONUTF8: "1",
    PYTHONDONTWRITEBYTECODE: "1",
    LANGSMITH_ENDPOINT: worker.url.origin,
    LANGSMITH_API_KEY: project.key,
    LANGSMITH_TRACING: "true",
    LANGSMITH_PROJECT: "shop",
    ...more,
  };
  const [command, args] = program.endsWith(".mjs")
    ? [process.execPath, [script(program)]]
    : [python!, [script("langsmith_runs.py"), program]];
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program}: ${error.message}\n${stderr}`));
      else resolve({ ...JSON.parse(stdout), complaints: stderr });
    });
  });
}

/** The same where nothing is to complain of. */
async function runQuietly(program: string, project: Project, more: Record<string, string> = {}): Promise<[string, ...string[]]> {
  const { traces, complaints } = await run(program, project, more);
  expect(complaints).toBe("");
  return traces;
}

/** Skips where there is no Python with the clients; in CI there has to be. */
function needsPython(context: TestContext): void {
  if (python) return;
  if (process.env.CI) throw new Error("no Python to run the clients with: EDGESPAN_PYTHON is not set");
  context.skip("no Python to run the clients with: EDGESPAN_PYTHON is not set");
}

type Span = Record<string, any>;

/** The spans with this name. */
const named = (trace: { spans?: Span[] }, name: string): any[] => trace.spans!.filter((span) => span.name === name);

/** What every program's trace has to be. */
function expectWhole(trace: Record<string, any>): void {
  const ids = new Set(trace.spans.map((span: Span) => span.id));
  const roots = trace.spans.filter((span: Span) => span.parentSpanId === null);
  expect(roots.map((span: Span) => span.id)).toEqual([trace.id]);
  for (const span of trace.spans) {
    expect(span.payloadError ?? null, span.name).toBe(null);
    expect(span, span.name).toMatchObject({ startTime: expect.any(String), endTime: expect.any(String) });
    if (span.id !== trace.id) expect(ids).toContain(span.parentSpanId);
  }
  // Counted once, whatever repeats it.
  const counted = trace.spans.filter((span: Span) => span.totalTokens !== null);
  expect(new Set(counted.map((span: Span) => span.type))).toEqual(new Set(counted.length ? ["LLM"] : []));
  expect(trace.totalTokens).toBe(counted.reduce((sum: number, span: Span) => sum + span.totalTokens, 0));
}

const model = { type: "LLM", model: "gpt-4o-mini", status: "OK", promptTokens: expect.any(Number), completionTokens: expect.any(Number) };

test("LangSmith's SDK for Python: threads, async code, streams, errors, feedback", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  const [id] = await runQuietly("agent", project);
  const found = await project.traceWith(16, id);
  expect(found).toMatchObject({ name: "answer", sessionId: "s-1", userId: "u-1", tags: ["shop"], status: "OK" });
  expect(found.metadata).toMatchObject({ plan: { a: 1 }, late: true, session_name: "shop" });
  expectWhole(found);
  expect(named(found, "answer")[0]).toMatchObject({ type: "CHAIN", status: "OK", input: { question: "Where is my order?" } });
  expect(named(found, "answer")[0].output).toMatchObject({ text: "On its way." });
  expect(named(found, "find")[0]).toMatchObject({ type: "RETRIEVAL", parentSpanId: id });
  const tools = named(found, "look_up");
  expect(tools).toHaveLength(8);
  for (const tool of tools) expect(tool).toMatchObject({ type: "TOOL", parentSpanId: id });
  // Numbers come back as they were sent.
  expect((await project.trace(id)).text).toContain('"exact":1152921504606846976');
  const [asked, streamed, failed] = named(found, "ChatOpenAI").filter((span) => span.parentSpanId === id);
  const [later] = named(found, "ChatOpenAI").filter((span) => span.parentSpanId === named(found, "think")[0].id);
  for (const call of [asked, streamed, later]) expect(call).toMatchObject({ ...model, cachedTokens: 1 });
  expect(asked.modelParameters).toMatchObject({ temperature: 0.2 });
  expect(JSON.stringify(asked.output)).toContain("echo: Where is my order?");
  expect(JSON.stringify(streamed.output)).toContain("echo: stream");
  expect(failed).toMatchObject({ type: "LLM", status: "ERROR", totalTokens: null });
  expect(named(found, "fails")[0]).toMatchObject({
    status: "ERROR",
    errorMessage: String.raw`ValueError('nothing to give back\nand more')`,
  });
});

test("LangGraph: an agent with a tool, in a thread", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  const [id] = await runQuietly("langgraph", project);
  const found = await project.traceWith(9, id);
  expect(found).toMatchObject({ name: "LangGraph", sessionId: "th-1", userId: "u-9", tags: ["lg"], status: "OK", totalTokens: 400 });
  expectWhole(found);
  const calls = named(found, "GenericFakeChatModel");
  expect(calls).toHaveLength(2);
  for (const call of calls)
    expect(call).toMatchObject({ type: "LLM", promptTokens: 150, completionTokens: 50, totalTokens: 200, cachedTokens: 20 });
  expect(named(found, "weather")[0]).toMatchObject({ type: "TOOL", input: { city: "Oslo" } });
});

test("runs one by one, without the id of their trace", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  const ids = await runQuietly("singles", project);
  await project.settled(4);
  for (const id of ids) {
    const found = await project.traceWith(1, id);
    expect(found).toMatchObject({ name: "low", status: "OK", totalTokens: 7 });
    expect(found.spans[0]).toMatchObject({ type: "LLM", input: { q: 1 }, output: { a: 2 }, promptTokens: 3, completionTokens: 4 });
    expectWhole(found);
  }
});

test("more runs than a batch holds, sent by threads", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  for (const id of await runQuietly("many", project)) expectWhole(await project.traceWith(10, id));
});

test("a run that cannot be kept costs no other of its batch", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  for (const id of await runQuietly("bad", project)) {
    const found = await project.traceWith(1, id);
    expectWhole(found);
    expect(found.spans[0]).toMatchObject({ name: "low", input: { q: 1 }, output: { a: 2 } });
  }
  expect(await project.spans()).toBe(2);
});

test("who was told by somebody else to send parts and zstd gets through", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  for (const id of await runQuietly("parts", project)) {
    const found = await project.traceWith(10, id);
    expectWhole(found);
    expect(found).toMatchObject({ name: "parent", userId: "u-1" });
    expect(named(found, "parent")[0]).toMatchObject({ input: { asked: "with a picture" }, output: { output: id } });
    for (const child of named(found, "child")) expect(child.output.text).toBe("ü".repeat(1_000));
  }
  // Each trace of this project was sent in parts; its feedback may have gone by itself.
  const { objects } = await worker.bindings.RAW.list();
  const inParts = objects.filter(({ key }) => key.includes(project.id) && key.endsWith(".langsmith.parts"));
  expect(inParts.length).toBeGreaterThanOrEqual(3);
});

// As `update_run(id, end_time=…)` sends it.
test("a change that does not say its trace ends the run, whichever of the two comes first", async () => {
  const project = await worker.project();
  const send = async (method: string, path: string, body: object) => {
    const headers = { "x-api-key": project.key, "content-type": "application/json" };
    const answer = await worker.request(path, { method, headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(202);
  };
  for (const [nth, changeComesFirst] of [false, true].entries()) {
    const [root, child] = [randomUUID(), randomUUID()];
    const run = { trace_id: root, run_type: "chain", start_time: "2026-11-22T06:19:00Z" };
    const create = () =>
      send("POST", "/runs/batch", {
        post: [
          { ...run, id: root, name: "root", end_time: "2026-11-22T06:19:09Z" },
          { ...run, id: child, name: "child", parent_run_id: root },
        ],
      });
    const change = () => send("PATCH", `/runs/${child}`, { trace_id: null, end_time: "2026-11-22T06:19:05Z", outputs: { a: 1 } });
    if (changeComesFirst) {
      await change();
      await project.listWith(nth + 1);
      await create();
    } else {
      await create();
      await project.traceWith(2, root);
      await change();
    }
    await eventually(async () => {
      const found = await project.traceWith(2, root);
      expect(named(found, "child")[0]).toMatchObject({ output: { a: 1 }, endTime: "2026-11-22T06:19:05.000Z" });
    });
    await project.listWith(nth + 1);
  }
});

test("LangSmith's SDK for JavaScript", MINUTES, async () => {
  const project = await worker.project();
  const [id] = await runQuietly("langsmith-runs.mjs", project);
  const found = await project.traceWith(6, id);
  expect(found).toMatchObject({ name: "answer", sessionId: "s-1", userId: "u-1", tags: ["shop"], status: "OK", totalTokens: 200 });
  expectWhole(found);
  expect(named(found, "look_up")).toHaveLength(3);
  expect(named(found, "chat")[0]).toMatchObject({ ...model, promptTokens: 150, completionTokens: 50, cachedTokens: 20 });
  expect(named(found, "fails")[0]).toMatchObject({ status: "ERROR", errorMessage: expect.stringContaining("nothing to give back") });
});

test("LangSmith's SDK for Python as OpenTelemetry", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  await run("many", project, { LANGSMITH_TRACING_MODE: "otel" });
  await eventually(async () => {
    const { traces } = (await project.get("/api/v1/traces?limit=100")).json.data;
    expect(traces).toHaveLength(30);
    for (const trace of traces) expect(trace).toMatchObject({ name: "parent", spanCount: 10, status: "OK" });
  });
});

test("a wrong key costs the program nothing and says so", MINUTES, async (context) => {
  needsPython(context);
  const project = await worker.project();
  const { complaints } = await run("many", project, { LANGSMITH_API_KEY: "lsv2_pt_other" });
  expect(complaints).toContain("401");
  expect(await project.rows("batch")).toHaveLength(0);
});

for (const after of [false, true]) {
  const how = after ? "the bucket has it, and its answer is lost" : "the bucket is away";
  test(`an outage is sat out, and nothing doubles: ${how}`, MINUTES, async (context) => {
    needsPython(context);
    const project = await worker.project();
    // Each request tries twice.
    await inject({ on: "RAW.put", times: 2, after });
    const { traces } = await run("many", project);
    for (const id of traces) expectWhole(await project.traceWith(10, id));
  });
}

test("the variables are those that the documentation has", () => {
  const documentation = readFileSync(new URL("../../docs/connecting.md", import.meta.url), "utf8");
  for (const line of ['LANGSMITH_ENDPOINT="', 'LANGSMITH_API_KEY="', "LANGSMITH_TRACING=true", "`LANGSMITH_TRACING_MODE=otel`"]) {
    expect(documentation).toContain(line);
  }
});
