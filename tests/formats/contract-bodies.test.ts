// What a request's body may be: how large, how encoded, of which content type,
// with and without a length.
import { createHash } from "node:crypto";
import { deflateRawSync, deflateSync, gzipSync, brotliCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";
import { spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import type { Outgoing } from "../support/http.ts";

const worker = useWorker();

const MAX_BYTES = 5_242_880;
const MAX_EVENTS = 1_000;

/** A batch of one span, of exactly this many bytes, that gzip cannot shrink below a third. */
function bodyOf(bytes: number): string {
  const around = (filler: string) =>
    JSON.stringify({ batch: [{ id: "e", type: "span-create", body: { traceId: "t", name: "n", type: "LLM", input: filler } }] });
  const wanted = bytes - around("").length;
  let noise = "";
  for (let n = 0; noise.length < wanted; n++) noise += createHash("sha512").update(String(n)).digest("hex");
  return around(noise.slice(0, wanted));
}

describe("size", () => {
  test("exactly 5,242,880 bytes are taken, and come back", async () => {
    const project = await worker.project();
    const body = bodyOf(MAX_BYTES);
    expect(Buffer.byteLength(body)).toBe(MAX_BYTES);
    await project.sendText(body, 1);
    const trace = await project.traceWith(1, "t");
    expect(trace.spans[0].input).toBe(JSON.parse(body).batch[0].body.input);
  });

  test("one byte more is not", async () => {
    const project = await worker.project();
    expectFailure(await project.post(bodyOf(MAX_BYTES + 1)), 413, "PAYLOAD_TOO_LARGE");
    expectFailure(await project.post(`${bodyOf(MAX_BYTES)} `), 413, "PAYLOAD_TOO_LARGE");
    expect(await project.objects()).toEqual([]);
  });

  test("much more is not either", async () => {
    const project = await worker.project();
    expectFailure(await project.post("x".repeat(20 << 20)), 413, "PAYLOAD_TOO_LARGE");
  });

  test.each([6, 20])("%i MiB without a length are not, and the client is told", async (megabytes) => {
    const project = await worker.project();
    const body = Array(megabytes).fill("x".repeat(1 << 20));
    expectFailure(await project.request("/api/v1/traces", { method: "POST", body }), 413, "PAYLOAD_TOO_LARGE");
  });

  test("1,000 events are taken, 1,001 are not", async () => {
    const project = await worker.project();
    const events = spansOf("t", MAX_EVENTS + 1);
    expectFailure(await project.post({ batch: events }), 413, "PAYLOAD_TOO_LARGE");
    await project.send(...events.slice(0, MAX_EVENTS));
    expect(await project.traceWith(MAX_EVENTS, "t")).toMatchObject({ spanCount: MAX_EVENTS });
  });

  test("1,001 events are too many even where handling is lenient or the last is bad", async () => {
    const project = await worker.project("lenient");
    const events = [...spansOf("t", MAX_EVENTS), {}];
    expectFailure(await project.post({ batch: events }), 413, "PAYLOAD_TOO_LARGE");
  });
});

describe("Content-Encoding", () => {
  const events = [traceCreate({ id: "t", name: "packed" }), ...spansOf("t", 40)];
  const body = JSON.stringify({ batch: events });

  test.each([
    ["gzip", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["GZIP", gzipSync(body)],
    ["deflate", deflateSync(body)], // with zlib's wrapping, as RFC 9110 has it
    ["deflate", deflateRawSync(body)], // without, as some clients do
    ["identity", Buffer.from(body)],
  ])("%s", async (encoding, packed) => {
    const project = await worker.project();
    const answer = await project.post(packed, { "content-encoding": encoding });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 41 } });
    expect(await project.traceWith(40, "t")).toMatchObject({ name: "packed" });
  });

  test("gzip in several members is one body", async () => {
    const project = await worker.project();
    const packed = Buffer.concat([gzipSync(body.slice(0, 100)), gzipSync(body.slice(100))]);
    const answer = await project.post(packed, { "content-encoding": "gzip" });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 41 } });
  });

  test.each([
    ["br", brotliCompressSync(body)],
    ["zstd", Buffer.from(body)],
    ["gzip, gzip", gzipSync(gzipSync(body))],
    ["nonsense", Buffer.from(body)],
  ])("%s is one it cannot read", async (encoding, packed) => {
    const project = await worker.project();
    const answer = await project.post(packed, { "content-encoding": encoding });
    const error = expectFailure(answer, 415, "UNSUPPORTED_MEDIA_TYPE");
    expect(error.message).toMatch(/gzip/);
  });

  test.each([
    ["gzip", gzipSync(body).subarray(0, 200)],
    ["gzip", gzipSync(body).subarray(0, -1)],
    ["gzip", Buffer.from(body)],
    ["gzip", Buffer.alloc(0)],
    ["deflate", deflateSync(body).subarray(0, 200)],
    ["deflate", Buffer.from(body)],
  ])("%s that is broken or something else", async (encoding, packed) => {
    const project = await worker.project();
    expectFailure(await project.post(packed, { "content-encoding": encoding }), 400, "VALIDATION_ERROR");
    expect(await project.objects()).toEqual([]);
  });

  test("gzip with a bad checksum", async () => {
    const project = await worker.project();
    const packed = gzipSync(body);
    packed[packed.length - 8]! ^= 0xff;
    expectFailure(await project.post(packed, { "content-encoding": "gzip" }), 400, "VALIDATION_ERROR");
  });

  test.each([
    ["gzip", gzipSync(Buffer.alloc(200 << 20))],
    ["deflate", deflateSync(Buffer.alloc(200 << 20))],
    ["gzip", gzipSync(bodyOf(MAX_BYTES + 1))],
  ])("%s that unpacks to more than 5 MiB", async (encoding, packed) => {
    expect(packed.byteLength).toBeLessThan(MAX_BYTES);
    const project = await worker.project();
    const answer = await project.post(packed, { "content-encoding": encoding });
    expectFailure(answer, 413, "PAYLOAD_TOO_LARGE");
  });

  test("gzip that unpacks to exactly 5,242,880 bytes", async () => {
    const project = await worker.project();
    const answer = await project.post(gzipSync(bodyOf(MAX_BYTES)), { "content-encoding": "gzip" });
    expect(answer, answer.text).toMatchObject({ status: 201 });
  });
});

