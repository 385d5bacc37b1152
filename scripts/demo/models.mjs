// Models, and calls of them as the SDK's wrappers record them: OpenAI's and
// Anthropic's messages, with tokens and costs that fit the texts. Prices are
// examples. Leaves out: what is said.

import { fields } from "./recorder.mjs";

/** @import { Answer, Call, Chat, Tool, Usage } from "../types.d.ts" */
/** @import { Chance } from "./chance.mjs" */
/** @import { Recorder, Step } from "./recorder.mjs" */

/** A call in one maker's form.
 *  @typedef {object} Made
 *  @property {string} name
 *  @property {unknown} input
 *  @property {unknown} said
 *  @property {object} modelParameters
 *  @property {(usage: Usage) => unknown} output */
/** @typedef {Required<Omit<Chat, "more" | "cached" | "error">>} Asked */
/** @typedef {keyof typeof MODELS} Model */

/** Dollars for a million tokens in and out, tokens in a second. */
export const MODELS = {
  "gpt-4.1": { family: "openai", input: 2, output: 8, speed: 85 },
  "gpt-4.1-mini": { family: "openai", input: 0.4, output: 1.6, speed: 130 },
  "gpt-4o-mini": { family: "openai", input: 0.15, output: 0.6, speed: 120 },
  "claude-sonnet-4-5": { family: "anthropic", input: 3, output: 15, speed: 70 },
  "claude-haiku-4-5": { family: "anthropic", input: 1, output: 5, speed: 150 },
  "text-embedding-3-small": { family: "embedding", input: 0.02, output: 0, speed: Infinity },
};

/** About as many tokens as a tokenizer would make of it.
 *  @param {unknown} value */
const tokens = (value) => Math.ceil((typeof value === "string" ? value : JSON.stringify(value)).length / 3.7);
/** @param {number} dollars */
const round = (dollars) => Math.round(dollars * 1e9) / 1e9;

/** What is said of a call: usage, cost, and the time until the answer is there.
 *  @param {Model} name
 *  @param {number} context
 *  @param {unknown} answer
 *  @param {boolean} cached */
function account(name, context, answer, cached) {
  const model = MODELS[name];
  const promptTokens = context;
  const completionTokens = tokens(answer);
  const cachedTokens = cached ? Math.floor(promptTokens * 0.8) : 0;
  const cost = round(((promptTokens - cachedTokens * 0.75) * model.input + completionTokens * model.output) / 1e6);
  const usage = { promptTokens, completionTokens, totalTokens: promptTokens + completionTokens, ...(cached && { cachedTokens }) };
  return { ms: 280 + (completionTokens / model.speed) * 1000 + promptTokens / 40, usage, cost };
}

/** The tools that an agent offers, in each maker's form.
 *  @param {string} name
 *  @param {string} description
 *  @param {Tool["properties"]} properties
 *  @returns {Tool} */
export const tool = (name, description, properties) => ({ name, description, properties });
/** @param {Tool["properties"]} properties */
const schema = (properties) => ({
  type: "object",
  properties: Object.fromEntries(Object.entries(properties).map(([key, type]) => [key, { type }])),
  required: Object.keys(properties),
});

/**
 * A call with a conversation so far. `messages` are `{ role, text }`,
 * `{ role: "assistant", text?, calls }` and `{ role: "tool", call, result }`;
 * the answer is `{ text?, calls? }`, a call being `{ id, name, arguments }`.
 * `more` stands for context that the messages do not show.
 * @param {Recorder | Step} at
 * @param {Model} model
 * @param {Chat} chat
 */
export function chat(
  at,
  model,
  { system, messages, answer, tools = [], temperature = 0.2, maxTokens = 1024, more = 0, cached = false, error },
) {
  const { chance } = at;
  const openai = MODELS[model].family === "openai";
  const made = (openai ? openAi : anthropic)(chance, model, { system, messages, answer, tools, temperature, maxTokens });
  const context = tokens(made.input) + tokens(made.modelParameters) + more;
  const { ms, usage, cost } = account(model, context, made.said, cached);
  const call = { ms: error ? 900 : ms, input: made.input, model, modelParameters: made.modelParameters };
  return at.step("LLM", made.name, call, (step) => {
    if (error) step.fail(error);
    return fields({ output: made.output(usage), usage, cost, metadata: { provider: openai ? "openai" : "anthropic", stream: false } });
  });
}

