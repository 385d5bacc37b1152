// The first trace that somebody sends: the README, the page of an empty project
// and what `npm start` says show the same command, which works as pasted, and what
// comes of it has everything that a trace may have.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";

const worker = useWorker();

const README = readFileSync("README.md", "utf8");
const kept = (name: string) => readFileSync(`src/dashboard/list/first_trace.${name}`, "utf8");
/** The fenced blocks of a language in the README. */
const blocks = (language: string) => [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(([, text]) => text!);

test.each(["sh", "py"])("the README has the very text of first_trace.%s", (name) => {
  expect(blocks(name === "sh" ? "sh" : "python")).toContain(kept(name));
});

describe.each(["bash", "sh"])("pasted into %s", (shell) => {
  test("the README's command makes a trace with times, model, tokens and cost", async () => {
    const project = await worker.project();
    const here = blocks("sh")[0]!.replaceAll("http://localhost:3000", worker.url.origin).replaceAll("ts_local_development", project.key);
    const before = Date.now();
    expect(execFileSync(shell, ["-c", here], { encoding: "utf8", stdio: "pipe" })).toBe('{"accepted":3}');
    const [{ id }] = (await project.listWith(1)) as [{ id: string }];
    const trace = await project.traceWith(2, id);
    expect(trace).toMatchObject({ name: "support-agent", status: "OK", durationMs: 900, totalTokens: 200, tags: ["first"] });
    expect(Number(trace.totalCost)).toBeGreaterThan(0);
    const [answer, chat] = trace.spans;
    expect(answer).toMatchObject({ name: "answer", type: "AGENT", input: "Where is my order?", output: "On its way." });
    expect(chat).toMatchObject({ name: "chat", type: "LLM", model: "gpt-4o-mini", parentSpanId: answer.id });
    // Now, on whatever day it is pasted: the list shows the last 24 hours.
    expect(Math.abs(Date.parse(trace.startTime) - before)).toBeLessThan(60_000);
  });
});

test("it is short enough for the `date` of macOS, which fills a buffer of 1,024 bytes", () => {
  const format = /date -u \+'(.*)'\)"/s.exec(kept("sh"))![1]!;
  // The longest that %s and %FT%T become.
  const filled = format.replaceAll("%s", "12345678901").replaceAll("%FT%T", "2026-03-14T10:00:00");
  expect(filled).not.toContain("%");
  expect(Buffer.byteLength(filled)).toBeLessThan(1_000);
});
