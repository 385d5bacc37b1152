// Langfuse's SDKs of before OpenTelemetry against the Worker, each set up by the lines that
// docs/connecting.md has for it: sdk/langfuse_2.py and sdk/langfuse-3.mjs.
import { describe, expect, test, type TestContext } from "vitest";
import { needsPython, runClient, variablesOf } from "../support/clients.ts";
import { useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();

interface Ran {
  sent: Record<string, any>;
  /** What the SDK had to say. */
  log: string;
}

async function run(program: string, file: string, args: string[], environment: Record<string, string>): Promise<Ran> {
  const { printed, complaints } = await runClient(program, file, args, environment);
  return { sent: JSON.parse(printed), log: complaints };
}

function byPython(context: TestContext, client: string, project: Pick<Project, "key">): Promise<Ran> {
  const python = needsPython(context, "langfuse");
  return run(python, "langfuse_2.py", [client], variablesOf("### Langfuse 2 for Python", worker, project));
}

const spanOf = (trace: Record<string, any>, name: string) => trace.spans.find((span: { name: string }) => span.name === name);

const support = {
  name: "support",
  status: "ERROR",
  userId: "u1",
  sessionId: "s1",
  tags: ["a", "b", "c"],
  metadata: { env: { x: 1, y: 1 } },
};

describe("Langfuse's SDK 2 for Python", { timeout: 120_000 }, () => {
  test("decorators: a tree, one function alone, threads and tasks", async (context) => {
    const project = await worker.project();
    const { sent, log } = await byPython(context, "decorators", project);
    expect(log).toBe("");
    const tree = await project.traceWith(3, sent.tree);
    expect(tree).toMatchObject({ ...support, totalTokens: 150, input: { args: ["Where is my order?"], kwargs: {} } });
    expect(tree.output[0]).toBe("On its way.");
    expect(tree.durationMs).not.toBeNull();
    expect(spanOf(tree, "retrieve")).toMatchObject({
      type: "CHAIN",
      status: "OK",
      output: [{ doc: 1 }],
      metadata: { k: 3 },
      errorMessage: null,
    });
    expect(spanOf(tree, "call")).toMatchObject({
      type: "LLM",
      model: "gpt-4o-mini",
      modelParameters: { temperature: "0.2" },
      promptTokens: 130,
      completionTokens: 20,
      totalTokens: 150,
      cachedTokens: 30,
      output: "On its way.",
    });
    expect(spanOf(tree, "fail")).toMatchObject({ status: "ERROR", errorMessage: "kaput", output: null });
    for (const span of tree.spans) expect(span).toMatchObject({ parentSpanId: null, endTime: expect.any(String) });

    expect(await project.traceWith(0, sent.alone)).toMatchObject({ name: "alone", status: "OK", output: sent.alone, spanCount: 0 });
    const tasks = await project.traceWith(20, sent.tasks);
    expect(tasks.spans.map((span: { output: number }) => span.output).sort((a: number, b: number) => a - b)).toEqual([...Array(20).keys()]);
    expect(sent.threads).toHaveLength(4);
    for (const id of sent.threads) expect(await project.traceWith(3, id)).toMatchObject({ ...support, totalTokens: 150 });
  });

  test("the client: observations in many events over several batches, scores, and whose key it is", async (context) => {
    const project = await worker.project();
    const { sent, log } = await byPython(context, "client", project);
    expect(log).toBe("");
    expect(sent.signed_in).toBe(true);
    await project.settled(3);
    const trace = await project.traceWith(3, sent.trace);
    expect(trace).toMatchObject({
      name: "low",
      userId: "u2",
      sessionId: "s2",
      tags: ["x", "y"],
      status: "ERROR",
      input: { q: "Where is my order?" },
      output: "final",
      metadata: { a: 1, b: 2 },
      totalTokens: 17,
    });
    const outer = spanOf(trace, "outer");
    expect(outer).toMatchObject({ type: "CHAIN", status: "ERROR", errorMessage: "broke", input: { i: 1 }, output: { o: 1 } });
    expect(outer.metadata).toEqual({ first: 1, second: 2 });
    const generation = spanOf(trace, "gen");
    expect(generation).toMatchObject({ type: "LLM", parentSpanId: outer.id, promptTokens: 11, completionTokens: 6, output: "On its way." });
    expect(generation).toMatchObject({ input: [{ role: "user", content: "Where is my order?" }], modelParameters: { max_tokens: 5 } });
    expect(generation.metadata).toEqual({ added: true, more: [1] });
    expect(spanOf(trace, "cache-hit")).toMatchObject({ type: "CUSTOM", parentSpanId: outer.id, durationMs: 0, input: { k: "v" } });
  });

  test("its wrapper of OpenAI: a call, one that streams, one that fails", async (context) => {
    const project = await worker.project();
    const { sent, log } = await byPython(context, "openai", project);
    // What the call itself came to, and nothing else.
    expect(log).toMatch(/^Error code: 400 - .*it was asked to fail.*\n$/);
    const asked = { type: "LLM", model: "gpt-4o-mini", promptTokens: 4, completionTokens: 5, totalTokens: 9, cachedTokens: 1 };
    for (const name of ["plain", "stream"]) {
      const trace = await project.traceWith(1, sent[name]);
      expect(trace).toMatchObject({ name, status: "OK", totalTokens: 9 });
      expect(trace.spans[0]).toMatchObject(asked);
      expect(JSON.stringify(trace.spans[0].input)).toContain("Where is my order?");
      expect(JSON.stringify(trace.spans[0].output)).toContain("echo: Where is my order?");
    }
    const failing = await project.traceWith(1, sent.failing);
    expect(failing).toMatchObject({ status: "ERROR", totalTokens: 0, totalCost: "0" });
    expect(failing.spans[0]).toMatchObject({ ...asked, promptTokens: null, completionTokens: null, totalTokens: null, cachedTokens: null });
    expect(failing.spans[0].errorMessage).toContain("it was asked to fail");
  });

  test("it reads back what it sent", async (context) => {
    const project = await worker.project();
    const { sent, log } = await byPython(context, "reads", project);
    // Its word for the trace that is not there.
    expect(log).toMatch(/^Internal error occurred[^\n]*\n$/);
    expect(sent).toMatchObject({ pages: [2, 1, 2], of_user: [sent.trace], since: 0, observations: ["chat"], missing: 404 });
    expect(sent.whole).toMatchObject({ name: "read", userId: "u2", input: { n: 2 }, output: "done", metadata: { n: 2 }, totalCost: 0.5 });
    const generation = sent.whole.observations.find((one: { type: string }) => one.type === "GENERATION");
    expect(generation).toMatchObject({
      name: "chat",
      model: "gpt-4o-mini",
      usageDetails: { input: 3, output: 4, total: 7 },
      level: "DEFAULT",
    });
    expect(generation.modelParameters).toEqual({ temperature: "0.2", stop: ["a"] });
    expect(sent.scores.sort()).toEqual(["Score_Boolean", "Score_Categorical", "Score_Numeric"]);
    expect(sent).toMatchObject({ score_pages: [2, 1, 2], listed_scores: 3 });
    expect(sent.of_type).toMatchObject([{ name: "label", stringValue: "good", traceId: sent.trace }]);
    expect(sent.score).toMatchObject({ dataType: "BOOLEAN", value: 0, stringValue: "False", source: "API", traceId: sent.trace });
    // Nobody else does.
    const other = await worker.project();
    expect((await other.get(`/api/public/traces/${sent.trace}`)).status).toBe(404);
    expect((await other.get(`/api/public/observations?traceId=${sent.trace}`)).json.data).toEqual([]);
    expect((await other.get("/api/public/traces")).json.data).toEqual([]);
    expect((await other.get("/api/public/scores")).json.data).toEqual([]);
    expect((await other.get(`/api/public/scores/${sent.trace}-thumbs`)).status).toBe(404);
  });

  test("a bad event among good ones: those are kept, once, however often it sends them", async (context) => {
    const project = await worker.project();
    const { sent } = await byPython(context, "bad-event", project);
    const trace = await project.traceWith(1, sent.trace);
    expect(trace).toMatchObject({ name: "good", input: 1 });
    expect(trace.spans[0]).toMatchObject({ name: "step", output: 2 });
    expect(await project.list()).toMatchObject({ traces: [{ name: "good", spanCount: 1 }] });
  });

  test("a wrong key is refused in words, and keeps nothing", async (context) => {
    const project = await worker.project();
    const { sent } = await byPython(context, "wrong-key", { key: "sk-lf-1234" });
    expect(sent.refused).toMatch(/401|[Uu]nauthorized|authenticat/);
    expect(await project.objects()).toEqual([]);
  });
});

test("Langfuse's SDK 3 for JavaScript", { timeout: 120_000 }, async () => {
  const project = await worker.project();
  const { sent, log } = await run(process.execPath, "langfuse-3.mjs", [], variablesOf("### Langfuse 3 for JavaScript", worker, project));
  expect(log).toBe("");
  const trace = await project.traceWith(4, sent.trace);
  expect(trace).toMatchObject({
    name: "js",
    userId: "u5",
    sessionId: "s5",
    tags: ["js", "late"],
    status: "ERROR",
    input: { q: 1 },
    output: "final",
    metadata: { a: 1, b: 2 },
    totalTokens: 217,
    // What one call says it cost, and what another comes to by the table of prices.
    totalCost: "0.010051",
  });
  const outer = spanOf(trace, "outer");
  expect(outer).toMatchObject({ type: "CHAIN", status: "ERROR", errorMessage: "broke", input: { i: 1 }, output: { o: 1 } });
  expect(spanOf(trace, "gen")).toMatchObject({
    type: "LLM",
    parentSpanId: outer.id,
    promptTokens: 12,
    completionTokens: 5,
    cachedTokens: 2,
    cost: 0.01,
  });
  expect(spanOf(trace, "ev")).toMatchObject({ type: "CUSTOM", parentSpanId: outer.id, status: "OK" });
  const wrapped = spanOf(trace, "wrapped");
  expect(wrapped).toMatchObject({
    type: "LLM",
    model: "gpt-4o-mini",
    promptTokens: 150,
    completionTokens: 50,
    totalTokens: 200,
    cachedTokens: 20,
  });
  expect(JSON.stringify(wrapped.output)).toContain("On its way.");
});
