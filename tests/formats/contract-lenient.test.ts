// Batches with bad events in them whose good ones are wanted.
import { describe, expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";

const worker = useWorker();

describe("lenient handling", () => {
  const mixed = () => [traceCreate({ id: "t" }), spanCreate({ traceId: "t", type: "?" }), spanCreate({ id: "good", traceId: "t" }), {}];
  const prefer = (value: string) => ({ prefer: value });

  const expectPartial = async (project: Project, answer: any) => {
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json).toMatchObject({ accepted: 2, rejected: 2 });
    // One for each problem: an event may have several.
    expect(new Set(answer.json.errors.map(({ index }: any) => index))).toEqual(new Set([1, 3]));
    for (const error of answer.json.errors) {
      expect(error).toEqual({
        index: expect.any(Number),
        path: expect.stringMatching(/^batch\[\d]/),
        message: expect.stringMatching(/\S/),
      });
    }
    expect((await project.traceWith(1, "t")).spans[0].id).toBe("good");
  };

  test.each(["handling=lenient", 'handling="lenient"', "respond-async, handling=lenient; x=y", "HANDLING=lenient"])(
    "Prefer: %s takes the good events and reports the bad",
    async (value) => {
      const project = await worker.project();
      const answer = await project.post({ batch: mixed() }, prefer(value));
      await expectPartial(project, answer);
      expect(answer.headers["preference-applied"]).toBe("handling=lenient");
    },
  );

  test("the project's own setting does so without being asked", async () => {
    const project = await worker.project("lenient");
    await expectPartial(project, await project.post({ batch: mixed() }));
  });

  test("Prefer: handling=strict overrides the project's setting", async () => {
    const project = await worker.project("lenient");
    expectFailure(await project.post({ batch: mixed() }, prefer("handling=strict")), 400, "VALIDATION_ERROR");
  });

  test("nothing bad: nothing rejected", async () => {
    const project = await worker.project();
    const answer = await project.post({ batch: [traceCreate()] }, prefer("handling=lenient"));
    expect(answer).toMatchObject({ status: 201, json: { accepted: 1, rejected: 0, errors: [] } });
  });

  test("nothing good: 400", async () => {
    const project = await worker.project("lenient");
    expectFailure(await project.post({ batch: [{}, {}] }), 400, "VALIDATION_ERROR");
    expect(await project.objects()).toEqual([]);
  });

  test("an empty batch is fine, a body that is no batch is not", async () => {
    const project = await worker.project("lenient");
    expect(await project.post({ batch: [] })).toMatchObject({ status: 201, json: { accepted: 0 } });
    expectFailure(await project.post('{"batch":['), 400, "VALIDATION_ERROR");
  });

  test.each(["handling=other", "return=minimal", ";;=,"])("Prefer: %s changes nothing", async (value) => {
    const project = await worker.project();
    const answer = await project.post({ batch: mixed() }, prefer(value));
    expectFailure(answer, 400, "VALIDATION_ERROR");
    expect(answer.headers["preference-applied"]).toBeUndefined();
  });

  test("the raw batch keeps the bad events too", async () => {
    const project = await worker.project();
    const body = JSON.stringify({ batch: mixed() });
    await project.post(body, prefer("handling=lenient"));
    const [key] = await project.objects();
    const object = await worker.bindings.RAW.get(key!);
    expect(Buffer.from(await object!.arrayBuffer()).toString()).toBe(body);
  });
});
