// Scores, through the built Worker: sent, read back with their trace, deleted, replayed.
import { expect, test } from "vitest";
import { traceCreate } from "../support/events.ts";
import { eventually, useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();

const post = (project: Project, body: unknown, headers: Record<string, string> = {}) =>
  project.json("POST", "/api/v1/scores", body, headers);

async function scores(project: Project, query = ""): Promise<Record<string, any>[]> {
  const answer = await project.get(`/api/v1/scores?${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json.data.scores;
}

const least = (more: object = {}) => ({ traceId: "t", evaluatorName: "helpful", value: 0.1 + 0.2, ...more });

test("a score is read back as it was answered, alone, in the list and with its trace", async () => {
  const project = await worker.project();
  const answer = await post(project, least({ id: "s", label: "fair", reasoning: 'é "why"', metadata: { a: 1.5 } }));
  expect(answer.status, answer.text).toBe(201);
  expect(answer.json).toEqual({
    id: "s",
    traceId: "t",
    spanId: null,
    evaluatorName: "helpful",
    value: 0.1 + 0.2,
    label: "fair",
    reasoning: 'é "why"',
    metadata: { a: 1.5 },
    source: "api",
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  });
  await eventually(async () => expect(await scores(project)).toEqual([answer.json]));
  expect((await project.get("/api/v1/scores/s")).json.data).toEqual(answer.json);
  // Its trace comes later.
  expect(await project.list()).toEqual({ traces: [], nextCursor: null });
  await project.send(traceCreate({ id: "t" }));
  const [trace] = await project.listWith(1);
  expect(trace?.scoreCount).toBe(1);
  expect((await project.trace("t")).json.data).toMatchObject({ scoreCount: 1, scores: [answer.json] });
});

test("the same body without ids is new scores each time, and each id is the one that was answered", async () => {
  const project = await worker.project();
  const answers = await Promise.all(Array.from({ length: 6 }, () => post(project, [least(), least()])));
  const ids = answers.flatMap(({ json }) => json.scores.map((score: any) => score.id));
  expect(new Set(ids).size).toBe(12);
  await eventually(async () => expect((await scores(project, "limit=100")).map(({ id }) => id).sort()).toEqual(ids.sort()));
  const seen: string[] = [];
  for (let cursor = ""; ; ) {
    const page = await project.get(`/api/v1/scores?limit=5${cursor}`);
    seen.push(...page.json.data.scores.map((score: any) => score.id));
    if (page.json.data.nextCursor === null) break;
    cursor = `&cursor=${page.json.data.nextCursor}`;
  }
  expect(seen.sort()).toEqual(ids);
});

test("a bad score is named, and refused with all of its batch or left out", async () => {
  const project = await worker.project();
  const bad = { scores: [least(), least({ value: 2 })] };
  const refused = await post(project, bad);
  expect(refused.status).toBe(400);
  expect(refused.json.error.details).toEqual([{ index: 1, path: "scores[1].value", message: "expected a number from 0 to 1, found 2" }]);
  const lenient = await post(project, bad, { prefer: "handling=lenient" });
  expect(lenient, lenient.text).toMatchObject({ status: 201, json: { accepted: 1, rejected: 1 } });
  await eventually(async () => expect(await scores(project)).toHaveLength(1));
  expect((await project.get("/api/v1/scores?minValue=x")).status).toBe(400);
});

test("a deleted score is gone at once, and a replay of everything does not bring it back", async () => {
  const [project, other] = [await worker.project(), await worker.project()];
  for (const tenant of [project, other]) {
    expect((await post(tenant, [least({ id: "a" }), least({ id: "b" })])).status).toBe(201);
    await eventually(async () => expect(await scores(tenant)).toHaveLength(2));
  }
  const deleted = await project.request("/api/v1/scores/a", { method: "DELETE" });
  expect(deleted, deleted.text).toMatchObject({ status: 200, json: { data: { id: "a", deleted: true }, error: null } });
  expect((await project.get("/api/v1/scores/a")).status).toBe(404);
  expect((await project.request("/api/v1/scores/a", { method: "DELETE" })).status).toBe(404);
  expect((await other.get("/api/v1/scores/a")).status).toBe(200);
  const keys = await project.objects();
  expect(
    keys.map((key) =>
      key
        .split("/")
        .pop()
        ?.replace(/^[^.]*\./, ""),
    ),
  ).toEqual(["scores.json", "unscore.json"]);
  await worker.run("delete from score where project = (select number from tenant where project = ?)", project.id);
  await worker.run("delete from batch where project = ?", project.id);
  for (const key of keys.reverse()) await worker.bindings.QUEUE.send({ v: 1, key });
  await eventually(async () => expect((await project.rows("batch")).length).toBe(2));
  expect((await scores(project)).map(({ id }) => id)).toEqual(["b"]);
});
