// Bodies that nobody means well with: too deep, too long, packed to burst, cut
// off, full of what has to be escaped. Whatever comes is taken or refused for
// what it is; nothing panics, nothing is stored by half, and the log gives
// neither keys nor payloads away.
import { randomBytes } from "node:crypto";
import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";
import { spanCreate, spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { head, raw } from "../support/raw.ts";

const worker = useWorker();
const MAX_BYTES = 5_242_880;

/** In every payload here; must be in no line of the log. */
const MARKER = `marker-${randomBytes(8).toString("hex")}`;
const keys: string[] = [];
const project = async (handling?: "strict" | "lenient"): Promise<Project> => {
  const made = await worker.project(handling);
  keys.push(made.key);
  return made;
};

const before = '{"batch":[{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","input":';
const after = "}}]}";
/** `unit` repeated until the body has as many bytes as are allowed. */
const fill = (start: string, unit: string, end = ""): string =>
  start + unit.repeat(Math.floor((MAX_BYTES - start.length - end.length) / unit.length)) + end;

describe("5 MiB of one thing", () => {
  test.each([
    ["[", fill("", "[")],
    ['{"a":', fill("", '{"a":')],
    ['"', fill("", '"')],
    ["a string that does not end", fill('{"batch":"', "x")],
    ["backslashes", fill('{"batch":"', "\\\\", '"}')],
    ["digits", fill("", "9")],
    ["digits as the batch", fill('{"batch":', "9", "}")],
    ["white space", fill("", " \n\t\r")],
    ["NUL bytes", fill("", "\0")],
    ["commas", fill('{"batch":[', ",")],
    ["empty keys", fill("{", '"":0,', '"a":0}')],
    ["[ as a payload", fill(before, "[")],
    ['{"a": as a payload', fill(before, '{"a":')],
    ["brackets that close", fill(before, "[]")],
    ["a cost of digits", fill('{"batch":[{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","cost":', "9", after)],
    [
      "tokens of digits",
      fill('{"batch":[{"type":"span-create","body":{"traceId":"t","name":"n","type":"LLM","usage":{"totalTokens":', "9", "}}}]}"),
    ],
    ["tags that are no strings", fill('{"batch":[{"type":"trace-create","body":{"id":"t","name":"n","tags":[', "1,", "1]}}]}")],
    ["a time that is none", fill('{"batch":[{"type":"trace-create","timestamp":"', "2", '"}]}')],
    ["an id too long", fill('{"batch":[{"type":"trace-create","body":{"name":"n","id":"', "\\u0000", '"}}]}')],
    ["bytes that are not UTF-8", Buffer.alloc(MAX_BYTES, 0xff)],
    ["half of a character", Buffer.concat([Buffer.from('{"batch":[{"type":"'), Buffer.alloc(1_000_000, 0xc3)])],
  ])("%s: 400", async (_, body) => {
    const sender = await project();
    const error = expectFailure(await sender.post(body), 400, "VALIDATION_ERROR");
    // A refusal does not send back what it refuses.
    expect(JSON.stringify(error).length).toBeLessThan(50_000);
    expect(await sender.objects()).toEqual([]);
  });

  test.each([
    ["numbers as events", fill('{"batch":[', "1,", "1]}")],
    ["empty events", fill('{"batch":[', "{},", "{}]}")],
  ])("%s: 413", async (_, body) => {
    expectFailure(await (await project()).post(body), 413, "PAYLOAD_TOO_LARGE");
  });

  test.each([
    ["digits as a payload", fill(before, "7", after)],
    ["quotes in a string", fill(`${before}"${MARKER}`, '\\"', `"${after}`)],
    ["NULs in a string", fill(`${before}"${MARKER}`, "\\u0000", `"${after}`)],
    ["an array of arrays", fill(`${before}[`, "[],", `[]]${after}`)],
    ["keys that are all the same", fill(`${before}{`, '"__proto__":{},', `"constructor":0}${after}`)],
    ["white space around", fill('{"batch":', " ", `[{"type":"trace-create","body":{"id":"t","name":"n"}}]}`)],
    ["a million tags", fill('{"batch":[{"type":"trace-create","body":{"id":"t","name":"n","tags":[', '"a",', '"a"]}}]}')],
  ])("%s: 201, and it comes back", async (_, body) => {
    const sender = await project();
    await sender.sendText(body, 1);
    await sender.settled(1);
    const answer = await sender.trace("t");
    expect(answer.status, answer.text.slice(0, 500)).toBe(200);
    const [sent] = JSON.parse(body).batch;
    if (sent.type === "span-create") expect(answer.json.data.spans[0].input).toEqual(sent.body.input);
  });
});

describe("a batch that is not an array of events", () => {
  test.each([
    "{}",
    '""',
    "0",
    "true",
    '{"length":1,"0":{}}',
    '[[{"type":"trace-create"}]]',
    "[null]",
    '["x"]',
    '[{"__proto__":{"type":"trace-create"}}]',
  ])("%s", async (batch) => {
    const sender = await project("lenient");
    expectFailure(await sender.post(`{"batch":${batch}}`), 400, "VALIDATION_ERROR");
  });
});

describe("packed to burst", () => {
  const small = JSON.stringify({ batch: [traceCreate({ id: "t", name: MARKER })] });

  test("gzip in 200,000 empty members, and then a batch", async () => {
    const member = gzipSync("");
    const body = Buffer.concat([...Array(200_000).fill(member), gzipSync(small)]);
    expect(body.byteLength).toBeLessThan(MAX_BYTES);
    const answer = await (await project()).post(body, { "content-encoding": "gzip" });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 1 } });
  });

  test("gzip of a byte a member", async () => {
    const body = Buffer.concat([...small].map((byte) => gzipSync(byte)));
    const answer = await (await project()).post(body, { "content-encoding": "gzip" });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 1 } });
  });

  test("a thousand members of 5 MiB each", async () => {
    const body = Buffer.concat(Array(1_000).fill(gzipSync(Buffer.alloc(MAX_BYTES, " "), { level: 9 })));
    expect(body.byteLength).toBeLessThan(MAX_BYTES);
    expectFailure(await (await project()).post(body, { "content-encoding": "gzip" }), 413, "PAYLOAD_TOO_LARGE");
  });

  test.each([
    ["garbage after gzip", "gzip", Buffer.concat([gzipSync(small), Buffer.from("garbage")])],
    ["zeros after gzip", "gzip", Buffer.concat([gzipSync(small), Buffer.alloc(64)])],
    ["JSON after gzip", "gzip", Buffer.concat([gzipSync(small), Buffer.from(small)])],
    ["gzip twice over", "gzip", gzipSync(gzipSync(small))],
    ["gzip as deflate", "deflate", gzipSync(small)],
    ["zlib as gzip", "gzip", deflateSync(small)],
    ["zlib with a wrong checksum", "deflate", Buffer.concat([deflateSync(small).subarray(0, -4), Buffer.alloc(4)])],
    ["a zlib header alone", "deflate", deflateSync(small).subarray(0, 2)],
  ])("%s: 400", async (_, encoding, body) => {
    const sender = await project();
    expectFailure(await sender.post(body, { "content-encoding": encoding }), 400, "VALIDATION_ERROR");
    expect(await sender.objects()).toEqual([]);
  });
});

