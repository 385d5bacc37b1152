// Evaluators of stored traces, through the built Worker and its queues: made over REST, run by
// what is written, and a webhook and a model on this machine that judge, stall, lie and fail.
import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { useStub } from "../support/stub.ts";
import { eventually, useWorker, type Project } from "../support/worker.ts";

vi.setConfig({ testTimeout: 120_000 });

/** How the server answers each path. */
const answers: Record<string, (response: ServerResponse) => void> = {
  "/fine": (response) => response.end('{"score":0.75,"label":"fine","reasoning":"because"}'),
  "/slow": () => {},
  "/lies": (response) => response.end('{"score":7}'),
  "/redirects": (response) => response.writeHead(307, { location: "/fine" }).end(),
  "/fails": (response) => response.writeHead(500).end("no"),
  "/refuses": (response) => response.writeHead(401).end("s3cret"),
  "/v1/chat/completions": (response) => {
    const content = '```json\n{"score": 4, "reasoning": "polite"}\n```';
    response.end(JSON.stringify({ choices: [{ message: { content } }] }));
  },
};
const { host, asked: calls } = await useStub((response, { path }) => answers[path]?.(response));

const worker = useWorker({
  vars: {
    EDGESPAN_LOCAL: "1",
    EVALUATOR_HOSTS: host,
    EVALUATOR_SECRET_KEY: "s3cret",
    JUDGE_BASE_URL: `http://${host}/v1`,
    JUDGE_API_KEY: "s3cret",
  },
});

async function shop(): Promise<{ project: Project; manage: (method: string, path: string, body?: unknown) => Promise<any> }> {
  const project = await worker.project();
  const admin = project.as(await project.newKey({ scopes: "admin" }));
  const manage = (method: string, path: string, body?: unknown) => admin.json(method, `/api/v1/evaluators${path}`, body);
  return { project, manage };
}

const times = { startTime: "2026-03-14T10:00:00.000Z", endTime: "2026-03-14T10:00:01.000Z" };
const root = (traceId: string, more: object = {}) => ({
  type: "span-create",
  body: { traceId, id: `${traceId}-root`, name: "agent", type: "AGENT", ...times, input: "hello", output: "yes, please", ...more },
});

test("an evaluator is made, judges what comes, is changed, run again and deleted", async () => {
  const { project, manage } = await shop();
  const made = await manage("POST", "", { name: "polite", type: "CONTAINS", config: { value: "please", extra: 1 } });
  expect(made.status, made.text).toBe(201);
  const { id, ...rest } = made.json.data;
  expect(id).toMatch(/^ev_[0-9a-f]+$/);
  expect(rest).toEqual({
    projectId: project.id,
    name: "polite",
    type: "CONTAINS",
    config: { value: "please", extra: 1 },
    enabled: true,
    autoRun: true,
    target: "trace",
    filter: {},
    sampleRate: 1,
    version: 1,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
    warnings: ["config.extra: unknown, ignored"],
  });
  await project.send(traceCreate({ id: "t" }), root("t"));
  await eventually(async () => {
    const { data } = (await project.trace("t")).json;
    expect(data.evaluations).toEqual([
      { evaluatorId: id, evaluatorName: "polite", version: 1, spanId: null, status: "ok", message: null, updatedAt: expect.any(String) },
    ]);
    expect(data.scores).toMatchObject([
      { evaluatorName: "polite", value: 1, label: "pass", source: "evaluator", metadata: { evaluatorId: id, version: 1 } },
    ]);
  });
  // A new version has scores of its own; the old one's stay.
  const changed = await manage("PATCH", `/${id}`, { config: { value: "refund" } });
  expect(changed.json.data).toMatchObject({ version: 2, config: { value: "refund" } });
  const run = await manage("POST", `/${id}/run`, { traceIds: ["t", "t"] });
  expect([run.status, run.json.data]).toEqual([202, { queued: 1 }]);
  await eventually(async () => {
    const { scores } = (await project.trace("t")).json.data;
    expect(scores.map((score: any) => [score.metadata.version, score.value]).sort()).toEqual([
      [1, 1],
      [2, 0],
    ]);
  });
  const usage = await project.get("/api/v1/usage");
  expect(usage.json.data.evalRunCount).toBe(2);
  expect((await manage("DELETE", `/${id}`)).json.data).toEqual({ id, deleted: true });
  expectFailure(await manage("GET", `/${id}`), 404, "NOT_FOUND");
  expect((await project.trace("t")).json.data.scores).toHaveLength(2);
});

