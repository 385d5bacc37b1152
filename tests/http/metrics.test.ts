// Data points for Workers Analytics Engine: what is written to a dataset when
// one is bound. Locally the platform takes points and keeps none, so they are
// caught on their way; that it takes them is tested too.
import { expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { Faulty, batchOf, expectOnce } from "../support/faulty.ts";

const worker = useWorker({ main: "./tests/support/faulty-entry.mjs", limited: true, vars: { ADMIN_TOKEN: "t" } });
const faulty = new Faulty(worker);
const bound = useWorker({ metrics: true });

/** A project's points: what, why, how many, bytes, and the delay. */
async function points(project: string): Promise<[string, string, number, number, number][]> {
  const all: { indexes: [string]; blobs: [string, string]; doubles: [number, number, number] }[] = (await worker.request("/__points")).json;
  return all.filter((point) => point.indexes[0] === project).map(({ blobs, doubles }) => [...blobs, ...doubles]);
}

const eventuallyPoints = (project: Project, expected: unknown[]) =>
  eventually(async () => expect(await points(project.id)).toEqual(expected));

test("accepted and written, each once, with events, bytes and the delay", async () => {
  const project = await worker.project();
  const body = JSON.stringify({ batch: [traceCreate({ id: "t" }), ...spansOf("t", 3)] });
  await project.sendText(body, 4);
  await project.settled(1);
  await eventuallyPoints(project, [
    ["accepted", "", 4, body.length, 0],
    ["written", "", 4, body.length, project.consumed()[0]!.delayMs],
  ]);
  // Sent again it is accepted again, and nothing is written.
  await project.sendText(body, 4);
  await project.settled(2);
  expect((await points(project.id)).map(([what]) => what)).toEqual(["accepted", "written", "accepted"]);
});

test("rejected, with the code of the answer; of nobody, when no key proves whose", async () => {
  const project = await worker.project();
  const reject = async (status: number, body: string, headers: Record<string, string> = {}) =>
    expect((await project.post(body, headers)).status).toBe(status);
  await reject(400, "{}");
  await reject(413, " ".repeat(5 * 1024 * 1024 + 1));
  await reject(415, "{}", { "content-type": "text/plain" });
  const rejected = (code: string) => ["rejected", code, 1, 0, 0];
  const codes = ["VALIDATION_ERROR", "PAYLOAD_TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE"];
  await eventuallyPoints(project, codes.map(rejected));
  await worker.request("/api/v1/traces", { headers: { authorization: "Bearer ts_nobody" } });
  await eventually(async () => expect(await points("")).toContainEqual(rejected("UNAUTHORIZED")));
});

test("retried, then written", async () => {
  const project = await worker.project();
  await faulty.inject({ on: "DB.batch", times: 1 }, { on: "retry" });
  await project.send(...batchOf("t"));
  await project.settled(1);
  await eventually(async () => expect((await points(project.id)).map(([what]) => what)).toEqual(["accepted", "retried", "written"]));
  await faulty.inject();
});

test("dead letters, once each is recorded", async () => {
  const project = await worker.project();
  await project.send(spanCreate({ traceId: "t" }));
  await project.settled(1);
  const [key] = await project.objects();
  await worker.bindings.RAW.delete(key!);
  await faulty.deliver(key!);
  await eventually(async () => expect((await points(project.id)).at(-1)).toEqual(["dead-lettered", "", 1, 0, 0]));
  expect((await points(project.id)).filter(([what]) => what === "dead-lettered")).toHaveLength(1);
});

test("swept", async () => {
  const project = await worker.project();
  await faulty.inject({ on: "QUEUE.send", lose: true });
  await project.send(...batchOf("a"));
  await project.send(...batchOf("b"));
  await faulty.inject();
  await faulty.sweep();
  await eventually(async () => expect(await points(project.id)).toContainEqual(["swept", "", 2, 0, 0]));
  await expectOnce(project, ["a", "b"]);
});

test("a dataset that fails costs nobody anything", async () => {
  const project = await worker.project();
  await faulty.inject({ on: "METRICS.writeDataPoint" });
  await project.send(...batchOf("t"));
  await expectOnce(project, ["t"]);
  expect((await project.post("{}")).status).toBe(400);
  expect(await points(project.id)).toEqual([]);
  await faulty.inject();
});

test("the platform's own dataset takes what is written to it", async () => {
  const project = await bound.project();
  await project.send(...batchOf("t"));
  await project.traceWith(5, "t");
  expect((await project.post("{}")).status).toBe(400);
  await project.settled(1);
  expect(bound.printed()).not.toContain("Analytics Engine");
});
