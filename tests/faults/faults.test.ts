// Whatever the platform does to a batch after its 201 (and to the rows of one
// that got none), its events are there exactly once, or not at all. The Worker
// is the built one; its bindings fail on command. Leaves out: what a client
// sees of an outage (outage.test.ts), panics (panic.test.ts), dead letters and
// replays (replay.test.ts), processes that die (restart.test.ts), all of it at
// random (soak.test.ts), and the consumer cut off at every await (faults.rs).
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { eventually, type Project } from "../support/worker.ts";
import { batchOf, expectOnce, useFaultyEdge } from "../support/faulty.ts";
import { spanCreate } from "../support/events.ts";

const service = useFaultyEdge();
const { worker } = service;

/** The key of an object as the edge would have put it at this time. */
const keyAt = (time: string, project: Project) => `raw/${time.replace(/[-:]/g, "")}/${project.id}/${randomBytes(16).toString("hex")}.json`;

/** Sends one batch for each trace, whose messages the queue takes and loses. */
async function sendLost(project: Project, traces: string[]): Promise<void> {
  await service.inject({ on: "QUEUE.send", lose: true });
  for (const trace of traces) await project.send(...batchOf(trace));
  await service.inject();
  for (const trace of traces) expect((await project.trace(trace)).status).toBe(404);
}

describe("R2", () => {
  test("keeps a batch and says that it did not: 503, and it is there whole or sent again", async () => {
    const project = await worker.project();
    await service.inject({ on: "RAW.put", after: true });
    expect((await project.post({ batch: batchOf("kept") })).status).toBe(503);
    await service.inject();
    expect(await project.spans()).toBe(0);
    await service.sweep();
    await project.traceWith(5, "kept");
    await expectOnce(project, ["kept"]);
  });

  test("cannot be read for so long that the queue gives up: written when it can be", async () => {
    const project = await worker.project();
    await service.inject({ on: "retry" }, { on: "RAW.get", times: 12 });
    await project.send(...batchOf("t"));
    await expectOnce(project, ["t"]);
  });

  test("cannot be listed when the sweeper runs: the next run finds what this one did not", async () => {
    const project = await worker.project();
    await sendLost(project, ["t"]);
    await service.inject({ on: "RAW.list", times: 1 });
    expect(await service.sweep()).toHaveProperty("fault");
    expect(await service.sweep()).toMatchObject({ queued: 1, complete: true });
    await expectOnce(project, ["t"]);
  });
});

describe("the queue", () => {
  test("loses messages: the sweeper sends them again, and only those", async () => {
    const project = await worker.project();
    await project.send(...batchOf("delivered"));
    await project.traceWith(5, "delivered");
    await sendLost(project, ["a", "b", "c"]);
    expect(await service.sweep()).toMatchObject({ queued: 3, complete: true });
    await expectOnce(project, ["delivered", "a", "b", "c"]);
    // Long enough after to be due again, had they not come.
    expect(await service.sweep(60)).toMatchObject({ queued: 0, complete: true });
    await expectOnce(project, ["delivered", "a", "b", "c"]);
  });

  test("never heard of an object in R2: the sweeper finds it", async () => {
    const project = await worker.project();
    const body = JSON.stringify({ batch: batchOf("t") });
    await worker.bindings.RAW.put(keyAt(new Date().toISOString(), project), body);
    expect(await service.sweep()).toMatchObject({ queued: 1 });
    await expectOnce(project, ["t"]);
    expect(await service.sweep(60)).toMatchObject({ queued: 0 });
  });

  test.each([false, true])("fails under the sweeper (messages sent, reply lost: %s): the next run sends them", async (after) => {
    const project = await worker.project();
    await sendLost(project, ["a", "b"]);
    await service.inject({ on: "QUEUE.sendBatch", times: 1, after });
    expect(await service.sweep()).toHaveProperty("fault");
    await service.sweep();
    await expectOnce(project, ["a", "b"]);
  });

  test("delivers each message to two consumers at once", async () => {
    const project = await worker.project();
    const traces = ["a", "b", "c", "d"];
    await service.inject({ on: "queue" });
    for (const trace of traces) await project.send(...batchOf(trace));
    await project.settled(2 * traces.length);
    await expectOnce(project, traces);
  });

  test("delivers in any order, and everything again", async () => {
    const project = await worker.project();
    // Revisions of one span: the newest is to be seen, whatever came last.
    const revisions = Array.from({ length: 6 }, (_, n) =>
      spanCreate({ id: "s", traceId: "t", input: n, cost: n }, { timestamp: `2026-03-14T10:00:0${n}.000Z` }),
    );
    await service.inject({ on: "QUEUE.send", lose: true });
    for (const revision of revisions) await project.send(revision);
    await service.inject();
    const keys = await project.objects();
    for (const n of [3, 5, 0, 4, 1, 2, 0, 5, 3]) await service.deliver(keys[n]!);
    await project.settled(9);
    const trace = await project.traceWith(1, "t");
    expect(trace).toMatchObject({ spanCount: 1, totalCost: "5", spans: [{ input: 5 }] });
    expect(await project.rows("batch")).toHaveLength(6);
  });

  test("loses the message of a batch that took minutes to arrive: the sweeper finds it all the same", async () => {
    const project = await worker.project();
    await project.list();
    const before = await service.calls("RAW.put");
    const body = JSON.stringify({ batch: batchOf("slow") });
    const finish = await service.sendSlowly(project, body);
    // Others come and are swept meanwhile; to the sweeper that is minutes later.
    await project.send(...batchOf("meanwhile"));
    await project.traceWith(5, "meanwhile");
    expect(await service.calls("RAW.put")).toBe(before + 1);
    await service.sweep(5);
    await service.inject({ on: "QUEUE.send", lose: true });
    expect((await finish()).status).toBe(201);
    await service.inject();
    await service.sweep(10);
    await expectOnce(project, ["slow", "meanwhile"]);
  });

  test("delivers months later, what was written and what was not", async () => {
    const project = await worker.project();
    await project.send(...batchOf("new"));
    await project.traceWith(5, "new");
    const before = (await project.trace("new")).text;
    const old = (name: string) => worker.bindings.RAW.put(keys[name]!, JSON.stringify({ batch: batchOf(name) }));
    const keys: Record<string, string> = { old: keyAt("2026-03-14T10:00:00.000Z", project) };
    await old("old");
    const [written] = (await project.objects()).filter((key) => key !== keys.old);
    await service.deliver(keys.old!);
    await service.deliver(written!);
    await project.settled(3);
    await expectOnce(project, ["old", "new"]);
    expect((await project.trace("new")).text).toBe(before);
  });

  test("delivers what is no message of ours: nothing else is held up", async () => {
    const project = await worker.project();
    for (const junk of [null, "junk", { v: 2, key: "x" }, { v: 1, key: "raw/x" }]) await worker.bindings.QUEUE.send(junk);
    await project.send(...batchOf("t"));
    await expectOnce(project, ["t"]);
  });
});