describe("cut off", () => {
  const body = Buffer.from(JSON.stringify({ batch: [traceCreate({ id: "t", name: MARKER }), ...spansOf("t", 3)] }));
  const forms = { identity: body, gzip: gzipSync(body), deflate: deflateSync(body), "deflate, bare": deflateRawSync(body) };
  const everyPlace = (length: number) =>
    [
      ...new Set([
        ...Array(40).keys(),
        ...Array.from({ length: 40 }, (_, n) => Math.floor((n * length) / 40)),
        ...Array.from({ length: 40 }, (_, n) => length - 1 - n),
      ]),
    ].filter((n) => n >= 0);

  test.each(Object.entries(forms))("%s at many places, the length in order: 400", async (form, whole) => {
    const sender = await project("lenient");
    const encoding = form.split(",")[0]!;
    for (const length of everyPlace(whole.length)) {
      const answer = await sender.post(whole.subarray(0, length), { "content-encoding": encoding });
      expect(answer.status, `${length} of ${whole.length} bytes: ${answer.text}`).toBe(400);
    }
    expect(await sender.objects()).toEqual([]);
    expect((await sender.post(whole, { "content-encoding": encoding })).status).toBe(201);
  });

  test.each(["reset", "end"] as const)("the connection breaks off before the body does (%s): nothing is stored", async (cut) => {
    const sender = await project();
    const headers = [`Authorization: Bearer ${sender.key}`, "Content-Type: application/json"];
    const chunk = `${body.length.toString(16)}\r\n`;
    const whole = head("POST /api/v1/traces HTTP/1.1", [...headers, `Content-Length: ${body.length}`]);
    const chunked = head("POST /api/v1/traces HTTP/1.1", [...headers, "Transfer-Encoding: chunked"]);
    for (const length of everyPlace(body.length).filter((_, n) => n % 3 === 0)) {
      for (const start of [whole, chunked + chunk]) {
        expect((await raw(worker.url, [start, body.subarray(0, length)], { cut })).status, `${length} bytes`).not.toBe(201);
      }
    }
    // All of the body, and not the end that says so.
    expect((await raw(worker.url, [chunked, chunk, body, "\r\n"], { cut })).status).not.toBe(201);
    expect(await sender.objects()).toEqual([]);
  });
});

