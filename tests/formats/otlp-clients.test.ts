// Published clients of OpenTelemetry's protocol against the Worker, each set up by the
// lines that docs/connecting.md has for it: sdk/otlp.py and sdk/ai-sdk.mjs. Those that
// call a model have a stub of one on loopback.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { needsPython, runClient } from "../support/clients.ts";
import { useWorker } from "../support/worker.ts";

const worker = useWorker();

/** Runs a client with these variables, which must not complain: the id of the trace that it sent. */
async function run(python: string, client: string, environment: Record<string, string>): Promise<string> {
  const [program, args] = client.endsWith(".mjs") ? [client, []] : ["otlp.py", [client]];
  const { printed, complaints } = await runClient(python, program, args, environment);
  if (/error|warning/i.test(complaints)) throw new Error(`${client} complains: ${complaints}`);
  return printed;
}

test("OpenTelemetry's SDK for Python", { timeout: 120_000 }, async (context) => {
  const python = needsPython(context, "otlp");
  const project = await worker.project();
  const id = await run(python, "opentelemetry", {
    OTEL_EXPORTER_OTLP_ENDPOINT: worker.url.origin,
    OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${project.key}`,
  });
  const found = await project.traceWith(2, id);
  expect(found).toMatchObject({ name: "answer", sessionId: "s-1", status: "OK", totalTokens: 5 });
  expect(found.spans.find((span: { name: string }) => span.name === "chat")).toMatchObject({
    type: "LLM",
    model: "gpt",
    parentSpanId: expect.any(String),
  });
});

test("Langfuse's SDK for Python", { timeout: 120_000 }, async (context) => {
  const python = needsPython(context, "otlp");
  const project = await worker.project();
  const id = await run(python, "langfuse", {
    LANGFUSE_HOST: worker.url.origin,
    LANGFUSE_SECRET_KEY: project.key,
    LANGFUSE_PUBLIC_KEY: "anything",
  });
  const found = await project.traceWith(2, id);
  expect(found).toMatchObject({ name: "answer", status: "OK", totalTokens: 12 });
  const chat = found.spans.find((span: { name: string }) => span.name === "chat");
  expect(chat).toMatchObject({ type: "LLM", model: "gpt", promptTokens: 5, completionTokens: 7, output: "On its way." });
  expect(JSON.stringify(chat.input)).toContain("Where is my order?");
});

/** The two variables of every exporter. */
const exporter = (key: string) => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: worker.url.origin,
  OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer ${key}`,
});

/** What a model was asked by all of them, as people read it. */
const asked = { type: "LLM", model: "gpt-4o-mini", status: "OK", promptTokens: expect.any(Number), completionTokens: expect.any(Number) };

for (const [name, client, spans] of [
  ["OpenInference's instrumentation of OpenAI", "openinference", 2],
  ["OpenLLMetry's instrumentation of OpenAI", "openllmetry", 2],
  ["Pydantic AI by Logfire", "pydantic-ai", 3],
] as const) {
  test(name, { timeout: 120_000 }, async (context) => {
    const python = needsPython(context, "otlp");
    const project = await worker.project();
    const id = await run(python, client, exporter(project.key));
    const found = await project.traceWith(spans, id);
    expect(found).toMatchObject({ name: "answer", status: "OK" });
    const models = found.spans.filter((span: { type: string }) => span.type === "LLM");
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject(asked);
    expect(JSON.stringify(models[0].input)).toContain("Where is my order?");
    expect(JSON.stringify(models[0].output)).toContain("echo: Where is my order?");
    // Counted once, whatever repeats it.
    expect(found.totalTokens).toBe(models[0].totalTokens);
  });
}

test("the Vercel AI SDK", { timeout: 120_000 }, async () => {
  const project = await worker.project();
  const id = await run(process.execPath, "ai-sdk.mjs", exporter(project.key));
  const found = await project.traceWith(4, id);
  expect(found).toMatchObject({ name: "answer", status: "OK", totalTokens: 12 });
  const models = found.spans.filter((span: { type: string }) => span.type === "LLM");
  expect(models).toHaveLength(1);
  expect(models[0]).toMatchObject({ ...asked, promptTokens: 5, completionTokens: 7 });
  expect(JSON.stringify(models[0].input)).toContain("Where is my order?");
  expect(JSON.stringify(models[0].output)).toContain("On its way.");
});

test("the variables are those that the documentation has", () => {
  const documentation = readFileSync(new URL("../../docs/connecting.md", import.meta.url), "utf8");
  for (const line of [
    'OTEL_EXPORTER_OTLP_ENDPOINT="',
    'OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer ',
    "`LANGFUSE_HOST`",
    "`LANGFUSE_SECRET_KEY` = the key",
  ])
    expect(documentation).toContain(line);
});