test("what is wrong with an evaluator is said and nothing of it stored", async () => {
  const { project, manage } = await shop();
  for (const [body, place] of [
    [{}, "name"],
    [{ name: "n" }, "type"],
    [{ name: "n", type: "CUSTOM" }, "type"],
    [{ name: "n", type: "CONTAINS" }, "config.value"],
    [{ name: "n", type: "CONTAINS", config: [] }, "config"],
    [{ name: "n", type: "CONTAINS", config: { value: "a" }, target: "session" }, "target"],
    [{ name: "n", type: "CONTAINS", config: { value: "a" }, sampleRate: 2 }, "sampleRate"],
    [{ name: "n", type: "CONTAINS", config: { value: "a" }, filter: { spanTypes: ["X"] } }, "filter.span_types"],
    [{ name: "n", type: "REGEX_MATCH", config: { pattern: "(?=a)" } }, "config.pattern"],
    [{ name: "n", type: "WEBHOOK", config: { url: "https://example.com/" } }, "config.url"],
    [{ name: "n", type: "WEBHOOK", config: { url: "http://10.0.0.1/" } }, "config.url"],
    [{ name: "n", type: "LLM_JUDGE", config: { criteria: "" } }, "config.criteria"],
  ] as const) {
    const failure = await manage("POST", "", body);
    expectFailure(failure, 400, "VALIDATION_ERROR");
    expect(failure.json.error.details[0].path, JSON.stringify(body)).toBe(place);
  }
  const good = { name: "n", type: "CONTAINS", config: { value: "a" } };
  expect((await manage("POST", "", good)).status).toBe(201);
  expectFailure(await manage("POST", "", good), 409, "CONFLICT");
  expect((await manage("GET", "")).json.data.evaluators).toHaveLength(1);
  // A key that agents have can do none of it.
  expectFailure(await project.get("/api/v1/evaluators"), 403, "FORBIDDEN");
});

test("an evaluator is tried on a trace before it is stored", async () => {
  const { project, manage } = await shop();
  await project.send(traceCreate({ id: "t" }), root("t"));
  await project.settled(1);
  const tried = await manage("POST", "/try", { name: "n", type: "CONTAINS", config: { value: "refund" }, traceId: "t" });
  expect(tried.json.data).toEqual({
    results: [{ spanId: null, status: "ok", value: 0, label: "fail", reasoning: expect.stringContaining("refund"), message: null }],
    warnings: [],
  });
  expectFailure(await manage("POST", "/try", { name: "n", type: "LENGTH", traceId: "none" }), 404, "NOT_FOUND");
  expect((await project.trace("t")).json.data.scores).toEqual([]);
});

test("a webhook and a model judge, and one that stalls, lies, redirects or fails says why there is no score", async () => {
  const { project, manage } = await shop();
  const hook = (path: string) =>
    manage("POST", "", {
      name: path,
      type: "WEBHOOK",
      config: { url: `http://${host}/${path}`, headers: { "X-Key": "{{KEY}}" }, timeoutMs: 1000, retries: 0 },
    });
  for (const path of ["fine", "slow", "lies", "redirects", "fails", "refuses"]) {
    const made = await hook(path);
    expect(made.status, made.text).toBe(201);
    expect(made.json.data).toMatchObject({ config: { headers: { "X-Key": "***" } }, maxRunsPerDay: 10_000 });
  }
  await manage("POST", "", { name: "judge", type: "LLM_JUDGE", config: { criteria: "Is it polite?", scale: "1-5" } });
  await project.send(traceCreate({ id: "t" }), root("t"));
  await eventually(async () => {
    const { evaluations, scores } = (await project.trace("t")).json.data;
    const found = Object.fromEntries(evaluations.map((one: any) => [one.evaluatorName, [one.status, one.message]]));
    expect(found).toEqual({
      fine: ["ok", null],
      judge: ["ok", null],
      slow: ["error", "It did not answer in time, or could not be reached."],
      lies: ["error", "The reply is not a JSON object with a score from 0 to 1."],
      // The harness answers 500 where a redirect is not followed.
      redirects: ["error", expect.stringMatching(/redirect \(307\)|status 500/)],
      fails: ["error", "It answered with status 500."],
      refuses: ["error", "It answered with status 401."],
    });
    expect(scores.map((score: any) => [score.evaluatorName, score.value, score.label]).sort()).toEqual([
      ["fine", 0.75, "fine"],
      ["judge", 0.75, "4"],
    ]);
  });
  const [fine] = calls.filter(({ path }) => path === "/fine");
  expect(fine!.headers["x-key"]).toBe("s3cret");
  expect(fine!.headers["idempotency-key"]).toMatch(/^sc_[0-9a-f]{32}$/);
  expect(fine!.body).toMatchObject({ traceId: "t", spanId: null, input: "hello", output: "yes, please" });
  const [judged] = calls.filter(({ path }) => path === "/v1/chat/completions");
  expect(judged!.headers.authorization).toBe("Bearer s3cret");
  expect(calls.filter(({ path }) => path === "/fine")).toHaveLength(1);
  // Nothing that is secret, or anybody's, is in a log.
  for (const secret of ["s3cret", "yes, please", host]) expect(worker.printed()).not.toContain(secret);
});