describe("Content-Type", () => {
  const send = async (headers: Outgoing["headers"]) => {
    const project = await worker.project();
    return project.request("/api/v1/traces", { method: "POST", headers, body: JSON.stringify({ batch: [traceCreate()] }) });
  };

  test.each(["application/json", "application/json; charset=utf-8", 'application/json;charset="UTF-8"', "APPLICATION/JSON"])(
    "%s",
    async (type) => {
      expect(await send({ "content-type": type })).toMatchObject({ status: 201, json: { accepted: 1 } });
    },
  );

  test("none stands for JSON", async () => {
    expect(await send({})).toMatchObject({ status: 201, json: { accepted: 1 } });
  });

  test.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "application/x-protobuf",
    "application/jsonp",
    "multipart/form-data; boundary=x",
  ])("%s is one it cannot read", async (type) => {
    const error = expectFailure(await send({ "content-type": type }), 415, "UNSUPPORTED_MEDIA_TYPE");
    expect(error.message).toContain("application/json");
  });
});

describe("a body without a length", () => {
  const events = [traceCreate({ id: "t" }), ...spansOf("t", 5)];
  const cut = (bytes: Buffer) => [bytes.subarray(0, 10), bytes.subarray(10, 300), bytes.subarray(300)];

  test("is taken in pieces", async () => {
    const project = await worker.project();
    const body = cut(Buffer.from(JSON.stringify({ batch: events })));
    const answer = await project.request("/api/v1/traces", { method: "POST", headers: { "content-type": "application/json" }, body });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 6 } });
    await project.traceWith(5, "t");
  });

  test("and compressed", async () => {
    const project = await worker.project();
    const body = cut(gzipSync(JSON.stringify({ batch: events })));
    const answer = await project.request("/api/v1/traces", { method: "POST", headers: { "content-encoding": "gzip" }, body });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 6 } });
  });
});
