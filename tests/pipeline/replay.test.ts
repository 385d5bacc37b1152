// Dead letters, and putting batches back on the queue: what could not be
// written is seen by its project alone and written when it can be; a database
// that was emptied fills up again from R2. The command line around it is left
// out (scripts/replay.mjs); what comes into a replay and what does not, and
// its steps, are in replay.rs.
import { describe, expect, test } from "vitest";
import { eventually, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { batchOf, expectOnce, useFaultyEdge } from "../support/faulty.ts";

const service = useFaultyEdge();
const { worker } = service;

const deadLetters = async (project: Project): Promise<Record<string, any>[]> => {
  const answer = await project.get("/api/v1/dead-letters");
  expect(answer.status, answer.text).toBe(200);
  return answer.json.data.deadLetters;
};

/** The project's one dead letter, once there is one. */
const deadLetter = (project: Project) =>
  eventually(async () => {
    const letters = await deadLetters(project);
    expect(letters).toHaveLength(1);
    return letters[0]!;
  });

/** Sends a batch that the queue loses; its key and its bytes. */
async function sendLost(project: Project, ...events: object[]): Promise<[key: string, bytes: Uint8Array]> {
  const before = new Set(await project.objects());
  await service.inject({ on: "QUEUE.send", lose: true });
  await project.send(...events);
  await service.inject();
  const [key] = (await project.objects()).filter((key) => !before.has(key));
  const object = await worker.bindings.RAW.get(key!);
  return [key!, new Uint8Array(await object!.arrayBuffer())];
}

describe("a raw batch that cannot be written", () => {
  test.each([
    ["is missing", undefined, /not in R2/],
    ["does not decode", '{"batch": [{"type": ', /does not decode/],
    ["is not text", new Uint8Array([0x7b, 0xff, 0xfe]), /UTF-8/],
    ["has no event that this release knows", '{"batch": [{"type": "of-a-release-to-come", "body": {}}]}', /./],
  ])("because it %s is a dead letter of its project's, until it is there and replayed", async (_, damaged, reason) => {
    const [project, other] = [await worker.project(), await worker.project()];
    await other.send(...batchOf("t"));
    const [key, bytes] = await sendLost(project, ...batchOf("t"));
    await (damaged === undefined ? worker.bindings.RAW.delete(key) : worker.bindings.RAW.put(key, damaged));
    await service.deliver(key);
    expect(await deadLetter(project)).toEqual({
      batchId: key.split("/")[3]!.split(".")[0],
      object: key,
      reason: expect.stringMatching(reason),
      attempts: 1,
      recordedAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await deadLetters(other)).toEqual([]);
    expect((await project.trace("t")).status).toBe(404);
    const hour = async () => (await project.get("/api/v1/stats")).json.data.hours[0];
    expect(await hour()).toMatchObject({ deadLettered: 1, accepted: { batches: 0, events: 0 } });

    // Given up is given up: the sweeper leaves it alone.
    await service.sweep();
    expect(await deadLetters(project)).toHaveLength(1);

    await worker.bindings.RAW.put(key, bytes);
    expect(await service.replay({ project: project.id })).toBe(1);
    await expectOnce(project, ["t"]);
    expect(await deadLetters(project)).toEqual([]);
    expect(await hour()).toMatchObject({ deadLettered: 1, accepted: { batches: 1, events: 6 } });
    await expectOnce(other, ["t"]);
  });

  test("holds up none that is delivered with it", async () => {
    const project = await worker.project();
    const [key, bytes] = await sendLost(project, ...batchOf("damaged"));
    await worker.bindings.RAW.delete(key);
    for (let n = 0; n < 6; n++) {
      await service.deliver(key);
      await project.send(...batchOf(`t${n}`));
    }
    await deadLetter(project);
    await expectOnce(project, ["t0", "t1", "t2", "t3", "t4", "t5"]);
    await worker.bindings.RAW.put(key, bytes);
    await service.replay({ project: project.id });
    await expectOnce(project, ["damaged", "t0", "t1", "t2", "t3", "t4", "t5"]);
  });

  test("is recorded also when D1 fails as that is done, and counted once", async () => {
    const project = await worker.project();
    const [key] = await sendLost(project, ...batchOf("t"));
    await worker.bindings.RAW.delete(key);
    await project.list();
    // The second time only the reply is lost: the third finds its own record.
    await service.inject({ on: "retry" }, { on: "DB.batch", times: 1 }, { on: "DB.batch", times: 1, after: true });
    await service.deliver(key);
    await eventually(() => expect(worker.logs('"bury"').some((line) => line.attempt === 3)).toBe(true));
    expect(await deadLetter(project)).toMatchObject({ object: key });
    expect((await project.get("/api/v1/stats")).json.data.hours[0]).toMatchObject({ deadLettered: 1 });
  });
});

test("what became a dead letter only for want of time is written where dead letters end", async () => {
  const project = await worker.project();
  const [key] = await sendLost(project, ...batchOf("t"));
  await service.deliver(key, "DEAD");
  await expectOnce(project, ["t"]);
  expect(await deadLetters(project)).toEqual([]);
});

test("what is in the database is no dead letter, whatever happens to its message afterwards", async () => {
  const project = await worker.project();
  await project.send(...batchOf("t"));
  await expectOnce(project, ["t"]);
  const [key] = await project.objects();
  const before = await service.calls("RAW.get");
  await service.inject({ on: "RAW.get", times: 1 });
  await service.deliver(key!, "DEAD");
  await eventually(async () => expect(await service.calls("RAW.get")).toBeGreaterThan(before));
  await eventually(() => expect(worker.logs("injected: RAW.get").length).toBeGreaterThan(0));
  expect(await deadLetters(project)).toEqual([]);
});

describe("a database that was emptied", () => {
  const EMPTIED = ["batch", "trace", "span", "tenant", "overdue", "dead_letter", "stat"];

  /** Every answer of the read API about the project's traces, as text, in whatever order
   *  the list has them: that in which they first came. */
  async function answers(project: Project): Promise<Record<string, string>> {
    const all: Record<string, string> = {};
    for (let query = "limit=3"; ; ) {
      const page = await project.get(`/api/v1/traces?${query}`);
      expect(page.status, page.text).toBe(200);
      for (const trace of page.json.data.traces) {
        all[trace.id] = (await project.trace(trace.id)).text;
        all[`${trace.id} in the list`] = JSON.stringify(trace);
      }
      if (!page.json.data.nextCursor) return all;
      query = `limit=3&cursor=${encodeURIComponent(page.json.data.nextCursor)}`;
    }
  }

  /** A bit of everything: parents, revisions, orphans, a batch that was accepted in part. */
  async function fill(project: Project): Promise<number> {
    const parent = spanCreate({ id: "parent", traceId: "tree", input: { q: [1, 2] } });
    const batches = [
      [traceCreate({ id: "tree", tags: ["a", "b"], metadata: { k: "v" } }), parent],
      [
        spanCreate({ traceId: "tree", parentSpanId: "parent", cost: 0.1 }),
        spanCreate({ traceId: "tree", parentSpanId: parent.id, output: "x" }),
      ],
      [spanCreate({ traceId: "tree", parentSpanId: "never came", status: "ERROR", errorMessage: "e" })],
      ...Array.from({ length: 4 }, (_, n) => [
        traceCreate({ id: "revised", name: `name ${n}` }, { timestamp: `2026-03-14T10:00:0${n}.000Z` }),
        spanCreate(
          { id: "s", traceId: "revised", input: n, cost: n, usage: { totalTokens: n } },
          { timestamp: `2026-03-14T10:00:0${(n * 3) % 4}.000Z` },
        ),
      ]),
      ...Array.from({ length: 6 }, (_, n) => spansOf(`many-${n}`, 20)),
    ];
    for (const events of batches) await project.send(...events);
    const partly = { batch: [spanCreate({ traceId: "partly" }), { type: "span-create", body: {} }, spanCreate({ traceId: "partly" })] };
    expect((await project.post(partly, { prefer: "handling=lenient" })).json).toMatchObject({ accepted: 2, rejected: 1 });
    return batches.length + 1;
  }

  test("and replayed answers as before, byte for byte; replayed again, too", async () => {
    const projects = [await worker.project(), await worker.project()];
    let batches = 0;
    for (const project of projects) {
      batches = await fill(project);
      await eventually(async () => expect(await project.rows("batch")).toHaveLength(batches));
    }
    const before = await Promise.all(projects.map(answers));
    expect(Object.keys(before[0]!).length).toBeGreaterThan(9);

    for (const table of EMPTIED) await worker.run(`delete from ${table}`);
    await worker.run("update sweep set position = ''");
    for (const project of projects) expect((await project.list()).traces).toEqual([]);

    await service.replay();
    const whole = () => Promise.all(projects.map(async (project) => expect(await project.rows("batch")).toHaveLength(batches)));
    await eventually(whole);
    expect(await Promise.all(projects.map(answers))).toEqual(before);

    const consumed = () => Promise.all(projects.map(async (project) => project.consumed().length));
    const [first = 0, second = 0] = await consumed();
    await service.replay();
    await eventually(async () => expect(await consumed()).toEqual([first + batches, second + batches]));
    expect(await Promise.all(projects.map(answers))).toEqual(before);
    await whole();
  });

  test("and swept fills up as well", async () => {
    const project = await worker.project();
    const batches = await fill(project);
    await eventually(async () => expect(await project.rows("batch")).toHaveLength(batches));
    const before = await answers(project);
    for (const table of EMPTIED) await worker.run(`delete from ${table}`);
    await worker.run("update sweep set position = ''");
    await service.sweep();
    await eventually(async () => expect(await project.rows("batch")).toHaveLength(batches));
    expect(await answers(project)).toEqual(before);
  });
});
