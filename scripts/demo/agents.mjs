// The agents of the demo: each records one trace of something that such an
// agent does. Leaves out: when they run, and the odd ones (see special.mjs).

import { callOf, chat, embed, tool } from "./models.mjs";
import { CALLS, COMPANIES, DIFF, DOCS, FILES, RESEARCH } from "./texts.mjs";

/** @import { Message, RunOptions } from "../types.d.ts" */
/** @import { Model } from "./models.mjs" */
/** @import { Recorder, Step } from "./recorder.mjs" */

/** Looks for passages: a vector, the index, and an order by relevance.
 *  @param {Step} at
 *  @param {string} query
 *  @param {string[]} passages */
function retrieve(at, query, passages, { broken = false } = {}) {
  return at.step("RETRIEVAL", "search_knowledge_base", { input: { query, top_k: passages.length } }, (step) => {
    embed(step, query);
    step.step("RETRIEVAL", "vector_index.query", { ms: broken ? 5_000 : 60, input: { index: "kb-v3", top_k: 20 } }, (index) => {
      if (broken) index.fail("upstream timeout: vector index kb-v3 did not answer within 5000 ms");
      return { matches: 20 };
    });
    return passages.map((text, n) => ({ id: `kb-${step.chance.number(100, 999)}`, score: Number((0.93 - n * 0.07).toFixed(2)), text }));
  });
}

const SUPPORT_TOOLS = [
  tool("get_order", "Looks up an order by its number.", { order_id: "string" }),
  tool("search_knowledge_base", "Finds policies and how-tos.", { query: "string" }),
  tool("issue_refund", "Refunds up to 50 dollars.", { order_id: "string", amount: "number" }),
];
const SUPPORT_SYSTEM = `You are the support agent of a shop for audio equipment. Be brief and kind, and answer in the customer's language.
Look up the order before you say anything about it. Follow the policies that you find; never promise what they do not allow.
Refunds above 50 dollars and anything about lawyers, press or accidents go to a human.`;

/** A turn of a conversation, with what was said before.
 *  @param {Recorder} recorder
 *  @param {RunOptions} options */
export function support(recorder, { topic, turn, broken, model }) {
  const [question, answer] = /** @type {[string, string]} */ (topic.turns[turn]);
  /** @type {Message[]} */
  const history = topic.turns.slice(0, turn).flatMap(([asked, said]) => [
    { role: "user", text: asked },
    { role: "assistant", text: said },
  ]);
  const { chance } = recorder;
  recorder.step("AGENT", "support-agent", { input: { message: question, turn: turn + 1 } }, (agent) => {
    agent.step("GUARDRAIL", "check_input", { ms: 35, input: question, output: { allowed: true, categories: [], score: 0.01 } });
    const order = callOf(chance, "get_order", { order_id: topic.order });
    const search = callOf(chance, "search_knowledge_base", { query: question });
    /** @type {Message[]} */
    const messages = [...history, { role: "user", text: question }];
    const options = { system: SUPPORT_SYSTEM, tools: SUPPORT_TOOLS, more: chance.number(400, 900), cached: turn > 0 };
    chat(agent, model, {
      ...options,
      messages,
      answer: { text: turn ? undefined : "Let me look that up for you.", calls: [order, search] },
    });

    const found = {
      order_id: topic.order,
      status: "delivered",
      days_since_delivery: 9,
      items: [{ sku: "HP-700", name: "Headphones HP-700", price: 129 }],
    };
    /** @type {unknown} */
    let passages;
    agent.together(
      () => {
        // Now and then the shop's API fails once, and the agent tries again.
        /** @param {Step} step */
        const get = (step) =>
          step.step("TOOL", "http.get /orders/{id}", {
            ms: 140,
            input: { url: `https://shop.internal/orders/${topic.order}` },
            metadata: { method: "GET", attempt: 1 },
            output: { status: 200 },
          });
        agent.step("TOOL", "get_order", { input: order.arguments }, (step) => {
          if (chance.is(0.08)) {
            try {
              step.step(
                "TOOL",
                "http.get /orders/{id}",
                { ms: 900, input: { url: `https://shop.internal/orders/${topic.order}` } },
                (http) => http.fail("HTTP 503 Service Unavailable"),
              );
            } catch {
              step.wait(250);
            }
          }
          get(step);
          return found;
        });
      },
      () => (passages = retrieve(agent, question, [topic.policy, "Opening hours: Monday to Friday, 8:00–18:00 CET."], { broken })),
    );
    /** @type {Message[]} */
    const results = [
      { role: "tool", call: order, result: JSON.stringify(found) },
      { role: "tool", call: search, result: JSON.stringify(passages) },
    ];
    chat(agent, model, {
      ...options,
      messages: [...messages, { role: "assistant", calls: [order, search] }, ...results],
      answer: { text: answer },
    });
    if (answer.includes("colleague")) {
      agent.step("HUMAN_HANDOFF", "hand_to_human", {
        ms: 40,
        input: { queue: "billing", reason: "amount above the agent's limit" },
        output: { ticket: `T-${chance.number(10_000, 99_999)}` },
      });
    }
    agent.step("GUARDRAIL", "check_output", { ms: 45, input: answer, output: { allowed: true, pii: false } });
    return answer;
  });
}

