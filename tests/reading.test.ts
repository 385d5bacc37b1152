// Reading back: the list with its filters, order and pages, and one trace with
// its spans, whatever its id and wherever its payloads are.
import { describe, expect, test } from "vitest";
import { useEdge, type Project } from "./support/edge.ts";
import { spanCreate, traceCreate } from "./support/events.ts";
import { expectFailure } from "./support/failure.ts";

const edge = useEdge();

const TRACE_FIELDS = [
  "createdAt", "durationMs", "endTime", "id", "metadata", "name", "scoreCount", "spanCount", "startTime", "status",
  "tags", "totalCost", "totalTokens",
];
const MORE_TRACE_FIELDS = ["sessionId", "parentTraceId", "deploymentId", "evaluators", "inputPreview", "outputPreview"];
const SPAN_FIELDS = [
  "completionTokens", "cost", "createdAt", "durationMs", "endTime", "errorMessage", "id", "input", "metadata", "model",
  "modelParameters", "name", "output", "parentSpanId", "promptTokens", "startTime", "status", "totalTokens", "traceId", "type",
];
const MORE_SPAN_FIELDS = ["cachedTokens", "parentMissing"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const DECIMAL = /^\d+(\.\d+)?$/;

/** These fields, perhaps some of those, and no others. */
function expectFields(object: object, fields: string[], allowed: string[]) {
  const found = Object.keys(object);
  expect(found).toEqual(expect.arrayContaining(fields));
  expect([...fields, ...allowed]).toEqual(expect.arrayContaining(found));
}

const ids = (traces: Record<string, any>[]) => traces.map(({ id }) => id);
const minute = (n: number) => `2026-03-14T10:${String(n).padStart(2, "0")}:00.000Z`;

describe("the list", () => {
  test("has exactly the fields it should", async () => {
    const project = await edge.project();
    await project.send(traceCreate({ id: "t", name: "n", tags: ["a"], metadata: { x: 1 } }), spanCreate({ traceId: "t", cost: 0.0034 }));
    await project.traceWith(1, "t");
    const answer = await project.get("/api/v1/traces");
    expect(Object.keys(answer.json).sort()).toEqual(["data", "error"]);
    expect(answer.json.error).toBeNull();
    expect(Object.keys(answer.json.data).sort()).toEqual(["nextCursor", "traces"]);
    const [trace] = answer.json.data.traces;
    expectFields(trace, TRACE_FIELDS, MORE_TRACE_FIELDS);
    expect(trace).toMatchObject({
      id: "t", name: "n", status: "OK", startTime: expect.stringMatching(TIME), endTime: expect.stringMatching(TIME),
      durationMs: 1_000, totalCost: expect.stringMatching(DECIMAL), totalTokens: 0, tags: ["a"], metadata: { x: 1 },
      spanCount: 1, scoreCount: 0, createdAt: expect.stringMatching(TIME),
    });
    expect(answer.json.data.nextCursor).toBeNull();
  });

  test("is empty for a new project", async () => {
    const project = await edge.project();
    expect(await project.list()).toEqual({ traces: [], nextCursor: null });
  });

  test("newest start first, whatever came first", async () => {
    const project = await edge.project();
    for (const n of [3, 1, 4, 0, 2]) await project.send(traceCreate({ id: `t${n}`, startTime: minute(n) }));
    expect(ids(await project.listWith(5))).toEqual(["t4", "t3", "t2", "t1", "t0"]);
  });
});

describe("filters", () => {
  const ALPHABETS = "абвгдежзийклмнопрстуфхцчшщъыьэюяαβγδεζηθικλμνξοπρστυφχψωàáâãäåæçèéêëìíîïðñòóôõö";
  const TRACES = [
    { id: "checkout", name: "Checkout Agent", tags: ["production", "eu"], startTime: minute(1), endTime: minute(1) },
    { id: "refund", name: "refund agent 100%", tags: ["production"], startTime: minute(2) },
    { id: "search", name: "search_v2", tags: ["staging", "eu", "a b"], startTime: minute(3) },
    { id: "broken", name: "Straße ÄRGER", tags: [], startTime: minute(4) },
  ];
  let filled: Promise<Project> | undefined;
  const fill = () =>
    (filled ??= (async () => {
      const project = await edge.project();
      await project.send(
        ...TRACES.map((trace) => traceCreate(trace)),
        spanCreate({ traceId: "broken", status: "ERROR", startTime: minute(5) }),
        spanCreate({ traceId: "search", startTime: minute(5) }),
      );
      await project.traceWith(1, "broken");
      await project.listWith(4);
      return project;
    })());

  test.each<[Record<string, string>, string[]]>([
    [{ name: "agent" }, ["refund", "checkout"]],
    [{ name: "AGENT" }, ["refund", "checkout"]],
    [{ name: "Checkout Agent" }, ["checkout"]],
    [{ name: "%" }, ["refund"]],
    [{ name: "_" }, ["search"]],
    [{ name: "traß" }, ["broken"]],
    [{ name: "ärger" }, ["broken"]],
    [{ name: "ÄRGER" }, ["broken"]],
    // Each letter is a level of an expression's nesting, of which D1 allows 100.
    [{ name: ALPHABETS, tags: Array.from({ length: 20 }, (_, n) => `t${n}`).join(), status: "OK", startDate: minute(0), endDate: minute(9) }, []],
    [{ name: "'; drop table trace; --" }, []],
    [{ name: `Checkout Agent${" and a name that is longer than any pattern".repeat(3)}` }, []],
    [{ status: "OK" }, ["search", "checkout"]],
    [{ status: "RUNNING" }, []],
    [{ status: "UNFINISHED" }, ["refund"]],
    [{ status: "ERROR" }, ["broken"]],
    [{ tags: "production" }, ["refund", "checkout"]],
    [{ tags: "production,eu" }, ["checkout"]],
    [{ tags: "eu,production" }, ["checkout"]],
    [{ tags: "a b" }, ["search"]],
    [{ tags: "prod" }, []],
    [{ tags: "eu,nowhere" }, []],
    [{ startDate: minute(2) }, ["broken", "search", "refund"]],
    [{ startDate: "2026-03-14T10:02:00.001Z" }, ["broken", "search"]],
    [{ endDate: "2026-03-14T10:02:00.001Z" }, ["refund", "checkout"]],
    [{ endDate: "2026-03-14T10:01:59Z" }, ["checkout"]],
    [{ startDate: minute(2), endDate: "2026-03-14T10:03:30Z" }, ["search", "refund"]],
    [{ startDate: "2026-03-14T12:02:30+02:00" }, ["broken", "search"]],
    [{ startDate: "2026-03-14T12:02:30 02:00" }, ["broken", "search"]],
    [{ startDate: "2026-03-14" }, ["broken", "search", "refund", "checkout"]],
    [{ startDate: "2026-03-15" }, []],
    [{ endDate: "2026-03-13" }, []],
    [{ name: "agent", tags: "eu", status: "OK", startDate: minute(0), endDate: minute(9) }, ["checkout"]],
    [{ unheardOf: "x" }, ["broken", "search", "refund", "checkout"]],
  ])("%j", async (query, expected) => {
    const project = await fill();
    const { traces, nextCursor } = await project.list(query);
    expect(ids(traces)).toEqual(expected);
    expect(nextCursor).toBeNull();
  });

  test("hold on every page", async () => {
    const project = await fill();
    const first = await project.list({ tags: "production", limit: "1" });
    expect(ids(first.traces)).toEqual(["refund"]);
    const second = await project.list({ tags: "production", limit: "1", cursor: first.nextCursor! });
    expect(ids(second.traces)).toEqual(["checkout"]);
    expect(second.nextCursor).toBeNull();
  });

  test.each([
    ["limit", "0"], ["limit", "101"], ["limit", "-1"], ["limit", "1.5"], ["limit", "ten"], ["limit", ""], ["limit", "99999999999999999999"],
    ["status", "ok"], ["status", "FAILED"], ["status", ""],
    ["startDate", "yesterday"], ["startDate", "2026-13-01"], ["endDate", "2026-02-30T00:00:00Z"], ["endDate", "1773482400"], ["startDate", ""],
    ["cursor", "x"], ["cursor", ""], ["cursor", "%00"], ["cursor", "e30"], ["cursor", "👻"], ["cursor", "A".repeat(5_000)],
  ])("%s=%j is 400 and says so", async (name, value) => {
    const project = await fill();
    const answer = await project.get(`/api/v1/traces?${new URLSearchParams({ [name]: value })}`);
    const { details } = expectFailure(answer, 400, "VALIDATION_ERROR");
    expect(details).toEqual([{ path: name, message: expect.stringMatching(/\S/) }]);
  });
});

describe("pages", () => {
  test("limit is 50 unless told, 1 and 100 are the bounds", async () => {
    const project = await edge.project();
    await project.send(...Array.from({ length: 101 }, (_, n) => traceCreate({ id: `t${n}` })));
    await project.listWith(100);
    expect((await project.list()).traces).toHaveLength(50);
    expect((await project.list({ limit: "1" })).traces).toHaveLength(1);
    const full = await project.list({ limit: "100" });
    expect(full.nextCursor).toEqual(expect.any(String));
    expect((await project.list({ limit: "100", cursor: full.nextCursor! })).traces).toHaveLength(1);
  });

  test("a last page that is just full has no next", async () => {
    const project = await edge.project();
    await project.send(...Array.from({ length: 4 }, () => traceCreate()));
    await project.listWith(4);
    const first = await project.list({ limit: "2" });
    const second = await project.list({ limit: "2", cursor: first.nextCursor! });
    expect(second).toMatchObject({ traces: [{}, {}], nextCursor: null });
  });

  test("neither skip nor repeat while traces arrive, before, after and at the same start", async () => {
    const project = await edge.project();
    // Three traces at every start, so that pages of four end amid equals.
    const start = Array.from({ length: 24 }, (_, n) => ({ id: `first-${n}`, startTime: minute(10 + Math.floor(n / 3)) }));
    await project.send(...start.map((trace) => traceCreate(trace)));
    await project.listWith(24);
    const seen: Record<string, any>[] = [];
    let cursor: string | null | undefined;
    for (let page = 0; cursor !== null; page++) {
      const { traces, nextCursor } = await project.list({ limit: "4", ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...traces);
      cursor = nextCursor;
      if (page < 5) {
        await project.send(...[5, 10, 13, 17, 30].map((n) => traceCreate({ id: `later-${page}-${n}`, startTime: minute(n) })));
        await project.listWith(24 + 5 * (page + 1));
      }
    }
    expect(new Set(ids(seen)).size).toBe(seen.length);
    expect(ids(seen).filter((id) => id.startsWith("first-")).sort()).toEqual(start.map(({ id }) => id).sort());
    const starts = seen.map(({ startTime }) => startTime);
    expect(starts).toEqual([...starts].sort().reverse());
  });

  test("ids with odd characters make good cursors", async () => {
    const project = await edge.project();
    const odd = ["a b", "é😀", "a/b?c&d", '"', " ", "{}"];
    await project.send(...odd.map((id) => traceCreate({ id, startTime: minute(1) })));
    await project.listWith(odd.length);
    const seen: string[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await project.list({ limit: "1", ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...ids(page.traces));
      cursor = page.nextCursor;
    }
    expect(seen.sort()).toEqual([...odd].sort());
  });
});

describe("one trace", () => {
  test("has exactly the fields it should", async () => {
    const project = await edge.project();
    await project.send(
      traceCreate({ id: "t" }),
      spanCreate({
        id: "s", traceId: "t", type: "LLM", input: [1], output: {}, model: "m", modelParameters: { p: 1 },
        usage: { promptTokens: 1, completionTokens: 2, totalTokens: 3 }, cost: 0.5, metadata: { k: null },
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
      id: "s", traceId: "t", parentSpanId: null, type: "LLM", input: [1], output: {}, model: "m", modelParameters: { p: 1 },
      promptTokens: 1, completionTokens: 2, totalTokens: 3, status: "OK", errorMessage: null, metadata: { k: null },
      startTime: expect.stringMatching(TIME), endTime: expect.stringMatching(TIME), durationMs: 1_000, createdAt: expect.stringMatching(TIME),
    });
    expect(Number(spans[0].cost)).toBe(0.5);
  });

  test("that is not there is 404", async () => {
    const project = await edge.project();
    expectFailure(await project.trace("none"), 404, "NOT_FOUND");
    expectFailure(await project.trace("x".repeat(5_000)), 404, "NOT_FOUND");
  });

  test("spans in the order in which they began", async () => {
    const project = await edge.project();
    await project.send(...[2, 0, 1].map((n) => spanCreate({ id: `s${n}`, traceId: "t", startTime: minute(n), endTime: minute(9) })));
    expect(ids((await project.traceWith(3, "t")).spans)).toEqual(["s0", "s1", "s2"]);
  });

  test("a parent that is not there, or not yet, is named as it was sent and marked as missing", async () => {
    const project = await edge.project();
    const late = spanCreate({ id: "late", traceId: "t" });
    await project.send(spanCreate({ id: "s", traceId: "t", parentSpanId: late.id }));
    expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ parentSpanId: late.id, parentMissing: true });
    await project.send(late);
    const { spans } = await project.traceWith(2, "t");
    expect(spans.find((span: any) => span.id === "s")).toMatchObject({ parentSpanId: "late" });
    for (const span of spans) expect(span.parentMissing ?? false).toBe(false);
  });

  test("parents that go round in a circle, or to the span itself, come back all the same", async () => {
    const project = await edge.project();
    const parents = { a: "b", b: "a", self: "self" };
    await project.send(...Object.entries(parents).map(([id, parentSpanId]) => spanCreate({ id, traceId: "t", parentSpanId })));
    const { spans } = await project.traceWith(3, "t");
    expect(ids(spans).sort()).toEqual(["a", "b", "self"]);
    expect(spans.find((span: any) => span.id === "self").parentSpanId).toBeNull();
  });

  test("more payload than an answer holds comes in parts, and every span has its own", async () => {
    const project = await edge.project();
    const megabytes = (n: number) => String(n).repeat(4 << 20);
    for (let n = 0; n < 8; n++) await project.send(spanCreate({ id: `s${n}`, traceId: "t", input: megabytes(n) }));
    const { spans } = await project.traceWith(8, "t");
    expect(ids(spans)).toEqual(Array.from({ length: 8 }, (_, n) => `s${n}`));
    for (const span of spans) expect(span.input === megabytes(Number(span.id.slice(1)))).toBe(true);
    expect((await project.trace("t")).json.data.spans.length).toBeLessThan(8);
  }, 60_000);

  test("its spans in parts of any size, with parents that are in another", async () => {
    const project = await edge.project();
    const parents = [undefined, "s0", "s9", "envelope", "nowhere"];
    const span = (n: number) => spanCreate({ id: `s${n}`, traceId: "t", startTime: minute(n), endTime: minute(59), parentSpanId: parents[n % 5] });
    await project.send(...Array.from({ length: 9 }, (_, n) => span(n)), { ...span(9), id: "envelope" });
    const whole = await project.traceWith(10, "t");
    const seen: Record<string, any>[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const answer = await project.get(`/api/v1/traces/t?${new URLSearchParams({ limit: "3", ...(cursor === undefined ? {} : { cursor }) })}`);
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
    expectFailure(await (await edge.project()).get("/api/v1/traces/t/spans/s0"), 404, "NOT_FOUND");
  });

  test.each([
    ["limit", "0"], ["limit", "10001"], ["limit", "1.5"], ["limit", ""],
    ["cursor", "x"], ["cursor", ""], ["cursor", "e30"],
  ])("%s=%j is 400 and says what is expected", async (name, value) => {
    const project = await edge.project();
    await project.send(spanCreate({ traceId: "t" }));
    await project.traceWith(1, "t");
    const answer = await project.get(`/api/v1/traces/t?${new URLSearchParams({ [name]: value })}`);
    const { details } = expectFailure(answer, 400, "VALIDATION_ERROR");
    expect(details).toEqual([{ path: name, message: expect.stringMatching(/^expected /) }]);
  });

  test("spans in 30 batches, each with its own payload", async () => {
    const project = await edge.project();
    for (let n = 0; n < 30; n++) await project.send(spanCreate({ id: `s${n}`, traceId: "t", input: { n }, output: `out ${n}` }));
    const { spans, spanCount } = await project.traceWith(30, "t");
    expect(spanCount).toBe(30);
    for (const span of spans) expect(span).toMatchObject({ input: { n: Number(span.id.slice(1)) }, output: `out ${span.id.slice(1)}` });
  });

  test("payloads far apart in one large batch", async () => {
    const project = await edge.project();
    const filler = () => spanCreate({ traceId: "filler", input: "x".repeat(450_000) });
    const span = (n: number) => spanCreate({ id: `s${n}`, traceId: "t", input: `in ${n}` });
    await project.send(span(0), filler(), span(1), filler(), span(2), filler());
    const { spans } = await project.traceWith(3, "t");
    for (const span of spans) expect(span.input).toBe(`in ${span.id.slice(1)}`);
  });
});

describe("a raw batch that is gone", () => {
  test("its spans are still listed, without payloads, and say so; the others are whole", async () => {
    const project = await edge.project();
    await project.send(spanCreate({ id: "lost", traceId: "t", name: "lost", type: "TOOL", model: "m", input: "in", output: "out", usage: { totalTokens: 4 } }));
    await project.traceWith(1, "t");
    const [key] = await project.objects();
    await project.send(spanCreate({ id: "kept", traceId: "t", input: "in", output: "out" }));
    await project.traceWith(2, "t");
    await edge.bindings.RAW.delete(key!);
    const { spans } = await project.traceWith(2, "t");
    const byId = Object.fromEntries(spans.map((span: any) => [span.id, span]));
    expect(byId.lost).toMatchObject({
      name: "lost", type: "TOOL", model: "m", totalTokens: 4, input: null, output: null, payloadError: expect.stringMatching(/\S/),
    });
    expect(byId.kept).toMatchObject({ input: "in", output: "out" });
    expect(byId.kept.payloadError ?? null).toBeNull();
  });

  test("one that has other bytes than it had fails nothing else", async () => {
    const project = await edge.project();
    await project.send(spanCreate({ id: "s", traceId: "t", input: "in" }));
    await project.traceWith(1, "t");
    const [key] = await project.objects();
    await edge.bindings.RAW.put(key!, "{}");
    expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ input: null, payloadError: expect.stringMatching(/\S/) });
  });

  test("the trace's long metadata: null, and the trace is listed", async () => {
    const project = await edge.project();
    await project.send(traceCreate({ id: "t", metadata: { long: "x".repeat(10_000) } }));
    const [trace] = await project.listWith(1);
    expect(trace!.metadata.long).toHaveLength(10_000);
    const [key] = await project.objects();
    await edge.bindings.RAW.delete(key!);
    expect((await project.list()).traces).toMatchObject([{ id: "t", metadata: null }]);
  });
});
