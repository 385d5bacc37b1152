// The response table: every status that the API answers with, the shape of its
// body and its headers, and who gets which. Bodies, events and outages have
// files of their own: contract-bodies, contract-events, outage.
import { describe, expect, test } from "vitest";
import { expectFailure } from "../support/failure.ts";
import { newId, spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { eventually, useWorker } from "../support/worker.ts";

const worker = useWorker();
const TRACES = "/api/v1/traces";
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe("201", () => {
  test("says how many events were accepted, and nothing else", async () => {
    const project = await worker.project();
    const answer = await project.post({ batch: [traceCreate({ id: "t" }), ...spansOf("t", 2)] });
    expect(answer.status, answer.text).toBe(201);
    expect(answer.json).toEqual({ accepted: 3 });
    expect(answer.headers["content-type"]).toMatch(/^application\/json\b/);
  });

  test("an empty batch is a batch", async () => {
    const project = await worker.project();
    const answer = await project.post({ batch: [] });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 0 } });
    expect(await project.objects()).toEqual([]);
  });
});

describe("400 VALIDATION_ERROR", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "batch"],
    ["half of a body", '{"batch":[{"id":"e"'],
    ["more than a body", '{"batch":[]} {}'],
    ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["an array", "[]"],
    ["null", "null"],
    ["no batch", "{}"],
    ["a batch that is null", '{"batch":null}'],
    ["a batch that is an object", '{"batch":{}}'],
    ["an event that is a number", '{"batch":[1]}'],
    ["an event without a type", '{"batch":[{"id":"e","body":{}}]}'],
    ["an event of another type", '{"batch":[{"id":"e","type":"score-create","body":{}}]}'],
    ["an event without a body", '{"batch":[{"id":"e","type":"span-create"}]}'],
    ["nothing but nulls", '{"batch":[{"id":null,"type":null,"body":null,"timestamp":null}]}'],
  ])("%s", async (_, body) => {
    const project = await worker.project();
    const error = expectFailure(await project.post(body), 400, "VALIDATION_ERROR");
    expect(error.details.length).toBeGreaterThan(0);
    for (const detail of error.details) {
      expect(detail).toEqual({
        ...(detail.index === undefined ? {} : { index: expect.any(Number) }),
        path: expect.any(String),
        message: expect.stringMatching(/\S/),
      });
    }
    expect(await project.objects()).toEqual([]);
  });

  test("names every bad event, where it is bad", async () => {
    const project = await worker.project();
    const batch: any[] = [traceCreate({ id: "t" }), ...spansOf("t", 3)];
    batch[1].body.type = "DANCE";
    batch[3].body.name = 7;
    const error = expectFailure(await project.post({ batch }), 400, "VALIDATION_ERROR");
    expect(error.details.map(({ index, path }: any) => [index, path])).toEqual([
      [1, "batch[1].body.type"],
      [3, "batch[3].body.name"],
    ]);
    expect(error.details[0].message).toContain("GUARDRAIL"); // what was expected …
    expect(error.details[0].message).toContain("DANCE"); // … and what was found
  });

  test("lists at most a hundred problems and counts the rest", async () => {
    const project = await worker.project();
    const batch = Array.from({ length: 250 }, () => spanCreate({ traceId: 1 }));
    const error = expectFailure(await project.post({ batch }), 400, "VALIDATION_ERROR");
    expect(error.details).toHaveLength(100);
    expect(error.message).toMatch(/\b(250|150)\b/);
  });

  test("refuses the good events along with the bad one", async () => {
    const project = await worker.project();
    expectFailure(await project.post({ batch: [traceCreate({ id: "all-or-nothing" }), {}] }), 400, "VALIDATION_ERROR");
    // A later batch is visible, so the refused one would be too.
    await project.send(traceCreate({ id: "later" }));
    expect((await project.listWith(1))[0]).toMatchObject({ id: "later" });
    expect(await project.objects()).toHaveLength(1);
  });
});