const RESEARCH_TOOLS = [
  tool("web_search", "Searches the web.", { query: "string" }),
  tool("read_page", "Reads a page as text.", { url: "string" }),
];
const PAGE = `Measurements over two winters show that the seasonal figure depends less on the lowest temperature than on how often the machine
has to defrost. Sites near the coast, with humid air around freezing, lose up to 12 %; dry and much colder sites lose less than 4 %. `;

/** Rounds of searching and reading, several at a time, and a report.
 *  @param {Recorder} recorder
 *  @param {Pick<RunOptions, "broken">} options */
export function research(recorder, { broken }) {
  const { chance } = recorder;
  const { question, angles } = chance.pick(RESEARCH);
  const model = chance.weighed(
    /** @type {[number, Model][]} */ ([
      [4, "claude-sonnet-4-5"],
      [1, "gpt-4.1"],
    ]),
  );
  recorder.step("AGENT", "research-agent", { input: { question, depth: angles.length } }, (agent) => {
    /** @type {Message[]} */
    const messages = [{ role: "user", text: question }];
    const options = {
      system: "You research questions thoroughly. Search from several angles, read the best sources, and cite every claim.",
      tools: RESEARCH_TOOLS,
      maxTokens: 4096,
      cached: true,
    };
    agent.step("CHAIN", "plan", { input: question }, (plan) => {
      chat(plan, "claude-haiku-4-5", {
        system: "Split the question into angles to search for.",
        messages,
        answer: { text: angles.map((angle, n) => `${n + 1}. ${angle}`).join("\n") },
      });
      return angles;
    });
    for (const angle of angles) {
      agent.step("CHAIN", `explore: ${angle}`, { input: { angle } }, (round) => {
        const search = callOf(chance, "web_search", { query: angle });
        chat(round, model, {
          ...options,
          messages: [...messages],
          more: messages.length * 700,
          answer: { text: `Next: ${angle}.`, calls: [search] },
        });
        const hits = Array.from({ length: chance.number(2, 5) }, (_, n) => ({
          title: `${angle} – source ${n + 1}`,
          url: `https://example.org/${chance.hex(6)}`,
        }));
        round.step("TOOL", "web_search", { ms: 420, input: search.arguments, output: hits });
        const reads = hits.map(({ url }) => callOf(chance, "read_page", { url }));
        chat(round, model, {
          ...options,
          messages: [...messages, { role: "assistant", calls: [search] }, { role: "tool", call: search, result: JSON.stringify(hits) }],
          answer: { calls: reads },
        });
        round.together(
          ...reads.map((read) => () => {
            try {
              round.step("TOOL", "read_page", { ms: 900, input: read.arguments }, (page) => {
                if (chance.is(broken ? 0.5 : 0.09))
                  page.fail(chance.pick(["HTTP 403 Forbidden", "TLS handshake timed out", "page is larger than 5 MB"]));
                return { text: PAGE.repeat(chance.number(1, 12)), words: chance.number(300, 4_000) };
              });
            } catch {
              // One page less.
            }
          }),
        );
        messages.push(
          {
            role: "assistant",
            text: `Findings on ${angle}: sources agree on the direction, and differ by about ${chance.number(4, 20)} %.`,
          },
          { role: "user", text: "Go on." },
        );
        return { sources: hits.length };
      });
    }
    return agent.step("DELEGATION", "delegate: writer", { input: { to: "writer", notes: angles.length } }, (delegate) =>
      delegate.step("AGENT", "writer", { input: { question } }, (writer) => {
        const report = `## ${question}\n\n${angles.map((angle, n) => `**${angle}.** ${PAGE.trim()} [${n + 1}]`).join("\n\n")}\n\nIn short: the answer depends on conditions more than on the product; see sources 1–${angles.length}.`;
        chat(writer, model, { ...options, tools: [], messages, more: 9_000, temperature: 0.7, answer: { text: report } });
        return report;
      }),
    );
  });
}

/** A question to the documentation.
 *  @param {Recorder} recorder
 *  @param {Pick<RunOptions, "broken">} options */
export function docs(recorder, { broken }) {
  const { chance } = recorder;
  const [question, passage] = chance.pick(DOCS);
  recorder.step("CHAIN", "answer-from-docs", { input: question }, (chain) => {
    const found = retrieve(
      chain,
      question,
      [
        passage,
        ...DOCS.filter(([, other]) => other !== passage)
          .slice(0, 3)
          .map(([, other]) => other),
      ],
      { broken },
    );
    const order = chain.step("RETRIEVAL", "rerank", {
      ms: 70,
      model: "rerank-v3",
      input: { query: question, documents: found.length },
      output: [0, 2, 1, 3],
    });
    const text = `${passage}\n\n(See ${found[order[0] ?? 0]?.id}.)`;
    chat(chain, "gpt-4o-mini", {
      system: "Answer only from the passages given. If they do not say, say so.",
      messages: [{ role: "user", text: `Passages:\n${found.map((one) => `[${one.id}] ${one.text}`).join("\n")}\n\nQuestion: ${question}` }],
      temperature: 0,
      answer: { text },
    });
    return text;
  });
}

