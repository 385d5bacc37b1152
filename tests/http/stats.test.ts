// GET /api/v1/stats: what happened to a project's batches, by hour. What was
// accepted is counted with what is written, exactly; what was rejected is
// handed on by the isolate within some ten seconds.
import { describe, expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { Faulty } from "../support/faulty.ts";

const worker = useWorker({ main: "./tests/support/faulty-entry.mjs", limited: true });
const faulty = new Faulty(worker);

/** What the project's hours add up to: a test may run across the end of one. */
async function totals(project: Project) {
  const answer = await project.get("/api/v1/stats");
  expect(answer.status, answer.text).toBe(200);
  expect(Object.keys(answer.json.data)).toEqual(["hours"]);
  const sum: Record<string, number> = {};
  for (const { hour, accepted, rejected, delayMs, ...counts } of answer.json.data.hours) {
    expect(hour).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00\.000Z$/);
    if (accepted.batches > 0) expect(delayMs.mean).toBeLessThanOrEqual(delayMs.max);
    for (const [name, count] of Object.entries({ ...accepted, ...rejected, ...counts })) sum[name] = (sum[name] ?? 0) + Number(count);
  }
  return sum;
}

const NOTHING = {
  batches: 0,
  events: 0,
  bytes: 0,
  retried: 0,
  deadLettered: 0,
  swept: 0,
  VALIDATION_ERROR: 0,
  PAYLOAD_TOO_LARGE: 0,
  UNSUPPORTED_MEDIA_TYPE: 0,
  RATE_LIMIT_EXCEEDED: 0,
  QUOTA_EXCEEDED: 0,
};

test("a project that has sent nothing has no hours", async () => {
  expect((await (await worker.project()).get("/api/v1/stats")).json).toEqual({ data: { hours: [] }, error: null });
});

test("accepted: each batch once, with its events and bytes, however often it comes", async () => {
  const project = await worker.project();
  const bodies = [{ batch: [traceCreate({ id: "t" }), ...spansOf("t", 3)] }, { batch: spansOf("t", 2) }].map((body) =>
    JSON.stringify(body),
  );
  for (const body of [...bodies, bodies[0]!]) await project.sendText(body, JSON.parse(body).batch.length);
  await project.settled(3);
  expect(await totals(project)).toEqual({ ...NOTHING, batches: 2, events: 6, bytes: bodies.join("").length });
});

test("a batch without events is none", async () => {
  const project = await worker.project();
  expect((await project.post({ batch: [] })).status).toBe(201);
  await project.send(spanCreate({ traceId: "t" }));
  await project.settled(1);
  expect(await totals(project)).toMatchObject({ batches: 1, events: 1 });
});

test("of a batch whose bad events are left out, the good ones are counted", async () => {
  const project = await worker.project("lenient");
  expect((await project.post({ batch: [spanCreate({ traceId: "t" }), {}, {}] })).json).toMatchObject({ accepted: 1, rejected: 2 });
  await project.settled(1);
  expect(await totals(project)).toMatchObject({ batches: 1, events: 1, VALIDATION_ERROR: 0 });
});

test("rejected, by the code of the answer", async () => {
  const project = await worker.project();
  await worker.run("update project set rate_limit = 100 where id = ?", project.id);
  const expected = { VALIDATION_ERROR: 3, PAYLOAD_TOO_LARGE: 2, UNSUPPORTED_MEDIA_TYPE: 1, RATE_LIMIT_EXCEEDED: 0, QUOTA_EXCEEDED: 0 };
  for (const body of ["{", { batch: 1 }, { batch: [{}] }]) expectFailure(await project.post(body), 400, "VALIDATION_ERROR");
  expectFailure(await project.post({ batch: Array(1_001).fill(traceCreate()) }), 413, "PAYLOAD_TOO_LARGE");
  expectFailure(await project.post(" ".repeat(5_242_881)), 413, "PAYLOAD_TOO_LARGE");
  expectFailure(await project.post("{}", { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE");
  // Writes of an empty batch until one is too many; two windows at most.
  for (let n = 0; n < 300 && expected.RATE_LIMIT_EXCEEDED < 5; n++) {
    expected.RATE_LIMIT_EXCEEDED += Number((await project.post({ batch: [] })).status === 429);
  }
  // Not counted: what is nobody's, what is not there.
  expectFailure(await worker.request("/api/v1/traces"), 401, "UNAUTHORIZED");
  expectFailure(await project.get("/api/v1/traces/none"), 404, "NOT_FOUND");
  // Watched with a key of no limit: the limit holds for reading, too.
  await worker.run("update project set rate_limit = 0 where id = ?", project.id);
  project.key = await project.newKey();
  await eventually(async () => expect(await totals(project)).toEqual({ ...NOTHING, ...expected }));
});

test("retried: deliveries beyond the first of what was written since", async () => {
  const project = await worker.project();
  await faulty.inject({ on: "DB.batch", times: 2 });
  await project.send(spanCreate({ traceId: "t" }));
  await project.settled(1);
  expect(await totals(project)).toEqual({ ...NOTHING, batches: 1, events: 1, bytes: expect.any(Number), retried: 2 });
});

test("dead-lettered: once for each batch, however often it is tried", async () => {
  const project = await worker.project();
  const key = `raw/20260314T100000.000Z/${project.id}/${"d".repeat(32)}.json`;
  await worker.bindings.RAW.put(key, '{"batch":');
  for (const attempts of [1, 2]) {
    await worker.bindings.QUEUE.send({ v: 1, key });
    await eventually(async () => {
      const { deadLetters } = (await project.get("/api/v1/dead-letters")).json.data;
      expect(deadLetters).toEqual([
        { batchId: "d".repeat(32), object: key, reason: expect.stringMatching(/\S/), attempts, recordedAt: expect.stringMatching(/Z$/) },
      ]);
    });
  }
  expect(await totals(project)).toEqual({ ...NOTHING, deadLettered: 1 });
});

describe("swept", () => {
  test("a batch that the sweeper found, and then that it was written", async () => {
    const project = await worker.project();
    const body = JSON.stringify({ batch: spansOf("t", 2) });
    await worker.bindings.RAW.put(`raw/20260314T110000.000Z/${project.id}/${"5".repeat(32)}.json`, body);
    await faulty.sweep();
    await project.settled(1);
    expect(await totals(project)).toEqual({ ...NOTHING, batches: 1, events: 2, bytes: body.length, swept: 1 });
    // The sweep is counted in the hour that it was planned for: perhaps the next.
    const { hours } = (await project.get("/api/v1/stats")).json.data;
    expect(Math.max(...hours.map(({ delayMs }: any) => delayMs.max))).toBeGreaterThan(Date.now() - Date.parse("2026-03-15"));
  });
});
