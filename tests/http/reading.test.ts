// Reading back: the list with its filters, order and pages.
import { describe, expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { DECIMAL, MORE_TRACE_FIELDS, TIME, TRACE_FIELDS, expectFields, ids, minute } from "../support/fields.ts";

const worker = useWorker();

describe("the list", () => {
  test("has exactly the fields it should", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t", name: "n", tags: ["a"], metadata: { x: 1 } }), spanCreate({ traceId: "t", cost: 0.0034 }));
    await project.traceWith(1, "t");
    const answer = await project.get("/api/v1/traces");
    expect(Object.keys(answer.json).sort()).toEqual(["data", "error"]);
    expect(answer.json.error).toBeNull();
    expect(Object.keys(answer.json.data).sort()).toEqual(["nextCursor", "traces"]);
    const [trace] = answer.json.data.traces;
    expectFields(trace, TRACE_FIELDS, MORE_TRACE_FIELDS);
    expect(trace).toMatchObject({
      id: "t",
      name: "n",
      status: "OK",
      startTime: expect.stringMatching(TIME),
      endTime: expect.stringMatching(TIME),
      durationMs: 1_000,
      totalCost: expect.stringMatching(DECIMAL),
      totalTokens: 0,
      tags: ["a"],
      metadata: { x: 1 },
      spanCount: 1,
      errorCount: 0,
      scoreCount: 0,
      createdAt: expect.stringMatching(TIME),
    });
    expect(answer.json.data.nextCursor).toBeNull();
  });

  test("is empty for a new project", async () => {
    const project = await worker.project();
    expect(await project.list()).toEqual({ traces: [], nextCursor: null });
  });

  test("newest start first, whatever came first", async () => {
    const project = await worker.project();
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
      const project = await worker.project();
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
    [
      {
        name: ALPHABETS,
        tags: Array.from({ length: 20 }, (_, n) => `t${n}`).join(),
        status: "OK",
        startDate: minute(0),
        endDate: minute(9),
      },
      [],
    ],
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
    ["limit", "0"],
    ["limit", "101"],
    ["limit", "-1"],
    ["limit", "1.5"],
    ["limit", "ten"],
    ["limit", ""],
    ["limit", "99999999999999999999"],
    ["status", "ok"],
    ["status", "FAILED"],
    ["status", ""],
    ["startDate", "yesterday"],
    ["startDate", "2026-13-01"],
    ["endDate", "2026-02-30T00:00:00Z"],
    ["endDate", "1773482400"],
    ["startDate", ""],
    ["cursor", "x"],
    ["cursor", ""],
    ["cursor", "%00"],
    ["cursor", "e30"],
    ["cursor", "👻"],
    ["cursor", "A".repeat(5_000)],
  ])("%s=%j is 400 and says so", async (name, value) => {
    const project = await fill();
    const answer = await project.get(`/api/v1/traces?${new URLSearchParams({ [name]: value })}`);
    const { details } = expectFailure(answer, 400, "VALIDATION_ERROR");
    expect(details).toEqual([{ path: name, message: expect.stringMatching(/\S/) }]);
  });
});

describe("pages", () => {
  test("limit is 50 unless told, 1 and 100 are the bounds", async () => {
    const project = await worker.project();
    await project.send(...Array.from({ length: 101 }, (_, n) => traceCreate({ id: `t${n}` })));
    await project.listWith(100);
    expect((await project.list()).traces).toHaveLength(50);
    expect((await project.list({ limit: "1" })).traces).toHaveLength(1);
    const full = await project.list({ limit: "100" });
    expect(full.nextCursor).toEqual(expect.any(String));
    expect((await project.list({ limit: "100", cursor: full.nextCursor! })).traces).toHaveLength(1);
  });

  test("a last page that is just full has no next", async () => {
    const project = await worker.project();
    await project.send(...Array.from({ length: 4 }, () => traceCreate()));
    await project.listWith(4);
    const first = await project.list({ limit: "2" });
    const second = await project.list({ limit: "2", cursor: first.nextCursor! });
    expect(second).toMatchObject({ traces: [{}, {}], nextCursor: null });
  });

  test("neither skip nor repeat while traces arrive, before, after and at the same start", async () => {
    const project = await worker.project();
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
    expect(
      ids(seen)
        .filter((id) => id.startsWith("first-"))
        .sort(),
    ).toEqual(start.map(({ id }) => id).sort());
    const starts = seen.map(({ startTime }) => startTime);
    expect(starts).toEqual([...starts].sort().reverse());
  });

  test("ids with odd characters make good cursors", async () => {
    const project = await worker.project();
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
