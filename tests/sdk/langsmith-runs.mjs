// Traces by LangSmith's SDK for JavaScript, set up by its environment variables alone
// (docs/connecting.md). Prints what it sent, as JSON.
import { randomUUID } from "node:crypto";
import { Client } from "langsmith";
import { getCurrentRunTree, traceable } from "langsmith/traceable";

const client = new Client();
const used = { input_tokens: 150, output_tokens: 50, total_tokens: 200, input_token_details: { cache_read: 20 } };

const lookUp = traceable(async (/** @type {number} */ order) => ({ order, where: "on its way" }), {
  name: "look_up",
  run_type: "tool",
  client,
});
const ask = traceable(
  async (/** @type {string} */ question) => ({ role: "assistant", content: `echo: ${question}`, usage_metadata: used }),
  {
    name: "chat",
    run_type: "llm",
    metadata: { ls_model_name: "gpt-4o-mini", ls_temperature: 0.2 },
    client,
  },
);
const fails = traceable(
  async () => {
    throw new Error("nothing to give back");
  },
  { name: "fails", client },
);
const answer = traceable(
  async (/** @type {string} */ question) => {
    await Promise.all([1, 2, 3].map((order) => lookUp(order)));
    await ask(question);
    await fails().catch(() => {});
    return { text: "On its way.", id: getCurrentRunTree().id };
  },
  { name: "answer", tags: ["shop"], metadata: { session_id: "s-1", user_id: "u-1" }, client },
);

const { id } = await answer("Where is my order?");
await client.awaitPendingTraceBatches();
await client.createFeedback(id, "helpful", { score: 1, comment: "ok", sessionId: randomUUID() });
console.log(JSON.stringify({ traces: [id] }));
