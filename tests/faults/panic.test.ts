// A panic costs the one request that it is in: others in flight are answered,
// the isolate answers the next, and what was with it in the queue is written.
// The Worker is the built one; the panics are the worker crate's, which takes a
// `prepare` of D1 that throws for impossible.
import { describe, expect, test } from "vitest";
import { eventually, type Project } from "../support/worker.ts";
import { batchOf, expectOnce, useFaultyEdge } from "../support/faulty.ts";

const service = useFaultyEdge();
const { worker } = service;

/** A request that panics: the platform answers it, and not with our JSON. */
async function panic(): Promise<void> {
  await expect(worker.request("/api/v1/traces", { headers: { authorization: "Bearer ts_not_known" } })).rejects.toThrow(/answered 500/);
}

/** As many batches as this, which the queue takes and loses: the messages that it lost. */
async function sendLost(project: Project, traces: string[]): Promise<{ body: object }[]> {
  await service.inject({ on: "QUEUE.send", lose: true });
  for (const trace of traces) await project.send(...batchOf(trace));
  await service.inject();
  return (await project.objects()).map((key) => ({ body: { v: 1, key } }));
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `t${n}`);

describe("a panic in a request", () => {
  test("is its own: those in flight are answered 201, and so is the next", async () => {
    const project = await worker.project();
    await project.list();
    const before = await service.calls("RAW.put");
    await service.inject({ on: "RAW.put", ms: 1_000, fine: true }, { on: "DB.prepare", times: 1 });
    const slow = ["a", "b", "c"].map((trace) => project.post({ batch: batchOf(trace) }));
    await eventually(async () => expect(await service.calls("RAW.put")).toBe(before + 3));
    await panic();
    expect((await worker.request("/api/v1/health")).status).toBe(200);
    expect((await project.list()).traces, "the slow ones are still on their way").toEqual([]);
    for (const answer of await Promise.all(slow)) expect(answer, answer.text).toMatchObject({ status: 201 });
    await project.send(...batchOf("next"));
    await expectOnce(project, ["a", "b", "c", "next"]);
  });

  test("twenty times in a row, with a request in flight each time", async () => {
    const project = await worker.project();
    await project.list();
    const traces = names(20);
    const slow = [];
    for (const trace of traces) {
      await service.inject();
      const before = await service.calls("RAW.put");
      await service.inject({ on: "RAW.put", times: 1, ms: 400, fine: true });
      slow.push(project.post({ batch: batchOf(trace) }));
      await eventually(async () => expect(await service.calls("RAW.put")).toBe(before + 1));
      await service.inject({ on: "DB.prepare", times: 1 });
      // Whoever asks D1 next panics: this request, or the consumer of an earlier one.
      await panic().catch(() => {});
      expect((await worker.request("/api/v1/health")).status).toBe(200);
    }
    await service.inject();
    expect((await Promise.all(slow)).map((answer) => answer.status)).toEqual(traces.map(() => 201));
    await expectOnce(project, traces);
  });

  test("after the 201, where the queue was away: the sweeper makes it good", async () => {
    const project = await worker.project();
    await project.list();
    await service.inject({ on: "QUEUE.send" }, { on: "DB.prepare", times: 1 });
    await project.send(...batchOf("t"));
    await service.inject();
    await service.sweep();
    await expectOnce(project, ["t"]);
  });
});

describe("a panic in the consumer", () => {
  test("loses none of the messages that were with it, nor writes them twice", async () => {
    const project = await worker.project();
    const traces = names(10);
    const messages = await sendLost(project, traces);
    const before = await service.calls("DB.prepare");
    await service.inject({ on: "DB.prepare", times: 1 });
    await (worker.bindings.QUEUE as any).sendBatch(messages);
    await eventually(async () => expect(await service.calls("DB.prepare")).toBeGreaterThan(before));
    await expectOnce(project, traces);
  });

  test("again and again: all is written as soon as it ends", async () => {
    const project = await worker.project();
    await project.list();
    const traces = names(30);
    const messages = await sendLost(project, traces);
    // A batch has some eight statements: four in ten of them panic.
    await service.inject({ on: "retry" }, { on: "DB.prepare", chance: 0.05 });
    for (let n = 0; n < messages.length; n += 10) await (worker.bindings.QUEUE as any).sendBatch(messages.slice(n, n + 10));
    await eventually(async () => expect((await project.rows("batch")).length).toBeGreaterThan(10));
    await service.inject();
    await service.sweep();
    await expectOnce(project, traces);
  });

  test("leaves requests in flight alone", async () => {
    const project = await worker.project();
    await project.list();
    const messages = await sendLost(project, ["queued"]);
    const before = await service.calls("RAW.put");
    await service.inject({ on: "RAW.put", ms: 1_000, fine: true }, { on: "DB.prepare", times: 3 });
    const slow = ["a", "b"].map((trace) => project.post({ batch: batchOf(trace) }));
    await eventually(async () => expect(await service.calls("RAW.put")).toBe(before + 2));
    await (worker.bindings.QUEUE as any).sendBatch(messages);
    expect((await Promise.all(slow)).map((answer) => answer.status)).toEqual([201, 201]);
    await expectOnce(project, ["queued", "a", "b"]);
  });
});

test("a panic under the sweeper costs that run", async () => {
  const project = await worker.project();
  await sendLost(project, ["a", "b"]);
  await service.inject({ on: "DB.prepare", times: 1 });
  await expect(service.sweep()).rejects.toThrow();
  expect(await service.sweep()).toMatchObject({ queued: 2 });
  await expectOnce(project, ["a", "b"]);
});