describe("401 UNAUTHORIZED", () => {
  test.each([
    ["no header", {}],
    ["an empty header", { authorization: "" }],
    ["another scheme", { authorization: "Basic dHM6eA==" }],
    ["no scheme", { authorization: "ts_0123456789" }],
    ["no key", { authorization: "Bearer" }],
    ["no key but a space", { authorization: "Bearer " }],
    ["something that is not a key", bearer("sk-0123456789")],
    ["an unknown key", bearer(`ts_${"0".repeat(43)}`)],
    ["a very long key", bearer(`ts_${"0".repeat(4_000)}`)],
    ["the key of local development", bearer("ts_local_development")],
  ])("%s", async (_, headers) => {
    const body = JSON.stringify({ batch: [traceCreate()] });
    for (const [method, path] of [
      ["POST", TRACES],
      ["GET", TRACES],
      ["GET", `${TRACES}/t`],
    ] as const) {
      const answer = await worker.request(path, { method, headers, body: method === "POST" ? body : undefined });
      const error = expectFailure(answer, 401, "UNAUTHORIZED");
      expect(error.details).toBeUndefined();
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer/);
    }
  });

  test("a revoked key", async () => {
    const project = await worker.project();
    project.key = await project.newKey({ revoked: true });
    expectFailure(await project.post({ batch: [traceCreate()] }), 401, "UNAUTHORIZED");
  });

  test("comes before anything is said about the body", async () => {
    expectFailure(await worker.request(TRACES, { method: "POST", body: "{" }), 401, "UNAUTHORIZED");
  });

  test("a good key is taken in any spelling of the scheme", async () => {
    const project = await worker.project();
    for (const authorization of [`bearer ${project.key}`, `BEARER  ${project.key} `]) {
      expect((await worker.request(TRACES, { headers: { authorization } })).status).toBe(200);
    }
  });
});

describe("a key opens its own project only", () => {
  test("another project's trace is 404, and not in the list", async () => {
    const [ours, theirs] = [await worker.project(), await worker.project()];
    await theirs.send(traceCreate({ id: "private" }), ...spansOf("private", 1));
    await theirs.traceWith(1, "private");
    expectFailure(await ours.trace("private"), 404, "NOT_FOUND");
    expect((await ours.list()).traces).toEqual([]);
  });

  test("equal ids in two projects are two traces", async () => {
    const [a, b] = [await worker.project(), await worker.project()];
    const [traceId, spanId] = [newId(), newId()];
    await a.send(traceCreate({ id: traceId, name: "of a" }), spanCreate({ id: spanId, traceId, input: "a" }));
    await b.send(traceCreate({ id: traceId, name: "of b" }), spanCreate({ id: spanId, traceId, input: "b" }));
    expect(await a.traceWith(1, traceId)).toMatchObject({ name: "of a", spans: [{ id: spanId, input: "a" }] });
    expect(await b.traceWith(1, traceId)).toMatchObject({ name: "of b", spans: [{ id: spanId, input: "b" }] });
  });

  test("the same body sent to two projects reaches both", async () => {
    const [a, b] = [await worker.project(), await worker.project()];
    const events = [traceCreate({ id: "same" }), ...spansOf("same", 2)];
    for (const project of [a, b]) await project.send(...events);
    for (const project of [a, b]) await project.traceWith(2, "same");
  });

  test("two keys of one project see the same", async () => {
    const project = await worker.project();
    await project.send(...spansOf("shared", 1));
    project.key = await project.newKey();
    await project.traceWith(1, "shared");
  });
});

describe("404 NOT_FOUND", () => {
  test.each(["/nothing", "/api/v1", "/api/v1/nothing", "/api/v2/traces", "/api/v1/traces/a/b"])("%s", async (path) => {
    const project = await worker.project();
    expectFailure(await project.get(path), 404, "NOT_FOUND");
  });
});

