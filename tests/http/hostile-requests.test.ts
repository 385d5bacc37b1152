// Requests that nobody means well with: headers missing, twice and absurd,
// lengths that lie, paths, queries and cursors made to mislead, text that means
// something to SQL, to LIKE, to JavaScript or to C. Never a 5xx, never a wrong
// answer, and neither keys nor payloads in the log.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { head, raw } from "../support/raw.ts";

const worker = useWorker();
const TRACES = "/api/v1/traces";
const MARKER = `marker-${randomBytes(8).toString("hex")}`;
const batch = JSON.stringify({ batch: [traceCreate({ id: "t", name: MARKER })] });

let project: Project;
beforeAll(async () => {
  project = await worker.project();
});

/** A POST of `body` with these header lines, as bytes. */
const post = (headers: string[], body: string = batch) => raw(worker.url, [head(`POST ${TRACES} HTTP/1.1`, headers), body], { cut: "end" });
const length = `Content-Length: ${Buffer.byteLength(batch)}`;
const key = () => `Authorization: Bearer ${project.key}`;

describe("headers", () => {
  test.each([
    ["Authorization twice, the same", () => [length, key(), key()], 401],
    ["Authorization twice, the second good", () => [length, `Authorization: Bearer ts_${"x".repeat(43)}`, key()], 401],
    ["Authorization twice, the first good", () => [length, key(), "Authorization: Basic dHM6eA=="], 401],
    ["a key of 16,000 bytes", () => [length, `Authorization: Bearer ts_${"k".repeat(16_000)}`], 401],
    ["a key of bytes that are not ASCII", () => [length, "Authorization: Bearer ts_é😀"], 401],
    ["Content-Type twice, one that is not JSON", () => [length, key(), "Content-Type: application/json", "Content-Type: text/html"], 415],
    ["Content-Type twice, the same", () => [length, key(), "Content-Type: application/json", "Content-Type: application/json"], 415],
    ["a Content-Type of 10,000 parameters", () => [length, key(), `Content-Type: application/json${";a=b".repeat(3_000)}`], 201],
    ["Content-Encoding twice", () => [length, key(), "Content-Encoding: gzip", "Content-Encoding: gzip"], 415],
    ["Prefer of nonsense", () => [length, key(), `Prefer: handling="${"x".repeat(2_000)}, ;;,=,handling=,`], 201],
    ["nothing but a key", () => [length, key()], 201],
  ])("%s", async (_, headers, status) => {
    const answer = await post(headers());
    expect(answer.status, answer.text).toBe(status);
  });

  test.each([
    ["a length that is none", () => [key(), "Content-Length: ten"]],
    ["a negative length", () => [key(), "Content-Length: -1"]],
    ["a length past all numbers", () => [key(), "Content-Length: 99999999999999999999999"]],
    ["two lengths", () => [key(), length, "Content-Length: 5"]],
    ["a length and chunks", () => [key(), length, "Transfer-Encoding: chunked"]],
    ["a length too long", () => [key(), `Content-Length: ${batch.length + 10}`]],
    ["a length too short", () => [key(), `Content-Length: ${batch.length - 10}`]],
    ["5 GB, and little comes", () => [key(), "Content-Length: 5000000000"]],
    ["a header without end", () => [key(), `X-Long: ${"x".repeat(200_000)}`]],
    ["a NUL in a header", () => [length, `${key()}\0`]],
    ["a line break in the key", () => [length, `${key()}\r\n X: y`]],
  ])("%s: refused, by the platform or by us, and nothing is stored", async (_, headers) => {
    const before = await project.objects();
    const answer = await post(headers());
    expect(answer.status, answer.text).not.toBe(201);
    expect(answer.text).not.toMatch(/"code":"(INTERNAL_ERROR|UNAVAILABLE)"/);
    expect(await project.objects()).toEqual(before);
  });
});

describe("forms", () => {
  const form = (body: string | string[]) =>
    worker.request("/sign-in", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", origin: worker.url.origin, accept: "text/html" },
      body,
    });

  test("are bounded in bytes with a length and without one", async () => {
    const fields = (bytes: number) => `key=${project.key}&to=/traces&more=`.padEnd(bytes, "x");
    const bound = 16 * 1024;
    expect((await form(fields(bound))).status).toBe(303);
    expect((await form([fields(bound)])).status).toBe(303);
    expect((await form(fields(bound + 1))).status).toBe(413);
    expect((await form([fields(bound), "x"])).status).toBe(413);
    expect((await form(Array.from({ length: 40 }, () => "x".repeat(bound)))).status).toBe(413);
  });
});

