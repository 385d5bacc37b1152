// The Model Context Protocol in the built Worker, as its official clients speak it: TypeScript
// of both generations, and sdk/mcp_client.py in both modes. What each answer has to say is in
// the Rust tests; here it is that the clients take it.
import { Client as Stateful } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as StatefulTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { expect, test } from "vitest";
import { needsPython, runClient } from "../support/clients.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();

const TOOLS = [
  "search_traces",
  "get_trace",
  "get_span",
  "get_conversation",
  "compare_traces",
  "summarize_costs",
  "list_errors",
  "list_scores",
];

let filled: Promise<Project> | undefined;

/** A project with a trace of which a step failed. */
function project(): Promise<Project> {
  filled ??= worker.project().then(async (project) => {
    const failed = { status: "ERROR", errorMessage: "HTTP 503: the shop is closed" };
    const times = { startTime: new Date(Date.now() - 2_000).toISOString(), endTime: new Date(Date.now() - 1_000).toISOString() };
    await project.send(
      traceCreate({ id: "t", name: "support", ...times }),
      spanCreate({ id: "root", traceId: "t", name: "agent", type: "AGENT", ...times }),
      spanCreate({
        id: "call",
        traceId: "t",
        parentSpanId: "root",
        name: "look up",
        type: "TOOL",
        input: { order: 1 },
        ...failed,
        ...times,
      }),
    );
    await project.traceWith(2, "t");
    return project;
  });
  return filled;
}

const authorized = (key: string) => ({ requestInit: { headers: { authorization: `Bearer ${key}` } } });
const address = () => new URL("/mcp", worker.url);

interface Caller {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<Record<string, any>>;
}

/** What a coding agent does, with any client. */
async function converse(client: Caller): Promise<void> {
  expect((await client.listTools()).tools.map((tool) => tool.name)).toEqual(TOOLS);
  const found = await client.callTool({ name: "search_traces" });
  expect(found.isError ?? false).toBe(false);
  expect(found.structuredContent).toMatchObject({ traces: [{ id: "t", url: `${worker.url.origin}/traces/t` }] });
  expect(JSON.parse(found.content[0].text)).toEqual(found.structuredContent);
  const span = await client.callTool({ name: "get_span", arguments: { trace_id: "t", span_id: "call" } });
  expect(span.structuredContent).toMatchObject({ input: '{"order":1}', error: "HTTP 503: the shop is closed" });
  const none = await client.callTool({ name: "get_trace", arguments: { trace_id: "none" } });
  expect(none).toMatchObject({ isError: true, content: [{ type: "text", text: expect.stringContaining("search_traces finds ids") }] });
}

test("TypeScript's client of the era with a handshake", async () => {
  const { key } = await project();
  const client = new Stateful({ name: "test", version: "1" });
  await client.connect(new StatefulTransport(address(), authorized(key)));
  expect(client.getServerVersion()).toMatchObject({ name: "edgespan" });
  await client.ping();
  await converse(client as unknown as Caller);
  await client.close();
});

test.each(["legacy", "auto"] as const)("TypeScript's client of today: %s", async (mode) => {
  const { key } = await project();
  const options = mode === "auto" ? { versionNegotiation: { mode } } : {};
  const client = new Client({ name: "test", version: "1" }, options);
  await client.connect(new StreamableHTTPClientTransport(address(), authorized(key)));
  await converse(client as unknown as Caller);
  await client.close();
});

test.for([
  ["auto", "2026-07-28"],
  ["legacy", "2025-11-25"],
] as const)("Python's client: %s", { timeout: 60_000 }, async ([mode, version], context) => {
  const python = needsPython(context, "mcp");
  const { key } = await project();
  const ran = await runClient(python, "mcp_client.py", [mode], { EDGESPAN_URL: worker.url.origin, EDGESPAN_KEY: key });
  const printed = JSON.parse(ran.printed);
  expect(printed.version).toBe(version);
  expect(printed.tools).toEqual(TOOLS);
  const [errors, trace, span, none] = printed.calls;
  expect(JSON.parse(errors.answer).errors).toMatchObject([
    { message: "HTTP 503: the shop is closed", example: { traceId: "t", spanId: "call" } },
  ]);
  expect(JSON.parse(trace.answer).spans).toMatchObject([{ id: "call", status: "ERROR" }]);
  expect(JSON.parse(span.answer)).toMatchObject({ input: '{"order":1}' });
  expect(none).toMatchObject({ error: true, answer: expect.stringContaining("No trace has this id") });
});

test("clients are told what to do about their key, and find no place to sign in", async () => {
  const client = new Stateful({ name: "test", version: "1" });
  const connecting = client.connect(new StatefulTransport(address(), authorized("ts_unknown")));
  await expect(connecting).rejects.toThrow(/scope read/);
  for (const path of ["oauth-protected-resource/mcp", "oauth-authorization-server", "openid-configuration"]) {
    expect((await worker.request(`/.well-known/${path}`)).status).toBe(404);
  }
});

test("another project's traces are as if they were not there", async () => {
  await project();
  const stranger = await worker.project();
  const client = new Client({ name: "test", version: "1" });
  await client.connect(new StreamableHTTPClientTransport(address(), authorized(stranger.key)));
  const found = await client.callTool({ name: "search_traces" });
  expect(found.structuredContent).toMatchObject({ traces: [] });
  const [theirs, none] = await Promise.all(["t", "none"].map((id) => client.callTool({ name: "get_trace", arguments: { trace_id: id } })));
  expect(theirs).toEqual(none);
  await client.close();
});
