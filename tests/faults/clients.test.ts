// What published clients do by themselves when they are answered 503: they send the same
// bytes again, and nothing is lost or doubled. The Worker is the built one; its R2 fails
// on command, before or after it keeps what it was given.
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { beforeEach, describe, expect, test } from "vitest";
import { linesOf, needsPython, runClient } from "../support/clients.ts";
import { useWorker, type Project } from "../support/worker.ts";

const worker = useWorker({ main: "./tests/support/faulty-entry.mjs" });

const post = (faults: unknown[]) => worker.request("/__faults", { method: "POST", body: JSON.stringify(faults) });
const calls = async (name: string): Promise<number> => (await worker.request("/__faults")).json[name] ?? 0;

/** The edge tries twice, so the first request fails and no other does. */
const failOnce = (after: boolean) => post([{ on: "RAW.put", times: 2, after }]);

beforeEach(() => post([]));

/** Everything is there once, after one request that failed and the same again. */
async function expectOnce(project: Project, trace: string, spans: number, before: number) {
  const found = await project.traceWith(spans, trace);
  expect(found.spans).toHaveLength(spans);
  expect(new Set(found.spans.map((span: { id: string }) => span.id)).size).toBe(spans);
  expect(await project.rows("batch")).toHaveLength(1);
  expect((await calls("RAW.put")) - before).toBe(3);
  return found;
}

describe.each([
  ["R2 did not keep it", false],
  ["R2 kept it and its reply was lost", true],
] as const)("%s", (_, after) => {
  test.each([
    ["JSON", JsonExporter],
    ["protobuf", ProtobufExporter],
  ] as const)("OpenTelemetry's exporter for JavaScript, %s", { timeout: 60_000 }, async (__, Exporter) => {
    const project = await worker.project();
    const before = await calls("RAW.put");
    await failOnce(after);
    const url = new URL("/v1/traces", worker.url).href;
    const exporter = new Exporter({ url, headers: { authorization: `Bearer ${project.key}` } });
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
    const tracer = provider.getTracer("shop");
    const span = tracer.startSpan("answer");
    span.end();
    await provider.forceFlush();
    await provider.shutdown();
    await expectOnce(project, span.spanContext().traceId, 1, before);
  });

  test("OpenTelemetry's exporter for Python", { timeout: 120_000 }, async (context) => {
    const python = needsPython(context, "otlp");
    const project = await worker.project();
    const before = await calls("RAW.put");
    await failOnce(after);
    const { printed } = await runClient(python, "otlp.py", ["opentelemetry"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: worker.url.origin,
      OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${project.key}`,
    });
    expect(await expectOnce(project, printed, 2, before)).toMatchObject({ totalTokens: 5 });
  });

  test("OpenAI's Agents SDK", { timeout: 120_000 }, async (context) => {
    const python = needsPython(context, "agents");
    const project = await worker.project();
    const before = await calls("RAW.put");
    await failOnce(after);
    const { printed } = await runClient(python, "openai_agents.py", [], { LINES: linesOf("OpenAI's Agents SDK", worker, project) });
    expect(await expectOnce(project, JSON.parse(printed).answer, 8, before)).toMatchObject({ name: "answer", totalTokens: 40 });
  });
});
