// A trace by the Vercel AI SDK over a stub of a model, sent by OpenTelemetry's exporter,
// which is set up by its environment variables alone (docs/connecting.md). Prints the
// id of the trace.
import { once } from "node:events";
import { createServer } from "node:http";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { OpenTelemetry } from "@ai-sdk/otel";
import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { generateText, registerTelemetry } from "ai";

const answer = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_780_000_000,
  model: "gpt-4o-mini",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "On its way." } }],
  usage: { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 },
};
const stub = createServer((request, response) => {
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end(JSON.stringify(answer)));
});
await once(stub.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (stub.address());

const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
provider.register();
registerTelemetry(new OpenTelemetry());

const model = createOpenAICompatible({ name: "stub", baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none" });
const id = await trace.getTracer("shop").startActiveSpan("answer", async (span) => {
  await generateText({ model: model("gpt-4o-mini"), prompt: "Where is my order?" });
  span.end();
  return span.spanContext().traceId;
});
await provider.shutdown();
stub.close();
console.log(id);
