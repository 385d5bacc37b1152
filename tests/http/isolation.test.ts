// Tenants: two projects that use equal ids for everything, and a key that is
// sent wherever it should open nothing. Neither sees, changes, counts or lists
// what is the other's; and operating the service takes more than a key.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";

const worker = useWorker();
const TRACES = "/api/v1/traces";

/** What a project can be asked, and every row there is of it. */
const view = async (project: Project, ...traces: string[]) => ({
  list: (await project.list()).traces,
  traces: await Promise.all(traces.map(async (id) => (await project.trace(id)).text)),
  deadLetters: (await project.get("/api/v1/dead-letters")).json.data,
  stats: (await project.get("/api/v1/stats")).json.data,
  rows: [await project.rows("batch"), await project.rows("trace")],
  objects: await project.objects(),
});

/** Has the consumer find that a raw batch of this project does not decode. */
async function deadLetter(project: Project): Promise<string> {
  const key = `raw/20260314T100000.000Z/${project.id}/${"d".repeat(32)}.json`;
  await worker.bindings.RAW.put(key, "not a batch");
  await worker.bindings.QUEUE.send({ v: 1, key });
  await eventually(async () => expect((await project.get("/api/v1/dead-letters")).json.data.deadLetters).toHaveLength(1));
  return key;
}