describe("405 METHOD_NOT_ALLOWED", () => {
  test.each([
    ["PUT", TRACES, ["GET", "POST", "OPTIONS"]],
    ["DELETE", TRACES, ["GET", "POST", "OPTIONS"]],
    ["PATCH", TRACES, ["GET", "POST", "OPTIONS"]],
    ["POST", `${TRACES}/t`, ["GET", "OPTIONS"]],
    ["DELETE", `${TRACES}/t`, ["GET", "OPTIONS"]],
    ["POST", "/api/v1/health", ["GET", "OPTIONS"]],
  ])("%s %s", async (method, path, allowed) => {
    const project = await worker.project();
    const answer = await project.request(path, { method });
    expectFailure(answer, 405, "METHOD_NOT_ALLOWED");
    const allow = answer.headers.allow?.split(/,\s*/) ?? [];
    expect(allow).toEqual(expect.arrayContaining(allowed));
    expect(allow).not.toContain(method);
  });
});

describe("every response", () => {
  test("carries a request id of its own, and may be read by any page", async () => {
    const project = await worker.project();
    const answers = [
      await project.post({ batch: [] }),
      await project.post("{"),
      await project.get(TRACES),
      await project.get("/nowhere"),
      await project.request(TRACES, { method: "PUT" }),
      await worker.request("/api/v1/health"),
      await worker.request(TRACES),
      await worker.request(TRACES, { method: "OPTIONS" }),
    ];
    const ids = answers.map(({ headers }) => headers["x-request-id"]);
    expect(ids).toEqual(ids.map(() => expect.stringMatching(/^\S{8,}$/)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { headers } of answers) {
      expect(headers["access-control-allow-origin"]).toBe("*");
      expect(headers["access-control-expose-headers"]?.toLowerCase()).toContain("x-request-id");
      expect(headers["x-content-type-options"]).toBe("nosniff");
      // Over http it would mean nothing, and this is http.
      expect(headers["strict-transport-security"]).toBeUndefined();
    }
  });

  test("is in the log, with its id and without the key", async () => {
    const project = await worker.project();
    const id = (await project.post({ batch: [] })).headers["x-request-id"];
    await eventually(() => expect(JSON.stringify(worker.logs())).toContain(id));
    expect(JSON.stringify(worker.logs())).not.toContain(project.key);
  });

  test("HEAD is GET without the body", async () => {
    const project = await worker.project();
    const [head, get] = [await project.request(TRACES, { method: "HEAD" }), await project.get(TRACES)];
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
    expect(await worker.request(TRACES, { method: "HEAD" })).toMatchObject({ status: 401, text: "" });
    expect(await project.request(`${TRACES}/none`, { method: "HEAD" })).toMatchObject({ status: 404, text: "" });
  });
});

describe("CORS", () => {
  test.each([TRACES, `${TRACES}/t`, "/api/v1/health"])("preflight of %s needs no key", async (path) => {
    const answer = await worker.request(path, {
      method: "OPTIONS",
      headers: {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,prefer",
      },
    });
    expect(answer).toMatchObject({ status: 204, text: "" });
    const list = (name: string) => (answer.headers[name] as string).toLowerCase().split(/,\s*/);
    expect(list("access-control-allow-methods")).toEqual(expect.arrayContaining(["get", "post"]));
    expect(list("access-control-allow-headers")).toEqual(
      expect.arrayContaining(["authorization", "content-type", "content-encoding", "prefer"]),
    );
    expect(Number(answer.headers["access-control-max-age"])).toBeGreaterThan(0);
  });

  test.each(["OPTIONS", "POST", "GET"])("no page is told that it may do what is the operator's: %s", async (method) => {
    for (const path of ["/api/v1/admin/replay", "/api/v1/admin/replay/", "/api/v1/admin", "/api/v1/admin/none"]) {
      const headers = {
        origin: "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
      };
      const answer = await worker.request(path, { method, headers });
      expect([401, 404, 405], `${path} ${answer.text}`).toContain(answer.status);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"))).toEqual([]);
    }
  });
});

describe("GET /api/v1/health", () => {
  test("200 without a key, and with a bad one", async () => {
    expect((await worker.request("/api/v1/health")).status).toBe(200);
    expect((await worker.request("/api/v1/health", { headers: bearer("ts_bad") })).status).toBe(200);
  });
});
