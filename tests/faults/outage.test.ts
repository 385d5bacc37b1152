// When the services that the Worker stands on fail: what was answered 201 is
// never lost and never counted twice, what was not is 503 and may be sent
// again. The Worker is the built one; its bindings fail on command.
import { beforeEach, describe, expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import type { Answer } from "../support/http.ts";

const worker = useWorker({ main: "./tests/support/faulty-entry.mjs" });

interface Fault {
  on: string;
  times: number;
  /** The call is made, and only its reply is lost. */
  after?: boolean;
}

/** From here on, these faults and no others. */
const inject = async (...faults: Fault[]) => void (await worker.request("/__faults", { method: "POST", body: JSON.stringify(faults) }));
const ALWAYS = 1_000;

/** How often a call was made so far. */
const calls = async (name: string): Promise<number> => (await worker.request("/__faults")).json[name] ?? 0;

beforeEach(() => inject());

const events = [traceCreate({ id: "t" }), ...Array.from({ length: 5 }, (_, n) => spanCreate({ id: `s${n}`, traceId: "t", cost: 0.5 }))];
const body = JSON.stringify({ batch: events });

/** All of it is there, once. */
const expectWhole = async (project: Project) => {
  expect(await project.traceWith(5, "t")).toMatchObject({ spanCount: 5, totalCost: "2.5" });
  expect(await project.rows("batch")).toHaveLength(1);
};

const expectUnavailable = (answer: Answer) => {
  const error = expectFailure(answer, 503, "UNAVAILABLE");
  expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
  expect(error.message).toContain(answer.headers["x-request-id"]);
  // How it is built is nobody's business. (The id is hexadecimal: it may well have a d1 in it.)
  expect(error.message.replace(String(answer.headers["x-request-id"]), "")).not.toMatch(/injected|r2|d1|queue|raw\//i);
};

describe("R2 is away", () => {
  test.each([false, true])("503, nothing is queued, and sending it again works (put made, reply lost: %s)", async (after) => {
    const project = await worker.project();
    const before = await calls("QUEUE.send");
    await inject({ on: "RAW.put", times: ALWAYS, after });
    expectUnavailable(await project.post(body));
    expect(await calls("QUEUE.send")).toBe(before);
    await inject();
    await project.sendText(body, 6);
    await project.settled(1);
    await expectWhole(project);
  });

  test("for a moment: nobody notices", async () => {
    const project = await worker.project();
    await inject({ on: "RAW.put", times: 1 });
    await project.sendText(body, 6);
    await expectWhole(project);
  });

  test("when the consumer reads: it reads again later", async () => {
    const project = await worker.project();
    await inject({ on: "RAW.get", times: 1 });
    await project.sendText(body, 6);
    await expectWhole(project);
  });

  test("when a trace is read: the trace is there, its payloads say what happened", async () => {
    const project = await worker.project();
    await project.send(spanCreate({ traceId: "t", name: "n", input: "in" }));
    await project.traceWith(1, "t");
    await inject({ on: "RAW.get", times: ALWAYS });
    const answer = await project.trace("t");
    expect(answer.json.data.spans[0]).toMatchObject({ name: "n", input: null, payloadError: expect.stringMatching(/\S/) });
    expect(answer.text).not.toContain("injected");
    await inject();
    expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ input: "in" });
  });
});

describe("the queue is away", () => {
  test.each([false, true])("201 all the same, and it is written without the queue (message sent, reply lost: %s)", async (after) => {
    const project = await worker.project();
    await inject({ on: "QUEUE.send", times: ALWAYS, after });
    await project.sendText(body, 6);
    await expectWhole(project);
    await inject();
    await project.sendText(body, 6);
    await expectWhole(project);
  });

  test("for a moment: nobody notices", async () => {
    const project = await worker.project();
    await inject({ on: "QUEUE.send", times: 1 });
    await project.sendText(body, 6);
    await expectWhole(project);
  });
});

describe("D1 is away", () => {
  test("when keys are looked up: 503, never 401, and not for good", async () => {
    const project = await worker.project();
    await inject({ on: "DB.first", times: ALWAYS });
    expectUnavailable(await project.post(body));
    expectUnavailable(await project.get("/api/v1/traces"));
    await inject();
    await project.sendText(body, 6);
    await expectWhole(project);
  });

  test("a key that was used before needs no D1 to send; reading is 503", async () => {
    const project = await worker.project();
    expect((await project.list()).traces).toEqual([]);
    await inject({ on: "DB.first", times: ALWAYS }, { on: "DB.batch", times: ALWAYS });
    await project.sendText(body, 6);
    expectUnavailable(await project.get("/api/v1/traces"));
    expectUnavailable(await project.trace("t"));
    await inject();
    await expectWhole(project);
  });

  test.each([false, true])("when rows are written: they are written later, and once (written, reply lost: %s)", async (after) => {
    const project = await worker.project();
    const before = await calls("DB.batch");
    await inject({ on: "DB.batch", times: 1, after });
    await project.sendText(body, 6);
    await project.settled(1);
    // Once in vain; then what is there is read, and the rows are written.
    expect(await calls("DB.batch")).toBe(before + 3);
    await expectWhole(project);
  });

  test("health does not care", async () => {
    await inject({ on: "DB.first", times: ALWAYS }, { on: "DB.batch", times: ALWAYS }, { on: "RAW.put", times: ALWAYS });
    expect((await worker.request("/api/v1/health")).status).toBe(200);
  });
});

test("one batch that cannot be written holds back no other", async () => {
  const [stuck, others] = [await worker.project(), await worker.project()];
  await stuck.sendText(body, 6);
  await expectWhole(stuck);
  // A message whose raw batch is gone is tried again for hours.
  await worker.bindings.QUEUE.send({ v: 1, key: `raw/20260314T100000.000Z/${stuck.id}/${"0".repeat(32)}.json` });
  for (let n = 0; n < 5; n++) await others.send(...spansOf(`t${n}`, 2));
  for (let n = 0; n < 5; n++) await others.traceWith(2, `t${n}`);
});