describe("1,000 events with the longest ids there may be", () => {
  const bytes = (text: string) => Buffer.byteLength(text);
  test.each([
    ["NULs", "\0"],
    ["quotes", '"'],
    ["backslashes", "\\"],
    ["emoji", "😀"],
    ["newlines", "\n"],
    ["apostrophes", "'"],
    ["percent signs", "%"],
    ["line separators", "\u2028"],
  ])(
    "full of %s",
    async (_, character) => {
      const sender = await project();
      /** 256 bytes: a number, and the character as often as there is room. */
      const id = (n: number) => {
        const number = String(n).padStart(4, "0");
        const filler = character.repeat((256 - number.length) / bytes(character));
        return number + filler + ".".repeat(256 - number.length - bytes(filler));
      };
      const [trace, ids] = [id(9_999), Array.from({ length: 1_000 }, (_, n) => id(n))];
      expect(ids.every((id) => bytes(id) === 256)).toBe(true);
      const span = (id: string, n: number) => ({
        type: "span-create",
        body: { traceId: trace, id, parentSpanId: n > 0 ? ids[n - 1] : null, name: "n", type: "LLM", input: n },
      });
      await sender.send(...ids.map(span));
      await sender.settled(1);
      const { spans } = await sender.traceWith(1_000, trace);
      const found = new Map<string, any>(spans.map((span: any) => [span.id, span]));
      ids.forEach((id, n) => expect(found.get(id)).toMatchObject({ input: n, parentSpanId: n > 0 ? ids[n - 1] : null, traceId: trace }));

      // And as many traces.
      await sender.send(...ids.map((id) => spanCreate({ traceId: id, id: trace, name: "n" })));
      await sender.settled(2);
      const listed = new Set<string>();
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page = await sender.list({ limit: "100", ...(cursor ? { cursor } : {}) });
        page.traces.forEach(({ id }) => listed.add(id));
        cursor = page.nextCursor;
      }
      expect(listed).toEqual(new Set([trace, ...ids]));
    },
    60_000,
  );
});

afterAll(async () => {
  expect((await worker.request("/api/v1/health")).status).toBe(200);
  const printed = worker.printed();
  expect(printed).not.toMatch(/panic|unreachable|RuntimeError|Reinitializing|"status":5\d\d|"fault":"/i);
  expect(printed).not.toContain(MARKER);
  for (const key of keys) expect(printed).not.toContain(key);
});
