// What a 201 promises: the raw batch is in R2 byte for byte, its events are in
// D1 once, whatever the order and however often they come, and what they add
// up to is right.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";
import { newId, spanCreate, spansOf, traceCreate } from "../support/events.ts";

const worker = useWorker();

const stored = async (project: Project): Promise<Buffer[]> =>
  Promise.all((await project.objects()).map(async (key) => Buffer.from(await (await worker.bindings.RAW.get(key))!.arrayBuffer())));

describe("the raw batch", () => {
  const span = `{"trace_id":"t","name":"\\u00e9\\ud800","type":"LLM","input":1.0e+2, "x":"\u2028"}`;
  const events = `${JSON.stringify(traceCreate({ id: "t" }))} , {"type":"span-create","body":${span}}`;
  const odd = ` {\t"batch" :\r\n[ ${events}\n] } \n`;

  test("is in R2 as it was sent, when the 201 comes", async () => {
    const project = await worker.project();
    const before = Date.now();
    await project.sendText(odd, 2);
    const keys = await project.objects();
    expect(keys).toEqual([expect.stringMatching(new RegExp(`^raw/\\d{8}T\\d{6}\\.\\d{3}Z/${project.id}/[0-9a-f]{32}\\.json$`))]);
    const [, y, mo, d, h, mi, s] = keys[0]!.match(/^raw\/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)([\d.]{6})Z/)!;
    const time = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
    expect(time).toBeGreaterThanOrEqual(before - 1_000);
    expect(time).toBeLessThanOrEqual(Date.now() + 1_000);
    expect((await stored(project))[0]!.equals(Buffer.from(odd))).toBe(true);
  });

  test("is there as it came when it was sent packed", async () => {
    const project = await worker.project();
    const answer = await project.post(gzipSync(odd), { "content-encoding": "gzip" });
    expect(answer.status, answer.text).toBe(201);
    expect((await project.objects())[0]).toMatch(/\.json\.gz$/);
    expect((await stored(project))[0]!.equals(gzipSync(odd))).toBe(true);
  });

  test("and its events are in D1 soon, with a row in the ledger", async () => {
    const project = await worker.project();
    await project.sendText(odd, 2);
    await project.traceWith(1, "t");
    const [key] = await project.objects();
    expect(await project.spans()).toBe(1);
    expect(await project.rows("trace")).toHaveLength(1);
    expect(await project.rows("batch")).toMatchObject([{ id: key!.slice(-37, -5), events: 2, bytes: Buffer.byteLength(odd) }]);
  });
});

