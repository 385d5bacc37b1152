// OpenAI's Agents SDK against the Worker, unmodified, set up by the lines that
// docs/connecting.md has for it, over a stub of a model on loopback.
import { expect, test } from "vitest";
import { linesOf, needsPython, runClient } from "../support/clients.ts";
import { useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();

const types = (trace: Record<string, any>) => trace.spans.map((span: { name: string; type: string }) => `${span.type} ${span.name}`).sort();
const calls = (trace: Record<string, any>) => trace.spans.filter((span: { type: string }) => span.type === "LLM");

for (const api of ["responses", "chat"]) {
  test(`OpenAI's Agents SDK, ${api}`, { timeout: 120_000 }, async (context) => {
    const python = needsPython(context, "agents");
    const project: Project = await worker.project();
    const lines = linesOf("OpenAI's Agents SDK", worker, project);
    const { printed, complaints } = await runClient(python, "openai_agents.py", api === "chat" ? ["chat"] : [], { LINES: lines });
    const sent = JSON.parse(printed);
    // It says so itself where a run fails, and nothing of its exporter.
    expect(complaints).not.toMatch(/tracing|export/i);
    const llm = api === "chat" ? "generation" : "response";

    const steps = api === "chat" ? 1 : 2;
    const answer = await project.traceWith(api === "chat" ? 5 : 8, sent.answer);
    expect(answer).toMatchObject({ name: "answer", sessionId: "s-1", userId: "u-1", status: "OK", metadata: { plan: "pro" } });
    const turns = Array.from({ length: steps }, (_, n) => `CHAIN turn ${n + 1}`);
    const tools = api === "chat" ? [] : ["TOOL look_up"];
    const models = Array.from({ length: steps }, () => `LLM ${llm}`);
    const around = ["AGENT shop", "CHAIN Agent workflow", "GUARDRAIL polite"];
    expect(types(answer)).toEqual([...around, ...turns, ...tools, ...models].sort());
    for (const call of calls(answer)) {
      expect(call).toMatchObject({ model: "gpt-4o-mini", status: "OK", promptTokens: expect.any(Number) });
      expect(JSON.stringify(call.input)).toContain("Where is my order?");
    }
    expect(JSON.stringify(calls(answer).map((call: { output: unknown }) => call.output))).toContain("echo: Where is my order?");
    const sum = calls(answer).reduce((sum: number, call: { totalTokens: number }) => sum + call.totalTokens, 0);
    expect(answer.totalTokens).toBe(sum);
    expect(answer.spans.filter((span: { parentSpanId: string | null }) => !span.parentSpanId)).toHaveLength(1);

    const failure = await project.traceWith(4, sent.failure);
    expect(failure).toMatchObject({ status: "OK", errorCount: expect.any(Number) });
    expect(failure.errorCount).toBeGreaterThan(0);
    expect(JSON.stringify(failure.spans.map((span: { errorMessage: string }) => span.errorMessage))).toContain("it was asked to fail");

    for (const id of sent["at once"]) expect(calls(await project.traceWith(4, id))).toHaveLength(1);
  });
}

test("an item that is none costs itself, and another maker's key is told what to do", async () => {
  const project = await worker.project();
  const send = (body: unknown, key: string) =>
    fetch(new URL("/v1/traces/ingest", worker.url), {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const span = {
    object: "trace.span",
    id: "s",
    trace_id: "t",
    started_at: "2026-11-24T20:13:55.181157+00:00",
    span_data: { type: "agent", name: "shop" },
  };
  const kept = await send({ data: [{ ...span, id: 5 }, span, "span"] }, project.key);
  expect(kept.status).toBe(200);
  expect(await kept.json()).toMatchObject({
    accepted: 1,
    rejected: 2,
    errors: [
      { index: 0, path: "data[0].id" },
      { index: 2, path: "data[2]", message: "expected an object, found a string" },
    ],
  });
  expect(await project.traceWith(1, "t")).toMatchObject({
    name: "shop",
    spans: [{ type: "AGENT", startTime: "2026-11-24T20:13:55.181Z" }],
  });
  const refused = await send({ data: [span] }, "sk-proj-of-another-maker");
  expect(refused.status).toBe(401);
  expect(await refused.text()).toMatch(/OpenAI.*api_key/);
  expect((await send({ batch: [] }, project.key)).status).toBe(400);
});
