// One trace read back with its spans, whatever its id and wherever its payloads are.
import { describe, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { MORE_SPAN_FIELDS, MORE_TRACE_FIELDS, SPAN_FIELDS, TIME, TRACE_FIELDS, expectFields, ids, minute } from "../support/fields.ts";

const worker = useWorker();

describe("one trace", () => {
  test("has exactly the fields it should", async () => {
    const project = await worker.project();
    await project.send(
      traceCreate({ id: "t" }),
      spanCreate({
        id: "s",
        traceId: "t",
        type: "LLM",
        input: [1],
        output: {},
        model: "m",
        modelParameters: { p: 1 },
        usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 },
        cost: 0.5,
        metadata: { k: null },
      }),
    );
    await project.traceWith(1, "t");
    const answer = await project.trace("t");
    expect(Object.keys(answer.json).sort()).toEqual(["data", "error"]);
    expect(answer.json.error).toBeNull();
    const { spans, nextSpanCursor, scores, ...trace } = answer.json.data;
    expectFields(trace, TRACE_FIELDS, MORE_TRACE_FIELDS);
    expect([nextSpanCursor, scores]).toEqual([null, []]);
    expectFields(spans[0], SPAN_FIELDS, MORE_SPAN_FIELDS);
    expect(spans[0]).toMatchObject({
      id: "s",
      traceId: "t",
      parentSpanId: null,
      type: "LLM",
      input: [1],
      output: {},
      model: "m",
      modelParameters: { p: 1 },
      promptTokens: 1,
      completionTokens: 2,
      totalTokens: 3,
      status: "OK",
      errorMessage: null,
      metadata: { k: null },
      startTime: expect.stringMatching(TIME),
      endTime: expect.stringMatching(TIME),
      durationMs: 1_000,
      createdAt: expect.stringMatching(TIME),
    });
    expect(Number(spans[0].cost)).toBe(0.5);
  });

  test("that is not there is 404", async () => {
    const project = await worker.project();
    expectFailure(await project.trace("none"), 404, "NOT_FOUND");
    expectFailure(await project.trace("x".repeat(5_000)), 404, "NOT_FOUND");
  });

  test("spans in the order in which they began", async () => {
    const project = await worker.project();
    await project.send(...[2, 0, 1].map((n) => spanCreate({ id: `s${n}`, traceId: "t", startTime: minute(n), endTime: minute(9) })));
    expect(ids((await project.traceWith(3, "t")).spans)).toEqual(["s0", "s1", "s2"]);
  });

  test("a parent that is not there, or not yet, is named as it was sent and marked as missing", async () => {
    const project = await worker.project();
    const late = spanCreate({ id: "late", traceId: "t" });
    await project.send(spanCreate({ id: "s", traceId: "t", parentSpanId: late.id }));
    expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ parentSpanId: late.id, parentMissing: true });
    await project.send(late);
    const { spans } = await project.traceWith(2, "t");
    expect(spans.find((span: any) => span.id === "s")).toMatchObject({ parentSpanId: "late" });
    for (const span of spans) expect(span.parentMissing ?? false).toBe(false);
  });

  test("parents that go round in a circle, or to the span itself, come back all the same", async () => {
    const project = await worker.project();
    const parents = { a: "b", b: "a", self: "self" };
    await project.send(...Object.entries(parents).map(([id, parentSpanId]) => spanCreate({ id, traceId: "t", parentSpanId })));
    const { spans } = await project.traceWith(3, "t");
    expect(ids(spans).sort()).toEqual(["a", "b", "self"]);
    expect(spans.find((span: any) => span.id === "self").parentSpanId).toBeNull();
  });

  test("more payload than an answer holds comes in parts, and every span has its own", async () => {
    const project = await worker.project();
    const megabytes = (n: number) => String(n).repeat(4 << 20);
    for (let n = 0; n < 8; n++) await project.send(spanCreate({ id: `s${n}`, traceId: "t", input: megabytes(n) }));
    const { spans } = await project.traceWith(8, "t");
    expect(ids(spans)).toEqual(Array.from({ length: 8 }, (_, n) => `s${n}`));
    for (const span of spans) expect(span.input === megabytes(Number(span.id.slice(1)))).toBe(true);
    expect((await project.trace("t")).json.data.spans.length).toBeLessThan(8);
  }, 60_000);

  test("its spans in parts of any size, with parents that are in another", async () => {
    const project = await worker.project();
    const parents = [undefined, "s0", "s9", "envelope", "nowhere"];
    const span = (n: number) =>
      spanCreate({ id: `s${n}`, traceId: "t", startTime: minute(n), endTime: minute(59), parentSpanId: parents[n % 5] });
    await project.send(...Array.from({ length: 9 }, (_, n) => span(n)), { ...span(9), id: "envelope" });
    const whole = await project.traceWith(10, "t");
    const seen: Record<string, any>[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const answer = await project.get(
        `/api/v1/traces/t?${new URLSearchParams({ limit: "3", ...(cursor === undefined ? {} : { cursor }) })}`,
      );
      expect(answer.json.data).toMatchObject({ id: "t", spanCount: 10 });
      seen.push(...answer.json.data.spans);
      cursor = answer.json.data.nextSpanCursor;
    }
    expect(seen).toEqual(whole.spans);
    expect(seen.map(({ parentSpanId }) => parentSpanId)).toEqual([null, "s0", "s9", "s9", "nowhere", null, "s0", "s9", "s9", "nowhere"]);
    for (const span of seen) {
      const one = await project.get(`/api/v1/traces/t/spans/${span.id}`);
      expect(one.json).toEqual({ data: span, error: null });
    }
    expectFailure(await project.get("/api/v1/traces/t/spans/none"), 404, "NOT_FOUND");
    expectFailure(await (await worker.project()).get("/api/v1/traces/t/spans/s0"), 404, "NOT_FOUND");
  });

  test.each([
    ["limit", "0"],
    ["limit", "10001"],
    ["limit", "1.5"],
    ["limit", ""],
    ["cursor", "x"],
    ["cursor", ""],
    ["cursor", "e30"],
  ])("%s=%j is 400 and says what is expected", async (name, value) => {
    const project = await worker.project();
    await project.send(spanCreate({ traceId: "t" }));
    await project.traceWith(1, "t");
    const answer = await project.get(`/api/v1/traces/t?${new URLSearchParams({ [name]: value })}`);
    const { details } = expectFailure(answer, 400, "VALIDATION_ERROR");
    expect(details).toEqual([{ path: name, message: expect.stringMatching(/^expected /) }]);
  });

  test("spans in 30 batches, each with its own payload", async () => {
    const project = await worker.project();
    for (let n = 0; n < 30; n++) await project.send(spanCreate({ id: `s${n}`, traceId: "t", input: { n }, output: `out ${n}` }));
    const { spans, spanCount } = await project.traceWith(30, "t");
    expect(spanCount).toBe(30);
    for (const span of spans) expect(span).toMatchObject({ input: { n: Number(span.id.slice(1)) }, output: `out ${span.id.slice(1)}` });
  });

  test("payloads far apart in one large batch", async () => {
    const project = await worker.project();
    const filler = () => spanCreate({ traceId: "filler", input: "x".repeat(450_000) });
    const span = (n: number) => spanCreate({ id: `s${n}`, traceId: "t", input: `in ${n}` });
    await project.send(span(0), filler(), span(1), filler(), span(2), filler());
    const { spans } = await project.traceWith(3, "t");
    for (const span of spans) expect(span.input).toBe(`in ${span.id.slice(1)}`);
  });
});

