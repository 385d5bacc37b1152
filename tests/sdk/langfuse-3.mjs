// Traces by Langfuse's SDK for JavaScript of before OpenTelemetry, which posts batches:
// set up by its environment variables alone (docs/connecting.md), over a stub of a model.
// Prints the ids of the traces that it sent, by name.
import { once } from "node:events";
import { createServer } from "node:http";
import { Langfuse, observeOpenAI } from "langfuse";
import OpenAI from "openai";

const answer = {
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_780_000_000,
  model: "gpt-4o-mini",
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: "On its way." } }],
  usage: { prompt_tokens: 150, completion_tokens: 50, total_tokens: 200, prompt_tokens_details: { cached_tokens: 20 } },
};
const stub = createServer((request, response) => {
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end(JSON.stringify(answer)));
});
await once(stub.listen(0, "127.0.0.1"), "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (stub.address());

const client = new Langfuse();
const trace = client.trace({ name: "js", userId: "u5", sessionId: "s5", tags: ["js"], input: { q: 1 }, metadata: { a: 1 } });
const outer = trace.span({ name: "outer", input: { i: 1 } });
const generation = outer.generation({
  name: "gen",
  model: "gpt-4o-mini",
  modelParameters: { temperature: 0.2 },
  input: [{ role: "user", content: "hi" }],
});
generation.end({ output: "hello", usageDetails: { input: 10, output: 5, cache_read_input_tokens: 2 }, costDetails: { total: 0.01 } });
outer.event({ name: "ev", level: "WARNING", statusMessage: "careful" });
await client.flushAsync();
outer.end({ output: { o: 1 }, level: "ERROR", statusMessage: "broke" });
trace.update({ output: "final", metadata: { b: 2 }, tags: ["late"] });
trace.score({ name: "thumbs", value: 1 });

const openai = observeOpenAI(new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: "none" }), {
  parent: trace,
  generationName: "wrapped",
});
await openai.chat.completions.create({ model: "gpt-4o-mini", messages: [{ role: "user", content: "Where is my order?" }] });

await openai.flushAsync();
await client.shutdownAsync();
stub.close();
console.log(JSON.stringify({ trace: trace.id }));