/** @param {Chance} chance
 *  @param {Model} model
 *  @param {Asked} asked
 *  @returns {Made} */
function openAi(chance, model, { system, messages, answer, tools, temperature, maxTokens }) {
  /** @param {Call[]} list */
  const calls = (list) =>
    list.map(({ id, name, arguments: given }) => ({ id, type: "function", function: { name, arguments: JSON.stringify(given) } }));
  const input = messages.map((message) => {
    if (message.role === "tool") return { role: "tool", tool_call_id: message.call.id, content: message.result };
    const made = message.role === "assistant" ? message.calls : undefined;
    return { role: message.role, content: message.text ?? null, ...(made && { tool_calls: calls(made) }) };
  });
  const message = { role: "assistant", content: answer.text ?? null, ...(answer.calls && { tool_calls: calls(answer.calls) }) };
  const id = `chatcmpl-${chance.hex(20)}`;
  return {
    name: `openai.chat.completions.create(${model})`,
    input: [{ role: "system", content: system }, ...input],
    said: message,
    modelParameters: {
      temperature,
      max_tokens: maxTokens,
      ...(tools.length && {
        tools: tools.map(({ properties, ...rest }) => ({ type: "function", function: { ...rest, parameters: schema(properties) } })),
      }),
    },
    output: ({ promptTokens, completionTokens, totalTokens }) => ({
      id,
      object: "chat.completion",
      model,
      choices: [{ index: 0, message, finish_reason: answer.calls ? "tool_calls" : "stop" }],
      usage: { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: totalTokens },
    }),
  };
}

/** @param {Chance} chance
 *  @param {Model} model
 *  @param {Asked} asked
 *  @returns {Made} */
function anthropic(chance, model, { system, messages, answer, tools, temperature, maxTokens }) {
  /** @param {Answer} answer */
  const blocks = ({ text, calls = [] }) => [
    ...(text ? [{ type: "text", text }] : []),
    ...calls.map(({ id, name, arguments: input }) => ({ type: "tool_use", id: id.replace("call_", "toolu_"), name, input })),
  ];
  /** @type {{ role: string, content: string | object[] }[]} */
  const input = [];
  for (const message of messages) {
    if (message.role === "assistant") input.push({ role: "assistant", content: blocks(message) });
    else if (message.role !== "tool") input.push({ role: "user", content: message.text });
    else {
      const result = { type: "tool_result", tool_use_id: message.call.id.replace("call_", "toolu_"), content: message.result };
      const last = input.at(-1);
      // The results of parallel calls are one message.
      if (last?.role === "user" && Array.isArray(last.content)) last.content.push(result);
      else input.push({ role: "user", content: [result] });
    }
  }
  const content = blocks(answer);
  const id = `msg_${chance.hex(24)}`;
  return {
    name: `anthropic.messages.create(${model})`,
    input: { messages: input, system },
    said: content,
    modelParameters: {
      temperature,
      max_tokens: maxTokens,
      ...(tools.length && { tools: tools.map(({ properties, ...rest }) => ({ ...rest, input_schema: schema(properties) })) }),
    },
    output: ({ promptTokens, completionTokens }) => ({
      id,
      type: "message",
      role: "assistant",
      model,
      content,
      stop_reason: answer.calls ? "tool_use" : "end_turn",
      usage: { input_tokens: promptTokens, output_tokens: completionTokens },
    }),
  };
}

/** A text becomes a vector.
 *  @param {Step} at
 *  @param {string} text */
export function embed(at, text) {
  const model = "text-embedding-3-small";
  const promptTokens = tokens(text);
  at.step("LLM", `openai.embeddings.create(${model})`, {
    ms: 90,
    input: [text],
    model,
    usage: { promptTokens, completionTokens: 0, totalTokens: promptTokens },
    cost: round((promptTokens * MODELS[model].input) / 1e6),
    output: { object: "list", data: [{ index: 0, dimensions: 1536, embedding: "(left out)" }] },
  });
}

/** A call of a tool, with an id as OpenAI's are.
 *  @param {Chance} chance
 *  @param {string} name
 *  @param {Call["arguments"]} given
 *  @returns {Call} */
export const callOf = (chance, name, given) => ({ id: `call_${chance.hex(24)}`, name, arguments: given });