describe("a raw batch that is gone", () => {
  test("its spans are still listed, without payloads, and say so; the others are whole", async () => {
    const project = await worker.project();
    await project.send(
      spanCreate({
        id: "lost",
        traceId: "t",
        name: "lost",
        type: "TOOL",
        model: "m",
        input: "in",
        output: "out",
        usage: { totalTokens: 4 },
      }),
    );
    await project.traceWith(1, "t");
    const [key] = await project.objects();
    await project.send(spanCreate({ id: "kept", traceId: "t", input: "in", output: "out" }));
    await project.traceWith(2, "t");
    await worker.bindings.RAW.delete(key!);
    const { spans } = await project.traceWith(2, "t");
    const byId = Object.fromEntries(spans.map((span: any) => [span.id, span]));
    expect(byId.lost).toMatchObject({
      name: "lost",
      type: "TOOL",
      model: "m",
      totalTokens: 4,
      input: null,
      output: null,
      payloadError: expect.stringMatching(/\S/),
    });
    expect(byId.kept).toMatchObject({ input: "in", output: "out" });
    expect(byId.kept.payloadError ?? null).toBeNull();
  });

  test("one that has other bytes than it had fails nothing else", async () => {
    const project = await worker.project();
    await project.send(spanCreate({ id: "s", traceId: "t", input: "in" }));
    await project.traceWith(1, "t");
    const [key] = await project.objects();
    await worker.bindings.RAW.put(key!, "{}");
    expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ input: null, payloadError: expect.stringMatching(/\S/) });
  });

  test("the trace's long metadata: null, and the trace is listed", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t", metadata: { long: "x".repeat(10_000) } }));
    const [trace] = await project.listWith(1);
    expect(trace!.metadata.long).toHaveLength(10_000);
    const [key] = await project.objects();
    await worker.bindings.RAW.delete(key!);
    expect((await project.list()).traces).toMatchObject([{ id: "t", metadata: null }]);
  });
});