describe("repeats and disorder", () => {
  const [traceId, root, child, leaf] = [newId(), newId(), newId(), newId()];
  const span = (body: object, second: number) =>
    spanCreate(
      {
        traceId,
        usage: { totalTokens: 10 },
        cost: 0.1,
        startTime: `2026-03-14T10:00:0${second}Z`,
        endTime: `2026-03-14T10:00:09Z`,
        ...body,
      },
      { timestamp: `2026-03-14T10:00:09.${second}Z` },
    );
  const rootEvent = span({ id: root, name: "root" }, 0);
  const events = [
    traceCreate({ id: traceId, name: "the trace", startTime: "2026-03-14T10:00:00.500Z" }),
    rootEvent,
    span({ id: child, name: "child", parentSpanId: rootEvent.id }, 1), // by envelope id, as @observe does
    span({ id: leaf, name: "leaf", parentSpanId: child, status: "ERROR" }, 2), // by span id, as client.span() does
  ];
  const expected = {
    id: traceId,
    name: "the trace",
    status: "OK",
    errorCount: 1,
    spanCount: 3,
    totalTokens: 30,
    totalCost: "0.3",
    startTime: "2026-03-14T10:00:00.000Z",
    endTime: "2026-03-14T10:00:09.000Z",
    durationMs: 9_000,
  };
  const parents = { [root]: null, [child]: root, [leaf]: child };

  const expectRight = async (project: Project) => {
    const trace = await eventually(async () => {
      const answer = await project.trace(traceId);
      expect(answer.json.data).toMatchObject({ spanCount: 3, name: "the trace" });
      return answer.json.data;
    });
    expect(trace).toMatchObject(expected);
    expect(Object.fromEntries(trace.spans.map((s: any) => [s.id, s.parentSpanId]))).toEqual(parents);
  };

  const rows = async (project: Project) => [await project.rows("batch"), await project.rows("trace")];

  test.each([
    ["in one batch, in order", [[0, 1, 2, 3]]],
    ["in one batch, spans before their trace", [[3, 2, 1, 0]]],
    ["each in a batch of its own, in order", [[0], [1], [2], [3]]],
    ["children before their parents, the trace last", [[3], [2], [1], [0]]],
    [
      "children in one batch, the trace in the next",
      [
        [3, 2],
        [0, 1],
      ],
    ],
    ["overlapping batches", [[0, 1], [1, 2], [2, 3, 0], [3]]],
    [
      "everything twice",
      [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
      ],
    ],
    ["an event twice in a batch", [[1, 1, 0, 2, 3, 2]]],
  ])("%s", async (_, batches) => {
    const project = await worker.project();
    for (const batch of batches) await project.send(...batch.map((n) => events[n]!));
    await project.settled(batches.length);
    await expectRight(project);
    expect(await project.spans()).toBe(3);
    expect(await project.rows("batch")).toHaveLength(batches.length);
  });

  test("the same bytes again are the same batch: one ledger row, nothing counted twice", async () => {
    const project = await worker.project();
    const body = JSON.stringify({ batch: events });
    await project.sendText(body, 4);
    await expectRight(project);
    const before = await rows(project);
    expect(before.map((table) => table.length)).toEqual([1, 1]);
    await project.sendText(body, 4);
    await project.post(gzipSync(body), { "content-encoding": "gzip" });
    await project.settled(3);
    expect(await rows(project)).toEqual(before);
  });

  test("a message delivered again changes nothing", async () => {
    const project = await worker.project();
    await project.send(...events);
    await expectRight(project);
    const before = await rows(project);
    const [key] = await project.objects();
    for (let n = 0; n < 3; n++) await worker.bindings.QUEUE.send({ v: 1, key });
    await project.settled(4);
    expect(await rows(project)).toEqual(before);
  });

  test("a message that points nowhere, or says nothing, holds back no other", async () => {
    const project = await worker.project();
    const gone = `raw/20260314T100000.000Z/${project.id}/${"0".repeat(32)}.json`;
    for (const message of [{}, "nonsense", { v: 1, key: "elsewhere" }, { v: 99, key: gone }, { v: 1, key: gone }])
      await worker.bindings.QUEUE.send(message);
    await project.send(...events);
    await expectRight(project);
  });

  test("40 batches at once, all of one trace", async () => {
    const project = await worker.project();
    const five = () => Array.from({ length: 5 }, () => spanCreate({ traceId: "t", cost: 0.01, usage: { totalTokens: 1 } }));
    await Promise.all(Array.from({ length: 40 }, () => project.send(...five())));
    await project.settled(40);
    expect(await project.traceWith(200, "t")).toMatchObject({ spanCount: 200, totalCost: "2", totalTokens: 200 });
  });

  test("the largest batch of the longest texts", async () => {
    const project = await worker.project();
    const long = (n: number) => String(n).padStart(4, "0") + "é".repeat(126);
    const span = (id: string, traceId: string) => spanCreate({ id, traceId, parentSpanId: long(0), name: id, model: id }, { id });
    await project.send(...Array.from({ length: 1_000 }, (_, n) => span(long(n), long(n % 100))));
    await project.settled(1);
    expect(await project.spans()).toBe(1_000);
    expect(await project.traceWith(10, long(7))).toMatchObject({ spanCount: 10, id: long(7) });
  });

  test.each([false, true])("of two revisions of a span the newer counts (newer first: %s)", async (newerFirst) => {
    const project = await worker.project();
    const revision = (cost: number, second: number) =>
      spanCreate(
        { id: "s", traceId: "t", name: `at ${second}`, cost, usage: { totalTokens: second } },
        { timestamp: `2026-03-14T10:00:0${second}Z` },
      );
    const both = [revision(0.5, 1), revision(0.25, 2)];
    for (const event of newerFirst ? both.reverse() : both) await project.send(event);
    await project.settled(2);
    expect(await project.traceWith(1, "t")).toMatchObject({ totalCost: "0.25", totalTokens: 2, spanCount: 1, spans: [{ name: "at 2" }] });
  });

  test.each([false, true])("of two events of a trace the newer counts, field by field (newer first: %s)", async (newerFirst) => {
    const project = await worker.project();
    const revision = (second: number, body: object) =>
      traceCreate(
        { id: "t", name: `at ${second}`, startTime: "2026-03-14T10:00:00Z", ...body },
        { timestamp: `2026-03-14T10:00:0${second}Z` },
      );
    const both = [revision(1, { tags: ["a"], sessionId: "s" }), revision(2, { tags: ["b"] })];
    for (const event of newerFirst ? both.reverse() : both) await project.send(event);
    await project.settled(2);
    expect((await project.trace("t")).json.data).toMatchObject({ name: "at 2", tags: ["b"], sessionId: "s" });
  });
});