describe("D1", () => {
  test("fails three calls in ten, before or after their effect", async () => {
    const project = await worker.project();
    const traces = Array.from({ length: 20 }, (_, n) => `t${n}`);
    await service.inject(
      { on: "retry" },
      { on: "DB.batch", chance: 0.15, seed: 1 },
      { on: "DB.batch", chance: 0.18, seed: 2, after: true },
      { on: "DB.first", chance: 0.3, seed: 3 },
      { on: "DB.run", chance: 0.3, seed: 4 },
    );
    for (const trace of traces) {
      // Not acknowledged, it is sent again; acknowledged, never.
      await eventually(() => project.send(...batchOf(trace)));
    }
    await eventually(async () => expect(await project.rows("batch")).toHaveLength(traces.length));
    await service.inject();
    await expectOnce(project, traces);
  });

  test("commits, and answers only with a timeout", async () => {
    const project = await worker.project();
    await project.list();
    await service.inject({ on: "retry" }, { on: "DB.batch", times: 2, after: true, ms: 1_000 });
    await project.send(...batchOf("t"));
    await project.settled(1);
    await expectOnce(project, ["t"]);
    const hour = (await project.get("/api/v1/stats")).json.data.hours[0];
    expect(hour.accepted, "counted when it committed, not when it was heard of").toMatchObject({ batches: 1, events: 6 });
  });

  test("is away until the queue has given up: the dead letters are written when it is back", async () => {
    const project = await worker.project();
    await project.list();
    const before = await service.calls("DB.batch");
    await service.inject({ on: "retry" }, { on: "DB.batch" });
    await project.send(...batchOf("t"));
    // 1 try and 10 more, then those of the dead letters, each of two calls.
    await eventually(async () => expect(await service.calls("DB.batch")).toBeGreaterThan(before + 15));
    await service.inject({ on: "retry" });
    await expectOnce(project, ["t"]);
    expect((await project.get("/api/v1/dead-letters")).json.data.deadLetters).toEqual([]);
  });

  test.each([false, true])("fails under the sweeper, at each of its calls in turn (done, reply lost: %s)", async (after) => {
    const project = await worker.project();
    await sendLost(project, ["t"]);
    // A run has four calls or five; where there is no such call, nothing fails.
    for (let call = 0; call < 5; call++) {
      await service.inject({ on: "DB.batch", times: call, ms: 0, fine: true }, { on: "DB.batch", times: 1, after });
      await service.sweep(10 + 30 * call);
    }
    await service.inject();
    await service.sweep(300);
    await expectOnce(project, ["t"]);
  });
});

test("many consumers at once write to one trace", async () => {
  const project = await worker.project();
  // Each is written where it came in, beside its 201, and by the queue's consumers.
  await service.inject({ on: "QUEUE.send", after: true }, { on: "queue" });
  const batch = (n: number) => Array.from({ length: 4 }, (_, s) => spanCreate({ id: `${n}-${s}`, traceId: "t", cost: 0.25 }));
  await Promise.all(Array.from({ length: 12 }, (_, n) => project.send(...batch(n))));
  await eventually(async () => expect(await project.rows("batch")).toHaveLength(12));
  expect(await project.traceWith(48, "t")).toMatchObject({ spanCount: 48, totalCost: "12" });
});