/** One call that makes JSON of a document, checked. Many, short, sometimes wrong.
 *  @param {Recorder} recorder */
export function extract(recorder) {
  const { chance } = recorder;
  const invoice = {
    vendor: chance.pick(COMPANIES),
    number: `INV-${chance.number(1_000, 99_999)}`,
    total: chance.number(1_000, 900_000) / 100,
    currency: chance.pick(["EUR", "USD"]),
  };
  const wrong = chance.is(0.05);
  recorder.step("CHAIN", "extract-invoice", { input: { file: `${invoice.number}.pdf`, pages: chance.number(1, 4) } }, (chain) => {
    const page = chain.step("TOOL", "ocr", {
      ms: 350,
      input: { dpi: 200 },
      output: `${invoice.vendor}\nInvoice ${invoice.number}\n\nTotal ${invoice.total} ${invoice.currency}\nPayable within 14 days.`,
    });
    chat(chain, "gpt-4.1-mini", {
      system: "Return JSON with vendor, number, total, currency.",
      messages: [{ role: "user", text: page }],
      temperature: 0,
      answer: { text: JSON.stringify(wrong ? { ...invoice, total: "n/a" } : invoice) },
    });
    chain.step("GUARDRAIL", "validate_schema", { ms: 3, input: invoice }, (check) => {
      if (wrong) check.fail('schema: /total must be a number, found "n/a"');
      return { valid: true };
    });
    return invoice;
  });
}

/** Reviews a change: reads files, runs tests, looks at each file by itself.
 *  @param {Recorder} recorder */
export function review(recorder) {
  const { chance } = recorder;
  const files = FILES.slice(0, chance.number(2, FILES.length));
  recorder.step(
    "AGENT",
    "code-reviewer",
    { input: { repository: "shop/backend", pull_request: chance.number(800, 1_400), files } },
    (agent) => {
      agent.step("TOOL", "git.checkout", { ms: 1_400, input: { depth: 1 }, output: { commit: chance.hex(40) } });
      let failed = false;
      /** @type {string[]} */
      const notes = [];
      agent.together(
        () => {
          try {
            agent.step("TOOL", "run_tests", { ms: 24_000, input: { command: "npm test", timeout_s: 120 } }, (run) => {
              run.step("TOOL", "npm ci", { ms: 9_000, output: { added: 412 } });
              if (chance.is(0.2))
                run.fail("exit code 1: 2 of 318 tests failed\n  tax.test.ts > rounds half up\n  tax.test.ts > unknown region");
              return { passed: 318, failed: 0 };
            });
          } catch {
            failed = true;
          }
        },
        ...files.map(
          (file) => () =>
            agent.step("CHAIN", `review ${file}`, { input: { file } }, (chain) => {
              const text = chain.step("TOOL", "read_file", { ms: 12, input: { path: file }, output: `// ${file}\n${DIFF}` });
              const note = `${file}: the new check is right. Consider a test for a region without a rate, and name the unit (cents) in the type.`;
              chat(chain, "claude-sonnet-4-5", {
                system: "You review code. Be concrete, quote lines, and say nothing about style that a formatter decides.",
                messages: [{ role: "user", text: `Review this change:\n\n${text}` }],
                more: chance.number(2_000, 14_000),
                answer: { text: note },
              });
              notes.push(note);
              return note;
            }),
        ),
      );
      const verdict = failed ? "changes requested" : "approved";
      chat(agent, "gpt-4.1", {
        system: "Sum up the notes as one review.",
        messages: [{ role: "user", text: notes.join("\n") }],
        answer: { text: `**${verdict}**\n\n${notes.map((note) => `- ${note}`).join("\n")}` },
      });
      return { verdict, notes: notes.length };
    },
  );
}

/** A spoken turn.
 *  @param {Recorder} recorder
 *  @param {Pick<RunOptions, "turn">} options */
export function voice(recorder, { turn }) {
  const [said, answered] = /** @type {[string, string]} */ (CALLS[turn]);
  recorder.step("VOICE", "voice-concierge", { input: { audio_seconds: 3.4, language: "en" } }, (call) => {
    const heard = call.step("VOICE", "transcribe", { ms: 380, model: "whisper-large-v3", input: { codec: "opus" }, output: said });
    chat(call, "claude-haiku-4-5", {
      system: "You are on the phone for a hotel. One or two short sentences.",
      messages: [{ role: "user", text: heard }],
      maxTokens: 120,
      answer: { text: answered },
    });
    call.step("VOICE", "speak", { ms: 240, model: "tts-2", input: answered, output: { audio_seconds: 2.9 } });
    return answered;
  });
}