describe("two projects with equal ids", () => {
  const IDS = { id: "span", traceId: "trace", startTime: "2026-03-14T10:00:00Z" };
  const events = (name: string, cost: number) => [
    traceCreate({ id: "trace", name, sessionId: "session", tags: [name], metadata: { of: name } }, { id: "envelope" }),
    spanCreate({ ...IDS, name, input: name, cost, usage: { totalTokens: cost } }, { id: "envelope" }),
    spanCreate({ ...IDS, id: "child", parentSpanId: "envelope", name, cost }, { id: "envelope of child" }),
  ];

  test("each have their own, whoever writes last and newest", async () => {
    const [a, b] = [await worker.project(), await worker.project()];
    await a.send(...events("a", 1));
    await a.settled(1);
    const before = await view(a, "trace");
    await b.send(...events("b", 100));
    // Newer revisions of the same ids, an earlier start, a better root.
    const newer = { timestamp: "2026-03-15T10:00:00Z" };
    await b.send(
      traceCreate({ id: "trace", name: "b, newer", startTime: "2020-01-01" }, newer),
      spanCreate({ ...IDS, name: "b, newer", status: "ERROR", startTime: "2020-01-01" }, newer),
      ...spansOf("trace", 5),
    );
    await b.settled(2);
    expect(await view(a, "trace")).toEqual(before);
    expect(JSON.parse(before.traces[0]!).data).toMatchObject({ name: "a", totalCost: "2", totalTokens: 1, spanCount: 2, status: "OK" });
    expect((await b.trace("trace")).json.data).toMatchObject({ name: "b, newer", totalCost: "200", spanCount: 7, status: "ERROR" });
  });

  test("the same body, byte for byte, is a batch of each", async () => {
    const [a, b] = [await worker.project(), await worker.project()];
    const body = JSON.stringify({ batch: events("same", 1) });
    for (const project of [a, b]) await project.sendText(body, 3);
    for (const project of [a, b]) {
      await project.settled(1);
      expect(await project.objects()).toHaveLength(1);
      expect(await project.rows("batch")).toHaveLength(1);
    }
    const ids = [...(await a.rows("batch")), ...(await b.rows("batch"))].map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("whatever the one sends", () => {
  let [ours, theirs] = [{} as Project, {} as Project];
  let before: Awaited<ReturnType<typeof view>>;
  beforeAll(async () => {
    [ours, theirs] = [await worker.project(), await worker.project()];
    await theirs.send(traceCreate({ id: "private", name: "private", tags: ["private"] }), ...spansOf("private", 2));
    await theirs.settled(1);
    await deadLetter(theirs);
    before = await view(theirs, "private");
    expect(before.stats.hours).toHaveLength(1);
  });
  afterAll(async () => expect(await view(theirs, "private")).toEqual(before));

  test("its own lists, stats and dead letters are empty, whatever the query", async () => {
    for (const query of [
      `project=${theirs.id}`,
      "name=private",
      "tags=private",
      `cursor=${Buffer.from("9000000000000000 0").toString("base64url")}`,
      "",
    ]) {
      expect((await ours.get(`${TRACES}?${query}`)).json.data.traces, query).toEqual([]);
      expect((await ours.get(`/api/v1/stats?${query}`)).json.data, query).toEqual({ hours: [] });
      expect((await ours.get(`/api/v1/dead-letters?${query}`)).json.data, query).toEqual({ deadLetters: [] });
    }
  });

  test.each(["private", "private/", "../private", "%00private"])("their trace is not found by %s", async (id) => {
    for (const path of [encodeURIComponent(id), `${encodeURIComponent(theirs.id)}%2F${encodeURIComponent(id)}`, id]) {
      expectFailure(await ours.get(`${TRACES}/${path}`), 404, "NOT_FOUND");
    }
  });

  test("nothing in a header or a body names another project", async () => {
    const body = JSON.stringify({
      project: theirs.id,
      projectId: theirs.id,
      batch: [{ ...traceCreate({ id: "private", name: "ours", project: theirs.id }), project: theirs.id }],
    });
    const answer = await ours.post(body, { "x-project": theirs.id, "x-project-id": theirs.id, cookie: `project=${theirs.id}` });
    expect(answer.status, answer.text).toBe(201);
    await ours.settled(1);
    expect((await ours.trace("private")).json.data.name).toBe("ours");
    expect((await ours.get("/api/v1/stats")).json.data.hours).toMatchObject([{ accepted: { batches: 1, events: 1 } }]);
  });

  test("rejections are counted for who was rejected", async () => {
    expectFailure(await ours.post("{"), 400, "VALIDATION_ERROR");
    await eventually(async () => {
      const [hour] = (await ours.get("/api/v1/stats")).json.data.hours;
      expect(hour.rejected.VALIDATION_ERROR).toBe(1);
    });
  });
});

describe("operating the service", () => {
  const REPLAY = "/api/v1/admin/replay";
  const range = { since: "2020-01-01", until: "2030-01-01" };
  const ask = (on: typeof worker, authorization: string | undefined, body: object = range) =>
    on.request(REPLAY, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body: JSON.stringify(body),
    });

  describe("where a secret is set", () => {
    const operated = useWorker({ vars: { ADMIN_TOKEN: "the-operators-secret" } });

    test.each([
      ["nothing", undefined],
      ["no token", "Bearer"],
      ["an empty token", "Bearer "],
      ["another token", "Bearer the-operators-secreT"],
      ["its beginning", "Bearer the-operators"],
      ["more than it", "Bearer the-operators-secret2"],
      ["it twice", "Bearer the-operators-secret, Bearer the-operators-secret"],
      ["no scheme", "the-operators-secret"],
      ["another scheme", "Basic the-operators-secret"],
      ["yet another", "Token the-operators-secret"],
    ])("%s is 401, before anything is said of the body", async (_, authorization) => {
      const answer = await operated.request(REPLAY, { method: "POST", headers: authorization ? { authorization } : {}, body: "{" });
      expectFailure(answer, 401, "UNAUTHORIZED");
      expect(answer.text).not.toContain("the-operators-secret");
    });

    test("a project's key is no operator's token, and an operator's token no key", async () => {
      const project = await operated.project();
      await project.send(...spansOf("t", 1));
      expectFailure(await ask(operated, `Bearer ${project.key}`), 401, "UNAUTHORIZED");
      for (const path of [TRACES, "/api/v1/stats", "/api/v1/dead-letters"]) {
        expectFailure(await operated.request(path, { headers: { authorization: "Bearer the-operators-secret" } }), 401, "UNAUTHORIZED");
      }
    });

    test("the secret opens it; what is not a replay is 400", async () => {
      const project = await operated.project();
      await project.send(...spansOf("t", 1));
      const only = { ...range, project: project.id };
      const counted = await ask(operated, "Bearer the-operators-secret", { ...only, dryRun: true });
      expect(counted.json, counted.text).toMatchObject({ data: { matched: 1, queued: 0, next: null }, error: null });
      expect((await ask(operated, "Bearer the-operators-secret", only)).json.data).toMatchObject({ matched: 1, queued: 1 });
      await project.settled(2);
      expect(await project.spans()).toBe(1);
      for (const body of [
        {},
        { since: "x", until: "y" },
        { ...range, drop: true },
        { ...range, since: 5 },
        { ...range, dryRun: "no" },
        [],
      ]) {
        expectFailure(await ask(operated, "Bearer the-operators-secret", body), 400, "VALIDATION_ERROR");
      }
      expect(operated.printed()).not.toContain("the-operators-secret");
    });
  });

  test("where none is set nobody may, whatever they send", async () => {
    const project = await worker.project();
    for (const authorization of [
      undefined,
      "Bearer",
      "Bearer ",
      "Bearer undefined",
      "Bearer null",
      "Bearer local-operator",
      `Bearer ${project.key}`,
    ]) {
      const { message } = expectFailure(await ask(worker, authorization), 401, "UNAUTHORIZED");
      expect(message).toContain("ADMIN_TOKEN");
    }
  });
});