describe("paths", () => {
  const known = ["/api/v1/traces", "/api/v1/traces/t", "/api/v1/stats", "/api/v1/dead-letters", "/api/v1/admin/replay", "/api/v1/health"];
  test.each([
    "/api/v1/traces/%",
    "/api/v1/traces/%zz",
    "/api/v1/traces/%ff%fe",
    "/api/v1/traces/%00",
    "/api/v1/traces/%c0%af",
    "/api/v1/traces/..%2f..%2f",
    "/api/v1/traces/%2e%2e%2fhealth",
    "/api/v1/traces/t%2f",
    "/api/v1/traces/t%00",
    "/api/v1/traces/T",
    "/api/v1/traces/%74%00",
    "/api/v1/traces/t'--",
    "/api/v1/traces/%25",
    "/api/v1/traces/_",
    "/api/v1/traces/%2574",
    "/api/v1/traces/+t",
    "/api/v1/traces/t;a=b",
    "/api/v1/traces/' or '1'='1",
    "/api/v1/traces//t",
    "/api/v1//traces",
    "/API/V1/TRACES",
    "/api/v1/traces/t/",
    `/api/v1/traces/${"a".repeat(8_000)}`,
    `/api/v1/traces/${"%F0%9F%91%BB".repeat(600)}`,
    `/${"a/".repeat(4_000)}`,
    "/api/v1/traces/__proto__",
    "/api/v1/traces/constructor",
    "/api/v1/traces/t\\..\\",
    "/.env",
    "//evil.example/api/v1/traces",
    "/api/v1/traces#x",
    "/api/v1/traces/t?#",
    "/api/v1/traces/?limit=1#limit=0",
    "http://evil.example/api/v1/traces",
  ])("%s", async (path) => {
    await project.sendText(batch, 1);
    await project.traceWith(0, "t");
    const target = encodeURI(path).replaceAll("%25", "%").replaceAll("%5C", "\\").replaceAll("%23", "#");
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const answer = await raw(worker.url, [head(`${method} ${target} HTTP/1.1`, [key(), "Content-Length: 0"])], { cut: "end" });
      expect([200, 204, 400, 401, 404, 405, 414, 431], `${method} ${target}\n${answer.text}`).toContain(answer.status);
      // One of the few things there are, or nothing.
      if (method === "GET" && answer.status === 200 && !answer.text.includes('"traces":')) expect(answer.text).toMatch(/"id":"t"/);
    }
  });

  test.each(known)("%s in a method that is none", async (path) => {
    for (const method of ["TRACE", "CONNECT", "get", "BREW", "PROPFIND", "X".repeat(3_000)]) {
      const answer = await raw(worker.url, [head(`${method} ${path} HTTP/1.1`, [key()])], { cut: "end" });
      expect(answer.status, answer.text).toBeLessThan(502);
      expect(answer.text).not.toMatch(/"code":"(INTERNAL_ERROR|UNAVAILABLE)"/);
    }
  });
});

