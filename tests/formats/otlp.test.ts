// OTLP over HTTP as exporters speak it: paths, forms of the key, encodings, and what each
// answer makes them do. What spans mean is tested natively (otlp_fixtures.rs).
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync, deflateSync } from "node:zlib";
import { SpanStatusCode, trace as api } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "vitest";
import { eventually, useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();
const FIXTURES = new URL("../fixtures/otlp/", import.meta.url);

/** The requests for spans, and logs, that clients were seen to send, with their headers. */
const requests = readdirSync(FIXTURES)
  .filter((name) => name.endsWith(".meta.json"))
  .map((file) => {
    const name = file.slice(0, -".meta.json".length);
    const meta = JSON.parse(readFileSync(new URL(file, FIXTURES), "utf8"));
    const body = (ending: string) => readFileSync(new URL(`${name}.${ending}`, FIXTURES));
    const bytes = meta.headers["content-type"] === "application/json" ? body("json") : body("bin");
    return { name, meta, bytes };
  })
  .filter(({ meta }) => meta.path.endsWith("/traces") || meta.path.endsWith("/logs"));

/** A client's headers with a project's key in them. */
function headersOf(meta: { headers: Record<string, string> }, project: Project): Record<string, string> {
  // Answers are read as they are.
  const { "content-length": _, "transfer-encoding": __, "accept-encoding": ___, ...headers } = meta.headers;
  for (const [name, value] of Object.entries(headers)) {
    const basic = value.match(/^Basic base64\((.*)\)$/)?.[1];
    const key = (text: string) => text.replaceAll("$KEY", project.key);
    headers[name] = basic ? `Basic ${Buffer.from(key(basic)).toString("base64")}` : key(value);
  }
  delete headers["content-encoding"];
  return headers;
}

function jsonExport(...spans: object[]): string {
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

let made = 0;

/** A span of a trace of its own, as JSON has it. */
function span(fields: object = {}) {
  made += 1;
  const traceId = made.toString(16).padStart(32, "a");
  const times = { startTimeUnixNano: "1795550830993166217", endTimeUnixNano: "1795550832007880646" };
  return { traceId, spanId: "00f067aa0ba902b7", name: "n", kind: 1, ...times, ...fields };
}

/** Posts JSON to a path of OTLP. */
function post(
  project: Project,
  body: string | Uint8Array | (string | Uint8Array)[],
  headers: Record<string, string> = {},
  path = "/v1/traces",
) {
  return project.request(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body });
}

describe("what clients were seen to send", () => {
  test.each(requests)("$name, whole and in pieces, compressed, and again", async ({ name, meta, bytes }) => {
    const project = await worker.project();
    const headers = headersOf(meta, project);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, at) => bytes.subarray(97 * at, 97 * (at + 1)));
    for (const [body, encoding] of [
      [bytes, {}],
      [pieces, {}],
      [gzipSync(bytes), { "content-encoding": "gzip" }],
      [deflateSync(bytes), { "content-encoding": "deflate" }],
    ] as const) {
      const answer = await worker.request(meta.path, { method: "POST", headers: { ...headers, ...encoding }, body: body as any });
      expect(answer, answer.text).toMatchObject({ status: 200 });
      expect(answer.headers["content-type"]).toBe(
        meta.headers["content-type"] === "application/json" ? "application/json" : "application/x-protobuf",
      );
      expect(["", "{}", '{"accepted":']).toContain(answer.text.replace(/\d+\}$/, ""));
    }
    const expected = JSON.parse(readFileSync(new URL(`${name.replace(/-\d+$/, "-1")}.expected.json`, FIXTURES), "utf8"));
    for (const { traceId } of expected.traces) {
      const found = await project.traceWith((await project.trace(traceId)).json?.data?.spanCount ?? 1, traceId);
      for (const one of found.spans) expect(one.payloadError ?? null).toBeNull();
    }
    // However often and however it is sent, it is one batch.
    expect(await project.objects()).toHaveLength(4);
    await project.settled(4);
    expect(await project.rows("batch")).toHaveLength(1);
  });
});

