// What a tool for traces must cope with and what is rare: a trace of thousands
// of spans, one that waits half an hour for a person, a payload too large to
// show at once, and a span whose parent never came.

import { chat, embed } from "./models.mjs";
import { DOCS } from "./texts.mjs";

/** A document is three spans, a shard one more. */
const DOCUMENTS = 53;
const SHARD = 1 + 3 * DOCUMENTS;

/** @import { Recorder, Step } from "./recorder.mjs" */

/** Exactly so many spans: shards of documents, four shards at a time.
 *  @param {Recorder} recorder */
export function reindex(recorder, { spans = 5_000 } = {}) {
  const shards = Math.floor((spans - 1) / SHARD);
  const rest = spans - 1 - shards * SHARD;
  /** @param {Step} job
   *  @param {number} n */
  const shard = (job, n) => () => {
    job.step("CHAIN", `shard-${String(n).padStart(2, "0")}`, { input: { shard: n, documents: DOCUMENTS } }, (step) => {
      for (let at = 0; at < DOCUMENTS; at++) {
        const [question, text] = /** @type {[string, string]} */ (DOCS[(n + at) % DOCS.length]);
        step.step("CHAIN", `document ${n * DOCUMENTS + at}`, { input: { title: question } }, (document) => {
          embed(document, text);
          try {
            document.step("TOOL", "vector_index.upsert", { ms: 18, input: { id: n * DOCUMENTS + at } }, (upsert) => {
              if (at === 17 && n % 11 === 3) upsert.fail("vector has 1535 dimensions, the index has 1536");
              return { ok: true };
            });
          } catch {
            // Left out of the index; the job goes on.
          }
        });
      }
      return { indexed: DOCUMENTS };
    });
  };
  recorder.step("CHAIN", "nightly-reindex", { input: { index: "kb-v3", shards } }, (job) => {
    for (let n = 0; n < shards; n += 4) {
      job.together(...Array.from({ length: Math.min(4, shards - n) }, (_, at) => shard(job, n + at)));
    }
    for (let n = 0; n < rest; n++)
      job.step("GUARDRAIL", `verify sample ${n}`, { ms: 6, input: { sample: n }, output: { recall_at_10: 0.97 } });
    return { documents: shards * DOCUMENTS };
  });
}

/** Half an hour, nearly all of it waiting.
 *  @param {Recorder} recorder */
export function approval(recorder) {
  recorder.step("AGENT", "contract-agent", { input: { document: "master-services-agreement.docx", deviations: 3 } }, (agent) => {
    chat(agent, "claude-sonnet-4-5", {
      system: "You compare contracts with the company's standard.",
      messages: [{ role: "user", text: "Which clauses of the attached agreement deviate from our standard?" }],
      more: 38_000,
      answer: { text: "Three do: liability (§9, uncapped), governing law (§14, Delaware), payment (§4, 60 days)." },
    });
    agent.step("HUMAN_HANDOFF", "wait for legal's approval", {
      ms: 1_700_000,
      input: { assignee: "legal" },
      output: { approved: true, comment: "Cap §9 at 12 months' fees; the rest is fine." },
    });
    const letter = "We accept §4 and §14. For §9 we propose a cap at the fees of the last twelve months.";
    chat(agent, "claude-sonnet-4-5", {
      system: "You write to the other side.",
      messages: [{ role: "user", text: "Cap §9 at 12 months' fees; the rest is fine." }],
      temperature: 0.6,
      answer: { text: letter },
    });
    return letter;
  });
}

/** A tool that gives back some 400 KB.
 *  @param {Recorder} recorder */
export function report(recorder) {
  const { chance } = recorder;
  recorder.step("AGENT", "analytics-agent", { input: { question: "Which products were returned most often last quarter?" } }, (agent) => {
    const sql =
      "select sku, reason, count(*) as returns from returns where returned_at >= '2026-07-01' group by sku, reason order by returns desc";
    agent.step("TOOL", "warehouse.query", { ms: 3_200, input: { sql } }, () => ({
      columns: ["sku", "reason", "returns", "note"],
      rows: Array.from({ length: 4_000 }, (_, n) => [
        `HP-${700 + (n % 40)}`,
        chance.pick(["defective", "wrong size", "late", "changed mind"]),
        4_000 - n,
        `batch ${chance.hex(12)}, warehouse ${chance.pick(["Rotterdam", "Leipzig", "Lyon"])}`,
      ]),
    }));
    const answer = "HP-700 was returned most often, in most cases as defective; returns fell by 12 % after the firmware update.";
    chat(agent, "gpt-4.1", {
      system: "You answer questions about tables.",
      messages: [{ role: "user", text: "Which products were returned most often last quarter?" }],
      more: 60_000,
      answer: { text: answer },
    });
    return answer;
  });
}

/** Leaves out a span that others are below: its parent's batch got lost.
 *  @param {Recorder} recorder */
export function loseParent({ events }) {
  const parents = new Set(events.map(({ body }) => body.parentSpanId));
  const at = events.findIndex(({ body }) => body.parentSpanId && parents.has(body.id));
  if (at >= 0) events.splice(at, 1);
}