describe("queries", () => {
  const cursor = (text: string | Buffer) => Buffer.from(text).toString("base64url");
  const names = [
    "100%",
    "a_b",
    "a%b",
    "o'clock",
    'say "no"',
    "back\\slash",
    "semi; drop table span;--",
    "nul\0nul",
    "*",
    "[a-z]",
    "?1",
    "__proto__",
    "ÄÖ",
  ];

  test("text that means something elsewhere means itself in names and tags", async () => {
    const own = await worker.project();
    await own.send(
      ...names.map((name) => traceCreate({ id: name, name: `<${name}>`, tags: [name] })),
      traceCreate({ id: "other", name: "axb ayb", tags: ["axb"] }),
    );
    await own.listWith(names.length + 1);
    for (const name of names) {
      const found = async (query: Record<string, string>) => (await own.list(query)).traces.map(({ id }) => id);
      expect(await found({ name: `<${name}>` }), name).toEqual([name]);
      expect(await found({ tags: name }), name).toEqual([name]);
      expect((await own.trace(name)).json.data.id).toBe(name);
    }
    expect((await own.list({ name: "%" })).traces).toHaveLength(2);
    expect((await own.list({ name: "' or 1=1 --" })).traces).toHaveLength(0);
    expect((await own.list({ name: "\0" })).traces).toHaveLength(1);
  });

  test.each([
    ["limit=1&limit=100", 200],
    ["limit=100&limit=0", 400],
    ["limit=%2B5", 200],
    ["limit=5%00", 400],
    ["limit=5abc", 400],
    ["limit=0x10", 400],
    ["limit=٣", 400],
    ["limit=-0", 400],
    ["limit[]=5", 200],
    ["__proto__=1&constructor=2", 200],
    ["&&&===&%&%zz=%zz", 200],
    ["name=%ff%fe", 200],
    [`name=${"a".repeat(7_000)}`, 200],
    [`tags=${"a,".repeat(3_000)}`, 400],
    [`tags=${",".repeat(3_000)}`, 200],
    [`${"x=1&".repeat(2_000)}limit=1`, 200],
    ["status=OK%00", 400],
    ["status=ok", 400],
    ["startDate=-009999-01-03T00:00:00Z", 400],
    ["startDate=9999-12-31&endDate=9999-12-31", 200],
    ["endDate=9999-12-31T23:59:59.999999999Z", 200],
    ["endDate=%2B999999-01-01", 400],
    ["startDate=2026-03-14T10:00:00+05:30", 200],
    ["startDate=2026-03-14T10:00:00++05:30", 400],
    ["startDate=2026-03-14T10:00:00Z[UTC]", 400],
    ["endDate=2026-03-14%00", 400],
    [`cursor=${cursor("9223372036854775807 0")}`, 200],
    [`cursor=${cursor("-9223372036854775808 -9223372036854775808")}`, 200],
    [`cursor=${cursor("9223372036854775808 0")}`, 400],
    [`cursor=${cursor("0 9223372036854775808")}`, 400],
    [`cursor=${cursor("1 ' or 1=1 --")}`, 400],
    [`cursor=${cursor("1e3 0")}`, 400],
    [`cursor=${cursor("1")}`, 400],
    [`cursor=${cursor("1 \0\0\0")}`, 400],
    [`cursor=${cursor(Buffer.from([0x31, 0x20, 0xff, 0xfe]))}`, 400],
    [`cursor=${cursor("1 0")}=`, 400],
    [`cursor=${cursor(`1 ${"0".repeat(5_000)}`)}`, 200],
    [`cursor=${cursor("NaN 0")}`, 400],
    [`cursor=${cursor(" 0")}`, 400],
    [`cursor=${cursor("+1 0")}`, 200],
  ])("%s", async (query, status) => {
    const answer = await project.get(`${TRACES}?${encodeURI(query).replaceAll("%25", "%").replaceAll("#", "%23")}`);
    expect(answer.status, answer.text).toBe(status);
    if (status === 400) expectFailure(answer, 400, "VALIDATION_ERROR");
  });

  test("a cursor from another project shows nothing of it", async () => {
    const [theirs, ours] = [await worker.project(), await worker.project()];
    await theirs.send(...["a", "b", "c"].map((id) => traceCreate({ id, name: "theirs" })));
    await ours.send(traceCreate({ id: "0", name: "ours" }));
    await theirs.listWith(3);
    await ours.listWith(1);
    const { nextCursor } = await theirs.list({ limit: "1" });
    // It is a place before or after all of ours.
    const shown = (await ours.list({ cursor: nextCursor! })).traces.map(({ name }) => name);
    expect(shown.filter((name) => name !== "ours")).toEqual([]);
  });
});

describe("times at the ends of time", () => {
  test.each([
    "0000-01-01T00:00:00+23:59",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59.999999-23:59",
  ])("%s comes back as a time", async (startTime) => {
    const own = await worker.project();
    await own.send(spanCreate({ id: "s", traceId: "t", startTime, endTime: "9999-12-31T23:59:59Z" }, { timestamp: startTime }));
    const { spans, ...trace } = await own.traceWith(1, "t");
    expect(Number.isNaN(Date.parse(trace.startTime)), trace.startTime).toBe(false);
    expect(Date.parse(spans[0].startTime)).toBe(Date.parse(trace.startTime));
  });
});

afterAll(async () => {
  expect((await worker.request("/api/v1/health")).status).toBe(200);
  const printed = worker.printed();
  expect(printed).not.toMatch(/panic|unreachable|RuntimeError|Reinitializing|"status":5\d\d|"fault":"/i);
  expect(printed).not.toContain(MARKER);
  expect(printed).not.toContain(project.key);
});
