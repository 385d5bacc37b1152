// What an event may look like: both spellings of every field, nulls, missing
// ids, every type, every bound; and what becomes of a batch's good events when
// others are bad.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";
import { newId, spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";

const worker = useWorker();

const SPAN_TYPES = ["AGENT", "LLM", "TOOL", "RETRIEVAL", "CHAIN", "CUSTOM", "DELEGATION", "VOICE", "HUMAN_HANDOFF", "GUARDRAIL"];

/** A trace without what differs from one sending to the next. */
function settled(trace: Record<string, any>) {
  const { createdAt: _, ...rest } = trace;
  return { ...rest, spans: trace.spans.map(({ createdAt: _, ...span }: any) => span) };
}

describe("spelling", () => {
  const [traceId, parentId, spanId] = [newId(), newId(), newId()];
  const camel = [
    {
      id: "e1",
      type: "trace-create",
      timestamp: "2026-03-14T10:00:00Z",
      body: {
        id: traceId,
        name: "both",
        startTime: "2026-03-14T09:59:59.5Z",
        endTime: "2026-03-14T10:00:09Z",
        sessionId: "session",
        parentTraceId: "up",
        deploymentId: "v7",
        evaluators: ["tone"],
        tags: ["a", "b"],
        metadata: { someKey: 1, some_key: 2 },
      },
    },
    {
      id: "e2",
      type: "span-create",
      timestamp: "2026-03-14T10:00:00Z",
      body: {
        traceId,
        id: parentId,
        name: "parent",
        type: "AGENT",
        startTime: "2026-03-14T10:00:00.100Z",
        endTime: "2026-03-14T10:00:05Z",
      },
    },
    {
      id: "e3",
      type: "span-create",
      timestamp: "2026-03-14T10:00:00Z",
      body: {
        traceId,
        id: spanId,
        parentSpanId: parentId,
        name: "child",
        type: "LLM",
        startTime: "2026-03-14T10:00:01Z",
        endTime: "2026-03-14T10:00:03.250Z",
        input: { userName: 1, user_name: 2 },
        output: ["x"],
        model: "m-1",
        modelParameters: { maxTokens: 5, max_tokens: 6 },
        usage: { promptTokens: 11, completionTokens: 7, totalTokens: 20, cachedTokens: 3 },
        cost: 0.25,
        status: "ERROR",
        errorMessage: "no",
        metadata: { aB: 1, a_b: 2 },
      },
    },
  ];
  const NAMES = [
    "startTime",
    "endTime",
    "sessionId",
    "parentTraceId",
    "deploymentId",
    "traceId",
    "parentSpanId",
    "modelParameters",
    "errorMessage",
    "promptTokens",
    "completionTokens",
    "totalTokens",
    "cachedTokens",
  ];
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const respelled = (names: string[]): any[] =>
    JSON.parse(JSON.stringify(camel), (_, value) => {
      // Only the API's own fields: payloads keep theirs.
      if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
      return Object.fromEntries(Object.entries(value).map(([name, v]) => [names.includes(name) ? snake(name) : name, v]));
    });
  const readBack = async (events: any[]) => {
    const project = await worker.project();
    await project.send(...events);
    return settled(await project.traceWith(2, traceId));
  };

  test("camelCase", async () => {
    const trace = await readBack(camel);
    expect(trace).toMatchObject({
      id: traceId,
      name: "both",
      sessionId: "session",
      tags: ["a", "b"],
      metadata: { someKey: 1, some_key: 2 },
      startTime: "2026-03-14T09:59:59.500Z",
      endTime: "2026-03-14T10:00:09.000Z",
      durationMs: 9_500,
      status: "OK",
      totalTokens: 20,
      totalCost: "0.25",
      spanCount: 2,
      errorCount: 1,
      scoreCount: 0,
    });
    expect(trace.spans.find((span: any) => span.id === spanId)).toMatchObject({
      traceId,
      parentSpanId: parentId,
      name: "child",
      type: "LLM",
      startTime: "2026-03-14T10:00:01.000Z",
      endTime: "2026-03-14T10:00:03.250Z",
      durationMs: 2_250,
      input: { userName: 1, user_name: 2 },
      output: ["x"],
      model: "m-1",
      modelParameters: { maxTokens: 5, max_tokens: 6 },
      promptTokens: 11,
      completionTokens: 7,
      totalTokens: 20,
      status: "ERROR",
      errorMessage: "no",
      metadata: { aB: 1, a_b: 2 },
    });
  });

  test("snake_case reads back the same", async () => {
    expect(await readBack(respelled(NAMES))).toEqual(await readBack(camel));
  });

  test("so does any one field in the other case", async () => {
    const expected = await readBack(camel);
    const project = await Promise.all(NAMES.map(async (name) => [name, await readBack(respelled([name]))] as const));
    for (const [name, trace] of project) expect(trace, snake(name)).toEqual(expected);
  });
});

describe("null means missing", () => {
  test("in every optional field", async () => {
    const project = await worker.project();
    const nothing = (...names: string[]) => Object.fromEntries(names.map((name) => [name, null]));
    const ofTrace = nothing("metadata", "tags", "startTime", "endTime", "sessionId", "parentTraceId", "deploymentId", "evaluators");
    const ofSpan = nothing(
      "parentSpanId",
      "startTime",
      "endTime",
      "input",
      "output",
      "model",
      "modelParameters",
      "usage",
      "cost",
      "status",
      "errorMessage",
      "metadata",
    );
    const inSnakeCase = nothing("parent_span_id", "start_time", "end_time", "model_parameters", "error_message");
    const ofUsage = nothing("promptTokens", "completion_tokens", "totalTokens", "cached_tokens");
    await project.send(
      traceCreate({ id: "t", name: "n", ...ofTrace }, nothing("id", "timestamp")),
      spanCreate({ id: "s", traceId: "t", ...ofSpan }, nothing("id", "timestamp")),
      spanCreate({ id: "u", traceId: "t", ...inSnakeCase, usage: ofUsage }),
    );
    const trace = await project.traceWith(2, "t");
    expect(trace).toMatchObject({ name: "n", status: "OK", totalTokens: 0, tags: [] });
    expect(trace.spans.find((span: any) => span.id === "s")).toMatchObject({
      parentSpanId: null,
      input: null,
      output: null,
      model: null,
      modelParameters: null,
      promptTokens: null,
      completionTokens: null,
      totalTokens: null,
      cost: null,
      status: "OK",
      errorMessage: null,
    });
  });

  test("in every required field", async () => {
    const project = await worker.project();
    for (const [event, path] of [
      [traceCreate({ id: null }), /^batch\[0]\.body\.id$/],
      [traceCreate({ name: null }), /^batch\[0]\.body\.name$/],
      [spanCreate({ traceId: null }), /^batch\[0]\.body\.trace(Id|_id)$/],
      [spanCreate({ traceId: "t", name: null }), /^batch\[0]\.body\.name$/],
      [spanCreate({ traceId: "t", type: null }), /^batch\[0]\.body\.type$/],
    ] as const) {
      const { details } = expectFailure(await project.post({ batch: [event] }), 400, "VALIDATION_ERROR");
      expect(details).toMatchObject([{ index: 0, path: expect.stringMatching(path) }]);
    }
  });

  test("one spelling null and the other not: the other", async () => {
    const project = await worker.project();
    await project.send(spanCreate({ id: "s", traceId: null, trace_id: "t", parent_span_id: "p", parentSpanId: null }));
    expect((await project.traceWith(1, "t")).spans[0].id).toBe("s");
  });
});

describe("ids", () => {
  test("a span without one has its envelope's", async () => {
    const project = await worker.project();
    await project.send(spanCreate({ id: undefined, traceId: "t" }, { id: "envelope" }));
    expect((await project.traceWith(1, "t")).spans[0].id).toBe("envelope");
  });

  test("spans with neither get different ones, the same when sent again", async () => {
    const project = await worker.project();
    const bare = () => spanCreate({ id: undefined, traceId: "t" }, { id: undefined });
    const body = JSON.stringify({ batch: [bare(), bare()] });
    await project.sendText(body, 2);
    const ids = (await project.traceWith(2, "t")).spans.map((span: any) => span.id);
    expect(new Set(ids).size).toBe(2);
    await project.sendText(body, 2);
    await project.send(spanCreate({ id: "after", traceId: "t" }));
    const later = (await project.traceWith(3, "t")).spans.map((span: any) => span.id);
    expect(later.sort()).toEqual([...ids, "after"].sort());
  });

  test.each([
    ["ASCII", "x"],
    ["two bytes a character", "é"],
    ["four bytes a character", "😀"],
  ])("at most 256 bytes of UTF-8: %s", async (_, character) => {
    const project = await worker.project();
    const id = (bytes: number) =>
      "-".repeat(bytes % Buffer.byteLength(character)) + character.repeat(Math.floor(bytes / Buffer.byteLength(character)));
    const [most, tooMany] = [id(256), id(257)];
    await project.send(
      traceCreate({ id: most }, { id: most }),
      spanCreate({ id: most, traceId: most, parentSpanId: id(255) }, { id: most }),
    );
    expect((await project.traceWith(1, most)).spans[0].id).toBe(most);
    for (const [event, path] of [
      [traceCreate({ id: tooMany }), "batch[0].body.id"],
      [traceCreate({}, { id: tooMany }), "batch[0].id"],
      [spanCreate({ traceId: tooMany }), "batch[0].body.traceId"],
      [spanCreate({ traceId: "t", id: tooMany }), "batch[0].body.id"],
      [spanCreate({ traceId: "t", parentSpanId: tooMany }), "batch[0].body.parentSpanId"],
    ] as const) {
      const { details } = expectFailure(await project.post({ batch: [event] }), 400, "VALIDATION_ERROR");
      expect(details).toMatchObject([{ index: 0, path }]);
    }
  });

  test.each(["a/b", "a b", "a%2Fb", "ü/😀", "?#&=+", "...", "'\"\\", "\n", "a\0b"])("any text is an id: %j", async (id) => {
    const project = await worker.project();
    await project.send(traceCreate({ id }), spanCreate({ id, traceId: id }));
    expect(await project.traceWith(1, id)).toMatchObject({ id, spans: [{ id, traceId: id }] });
  });

  // The first two, even percent-encoded, are taken out of a URL by every client; halves
  // of surrogate pairs are what Python makes of file names that are not UTF-8.
  test.each([".", "..", "file-\udcff", "\ud83d"])("but not %j", async (id) => {
    const project = await worker.project();
    const batch = [
      traceCreate({ id }),
      spanCreate({ traceId: id }),
      spanCreate({ traceId: "t", id }),
      spanCreate({ traceId: "t", parentSpanId: id }),
    ];
    const { details } = expectFailure(await project.post({ batch }), 400, "VALIDATION_ERROR");
    expect(details.map(({ index, path }: any) => [index, path])).toEqual([
      [0, "batch[0].body.id"],
      [1, "batch[1].body.traceId"],
      [2, "batch[2].body.id"],
      [3, "batch[3].body.parentSpanId"],
    ]);
  });
});

describe("types", () => {
  test("all ten of them", async () => {
    const project = await worker.project();
    await project.send(...SPAN_TYPES.map((type) => spanCreate({ id: type, traceId: "t", type })));
    const { spans } = await project.traceWith(10, "t");
    expect(Object.fromEntries(spans.map((span: any) => [span.id, span.type]))).toEqual(
      Object.fromEntries(SPAN_TYPES.map((type) => [type, type])),
    );
  });

  test.each(["llm", "LLM ", "", "EVENT", 1, {}, true])("%j is none", async (type) => {
    const project = await worker.project();
    const { details } = expectFailure(await project.post({ batch: [spanCreate({ traceId: "t", type })] }), 400, "VALIDATION_ERROR");
    expect(details).toMatchObject([{ index: 0, path: "batch[0].body.type" }]);
  });
});

describe("a long text is kept", () => {
  test("whole in what is read back of a span, up to 256 bytes in what lists show", async () => {
    const project = await worker.project();
    const long = "€".repeat(1_000);
    await project.send(traceCreate({ id: "t", name: long }), spanCreate({ traceId: "t", name: long, errorMessage: long, input: long }));
    const trace = await project.traceWith(1, "t");
    expect(long.startsWith(trace.name)).toBe(true);
    expect(Buffer.byteLength(trace.name)).toBeGreaterThan(252);
    expect(trace.spans[0]).toMatchObject({ input: long, errorMessage: long });
  });
});

test("unknown extra fields are ignored", async () => {
  const project = await worker.project();
  await project.send(
    { ...traceCreate({ id: "t", colour: "red" }), extra: { batch: 1 } },
    { ...spanCreate({ traceId: "t", kind: 1, usage: { promptTokens: 1, thinkingTokens: 9 } }), version: 2 },
  );
  expect((await project.traceWith(1, "t")).spans[0]).toMatchObject({ promptTokens: 1 });
});

// The decoder's own examples, which its native tests run too: here through the built Worker.
const fixtures = (name: string): any[] => JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), "utf8"));
const bodyOf = (fixture: any): string => fixture.text ?? JSON.stringify(fixture.body ?? { batch: [fixture.event] });

describe("the decoder's examples that are accepted", () => {
  test.each(fixtures("accepts"))("$name", async (fixture) => {
    const project = await worker.project();
    const answer = await project.post(bodyOf(fixture));
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: fixture.accepted } });
  });
});

describe("the decoder's examples that are refused", () => {
  test.each(fixtures("rejects"))("$name", async (fixture) => {
    const project = await worker.project();
    const error = expectFailure(await project.post(bodyOf(fixture)), 400, "VALIDATION_ERROR");
    expect(error.details).toEqual(fixture.details);
    if (fixture.message) expect(error.message).toBe(fixture.message);
  });
});