describe("the key", () => {
  const forms: [string, (key: string) => Record<string, string>][] = [
    ["Bearer", (key) => ({ authorization: `Bearer ${key}` })],
    ["Bearer, percent-encoded", (key) => ({ authorization: `Bearer%20${key}` })],
    ["no scheme", (key) => ({ authorization: key })],
    ["Basic, as the password", (key) => ({ authorization: `Basic ${Buffer.from(`pk-lf-1:${key}`).toString("base64")}` })],
    ["Basic, as the user", (key) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` })],
    ["x-api-key", (key) => ({ "x-api-key": key })],
  ];

  test.each(forms)("is taken as %s", async (_, headers) => {
    const project = await worker.project();
    const answer = await worker.request("/v1/traces", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers(project.key) },
      body: jsonExport(span()),
    });
    expect(answer, answer.text).toMatchObject({ status: 200, json: {} });
  });

  test("is asked for in the encoding of the request, with the form that is right", async () => {
    const none = await worker.request("/v1/traces", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
    expect(none).toMatchObject({ status: 401, json: { code: 16, error: { code: "UNAUTHORIZED" } } });
    expect(none.json.message).toContain("OTEL_EXPORTER_OTLP_HEADERS");
    const binary = await worker.request("/v1/traces", { method: "POST", headers: { "content-type": "application/x-protobuf" }, body: "" });
    expect(binary.status).toBe(401);
    expect(binary.headers["content-type"]).toBe("application/x-protobuf");
    expect(binary.text.slice(0, 2)).toBe("\b\u0010"); // code = 16
  });
});

describe("answers", () => {
  test("an empty export is taken, in every spelling", async () => {
    const project = await worker.project();
    for (const body of ["{}", '{"resourceSpans":[]}', '{"resourceSpans":[{"scopeSpans":[]}]}'])
      expect(await post(project, body)).toMatchObject({ status: 200, json: {} });
    const binary = await post(project, "", { "content-type": "application/x-protobuf" });
    expect(binary).toMatchObject({ status: 200, text: "" });
    expect(await project.objects()).toEqual([]);
  });

  test("a bad span costs itself and no other", async () => {
    const project = await worker.project();
    const good = span();
    const answer = await post(project, jsonExport(span({ traceId: "abc" }), good, span({ spanId: "0".repeat(16) })));
    expect(answer.status).toBe(200);
    expect(answer.json.partialSuccess.rejectedSpans).toBe("2");
    expect(answer.json.partialSuccess.errorMessage).toContain(
      "resourceSpans[0].scopeSpans[0].spans[0].traceId: expected 32 hexadecimal digits, found 3 characters",
    );
    await project.traceWith(1, good.traceId);
    const none = await post(project, jsonExport(span({ traceId: "" })));
    expect(none.json.partialSuccess).toMatchObject({ rejectedSpans: "1" });
    expect(await project.objects()).toHaveLength(1);
  });

  test("2Signal's own path counts", async () => {
    const project = await worker.project();
    expect(await post(project, jsonExport(span(), span()), {}, "/api/v1/otel/traces")).toMatchObject({
      status: 200,
      json: { accepted: 2 },
    });
  });

  test("what cannot be read is refused for good, with the place", async () => {
    const project = await worker.project();
    const json = await post(project, '{"resourceSpans":[{]}');
    expect(json).toMatchObject({ status: 400, json: { code: 3, error: { code: "VALIDATION_ERROR" } } });
    expect(json.json.message).toContain("byte 19");
    const binary = await post(project, new Uint8Array([0x0a, 0x05, 0x00]), { "content-type": "application/x-protobuf" });
    expect(binary.status).toBe(400);
    expect(binary.text).toContain("malformed protobuf at byte 1");
    expect(await post(project, "{}", { "content-type": "text/plain" })).toMatchObject({ status: 415 });
    expect(await post(project, "{}", { "content-encoding": "zstd" })).toMatchObject({ status: 415, json: { code: 3 } });
    expect((await project.request("/v1/traces")).status).toBe(405);
    expect((await project.request("/v1/traces")).headers.allow).toBe("POST, OPTIONS");
    expect(await project.objects()).toEqual([]);
  });

  test("exports are larger than native batches, and bounded", { timeout: 60_000 }, async () => {
    const project = await worker.project();
    const note = { key: "input.value", value: { stringValue: "x".repeat(5_000_000) } };
    const large = [1, 2, 3].map((n) => span({ attributes: [note], traceId: "ab".repeat(16), spanId: `${n}`.repeat(16) }));
    expect(await post(project, jsonExport(...large))).toMatchObject({ status: 200, json: {} });
    await eventually(async () => expect((await project.trace("ab".repeat(16))).json?.data?.spanCount).toBe(3));
    const read = await project.get(`/api/v1/traces/${"ab".repeat(16)}/spans/${"1".repeat(16)}`);
    expect(read.json.data.input).toHaveLength(5_000_000);
    const over = await post(project, " ".repeat(20 * 1024 * 1024 + 1));
    expect(over).toMatchObject({ status: 413, json: { code: 8 } });
    const many = await post(project, jsonExport(...Array.from({ length: 10_001 }, () => ({}))));
    expect(many).toMatchObject({ status: 413, json: { code: 8 } });
  });

  test("other signals are acknowledged, so that consoles stay quiet", async () => {
    const project = await worker.project();
    const log = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"started"}}]}]}]}';
    const bytes = new Uint8Array([0x0a, 0x04, 0x12, 0x02, 0x12, 0x00]);
    for (const [path, json, protobuf] of [
      ["/v1/metrics", '{"resourceMetrics":[]}', new Uint8Array()],
      ["/v1/logs", log, bytes],
    ] as const) {
      const answer = await post(project, json, {}, path);
      const message = expect.stringMatching(/^Edgespan keeps traces only/);
      expect(answer).toMatchObject({ status: 200, json: { partialSuccess: { errorMessage: message } } });
      const binary = await post(project, protobuf, { "content-type": "application/x-protobuf" }, path);
      expect(binary.status).toBe(200);
      expect(binary.text).toContain("Edgespan keeps traces only");
      expect((await worker.request(path, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" })).status).toBe(
        401,
      );
    }
    expect(await project.objects()).toEqual([]);
  });

  test("messages that come as logs are those of their spans, whichever comes first", async () => {
    const project = await worker.project();
    const list = (text: string) => ({ arrayValue: { values: [{ stringValue: text }] } });
    const record = {
      traceId: "cd".repeat(16),
      spanId: "ef".repeat(8),
      eventName: "gen_ai.client.inference.operation.details",
      attributes: [
        { key: "gen_ai.input.messages", value: list("hello") },
        { key: "gen_ai.output.messages", value: list("hi") },
      ],
    };
    const logs = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
    expect(await post(project, logs, {}, "/v1/logs")).toMatchObject({ status: 200, json: {} });
    const { traceId, spanId } = record;
    expect(await post(project, jsonExport(span({ traceId, spanId })))).toMatchObject({ status: 200 });
    await eventually(async () => {
      const read = await project.trace(traceId);
      expect(read.json?.data?.spans).toMatchObject([{ type: "CHAIN", input: ["hello"], output: ["hi"] }]);
    });
  });

  test("a browser may ask first", async () => {
    const answer = await worker.request("/v1/traces", {
      method: "OPTIONS",
      headers: { origin: "https://app.test", "access-control-request-method": "POST" },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers["access-control-allow-origin"]).toBe("*");
  });
});

describe("OpenTelemetry's own exporters", () => {
  test.each([
    ["JSON", JsonExporter],
    ["protobuf", ProtobufExporter],
  ] as const)("%s, by its SDK", async (_, Exporter) => {
    const project = await worker.project();
    const url = new URL("/v1/traces", worker.url).href;
    const exporter = new Exporter({ url, headers: { authorization: `Bearer ${project.key}` } });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer("shop", "1.2.3");
    const root = tracer.startSpan("answer", { attributes: { "session.id": "s-1", "user.id": "u-1" } });
    const { traceId, spanId } = root.spanContext();
    const model = tracer.startSpan(
      "chat",
      {
        attributes: {
          "gen_ai.operation.name": "chat",
          "gen_ai.request.model": "gpt",
          "gen_ai.usage.input_tokens": 5,
          "gen_ai.usage.output_tokens": 7,
          "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
        },
      },
      api.setSpan((await import("@opentelemetry/api")).ROOT_CONTEXT, root),
    );
    model.setStatus({ code: SpanStatusCode.ERROR, message: "no answer" });
    model.end();
    root.end();
    await provider.forceFlush();
    await provider.shutdown();
    const found = await project.traceWith(2, traceId);
    expect(found).toMatchObject({ name: "answer", sessionId: "s-1", userId: "u-1", status: "OK", errorCount: 1, totalTokens: 12 });
    const chat = found.spans.find((one: { name: string }) => one.name === "chat");
    expect(chat).toMatchObject({ type: "LLM", model: "gpt", parentSpanId: spanId, status: "ERROR", errorMessage: "no answer" });
    expect(chat.input).toEqual([{ role: "user", parts: [{ type: "text", content: "hi" }] }]);
    expect(chat.metadata.scope).toEqual({ name: "shop", version: "1.2.3" });
    expect((await project.list({ userId: "u-1" })).traces).toHaveLength(1);
    expect((await project.list({ userId: "u-2" })).traces).toHaveLength(0);
  });
});