describe("what a trace adds up to", () => {
  test("it appears with its first span, and needs no event of its own", async () => {
    const project = await worker.project();
    await project.send(
      spanCreate({ id: "s", traceId: "t", name: "lonely", cost: 0.0034, usage: { promptTokens: 150, completionTokens: 50 } }),
    );
    expect(await project.traceWith(1, "t")).toMatchObject({
      id: "t",
      name: "lonely",
      status: "OK",
      spanCount: 1,
      errorCount: 0,
      scoreCount: 0,
      totalTokens: 200,
      totalCost: "0.0034",
      tags: [],
      startTime: "2026-03-14T10:00:00.000Z",
      endTime: "2026-03-14T10:00:01.000Z",
      durationMs: 1_000,
    });
    expect(await project.listWith(1)).toMatchObject([{ id: "t", name: "lonely", spanCount: 1 }]);
  });

  test("it appears with its own event, and needs no span", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t", name: "early", startTime: "2026-03-14T10:00:00.123456Z" }));
    expect((await project.listWith(1))[0]).toMatchObject({
      id: "t",
      name: "early",
      status: "UNFINISHED",
      spanCount: 0,
      totalTokens: 0,
      startTime: "2026-03-14T10:00:00.123Z",
    });
  });

  test("the earliest start and the latest end, whoever says them", async () => {
    const project = await worker.project();
    const at = (startTime: string, endTime: string) =>
      spanCreate({ traceId: "t", startTime: `2026-03-14T${startTime}`, endTime: `2026-03-14T${endTime}` });
    await project.send(
      traceCreate({ id: "t", startTime: "2026-03-14T10:00:00.200Z" }),
      at("10:00:00.1Z", "10:00:01Z"), // before its own trace says it began
      at("12:00:00.300+02:00", "10:00:02.5Z"), // in another zone
    );
    expect(await project.traceWith(2, "t")).toMatchObject({
      startTime: "2026-03-14T10:00:00.100Z",
      endTime: "2026-03-14T10:00:02.500Z",
      durationMs: 2_400,
    });
  });

  test.each([
    [[0.0021, 0.0013], "0.0034"],
    [[0.1, 0.2], "0.3"],
    [[0.000000001], "0.000000001"],
    [[1e-7, 2.5e-3], "0.0025001"],
    [[3], "3"],
    [[0], "0"],
    [[], "0"],
  ])("costs %j add up to %s", async (costs, total) => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t" }), ...costs.map((cost) => spanCreate({ traceId: "t", cost })), spanCreate({ traceId: "t" }));
    const { totalCost } = await project.traceWith(costs.length + 1, "t");
    expect(totalCost).toMatch(/^\d+(\.\d+)?$/);
    if (total.includes(".")) expect(totalCost).toBe(total);
    else expect(Number(totalCost)).toBe(Number(total));
  });

  test.each([
    [{ promptTokens: 3, completionTokens: 4 }, 7],
    [{ promptTokens: 3, completionTokens: 4, totalTokens: 0 }, 7],
    [{ promptTokens: 3, completionTokens: 4, totalTokens: 9 }, 9],
    [{ totalTokens: 5 }, 5],
    [{ promptTokens: 2 }, 2],
    [{}, null],
  ])("usage %j is %s tokens in all", async (usage, tokens) => {
    const project = await worker.project();
    await project.send(spanCreate({ traceId: "t", usage }));
    expect(await project.traceWith(1, "t")).toMatchObject({ totalTokens: tokens ?? 0, spans: [{ totalTokens: tokens }] });
  });

  test("an error in any span is the trace's", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t" }), ...spansOf("t", 3));
    expect(await project.traceWith(3, "t")).toMatchObject({ status: "OK" });
    await project.send(spanCreate({ traceId: "t", status: "ERROR", errorMessage: "broke" }));
    expect(await project.traceWith(4, "t")).toMatchObject({ status: "ERROR" });
  });
});

describe("rows written", () => {
  // The consumer logs what D1 says that it wrote.
  const written = async (project: Project, messages: number) => {
    await project.settled(messages);
    return project.consumed().map(({ rows_written }) => rows_written as number);
  };
  // Two for a new trace, one for one that is there; one for the ledger, one for the
  // hour's counts, one for what the delivery adds, and one for its words; two for the project the first time.
  const NEW = 8 * 2 + 4 + 2;
  const THERE = 8 + 4;

  test("100 spans over 8 new traces, then 100 more over the same", async () => {
    const project = await worker.project();
    const spans = (from: number) =>
      Array.from({ length: 100 }, (_, n) =>
        spanCreate({ traceId: `t${n % 8}`, name: `span ${from + n}`, input: n, cost: 0.01, usage: { promptTokens: 1 } }),
      );
    await project.send(...spans(0));
    await project.settled(1);
    await project.send(...spans(100));
    expect(await written(project, 2)).toEqual([NEW, THERE]);
    expect(await project.spans()).toBe(200);
  });

  test("with the traces' own events in the same batch", async () => {
    const project = await worker.project();
    const traces = Array.from({ length: 8 }, (_, n) => traceCreate({ id: `t${n}`, tags: ["a", "b"], metadata: { n } }));
    await project.send(...traces, ...Array.from({ length: 100 }, (_, n) => spanCreate({ traceId: `t${n % 8}`, input: n })));
    const [rows] = await written(project, 1);
    expect(rows).toBe(NEW);
    expect(await project.spans()).toBe(100);
  });
});
