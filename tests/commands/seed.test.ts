// The two bodies that the endpoint's documentation shows, sent as they stand
// with the documentation's own curl command.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();
const file = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

/** The answer's status and text. Without curl on the machine, fetch sends the same. */
async function curl(project: Project, path: string): Promise<{ status: number; text: string }> {
  const url = new URL("/api/v1/traces", worker.url).href;
  const headers = { Authorization: `Bearer ${project.key}`, "Content-Type": "application/json" };
  const flags = Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  try {
    const { stdout } = await promisify(execFile)("curl", ["-sS", "-X", "POST", url, ...flags, "-d", `@${path}`, "-w", "\n%{http_code}"]);
    const end = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(end + 1)), text: stdout.slice(0, end) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    const response = await fetch(url, { method: "POST", headers, body: readFileSync(path) });
    return { status: response.status, text: await response.text() };
  }
}

test("the request example", async () => {
  const project = await worker.project();
  const { status, text } = await curl(project, file("seed-trace.json"));
  expect({ status, body: JSON.parse(text) }).toEqual({ status: 201, body: { accepted: 2 } });
  expect(await project.traceWith(1, "trace-abc")).toMatchObject({
    id: "trace-abc",
    name: "support-agent",
    metadata: { version: "2.1" },
    tags: ["production"],
    status: "OK",
    startTime: "2026-03-14T10:00:00.000Z",
    endTime: "2026-03-14T10:00:00.350Z",
    durationMs: 350,
    totalTokens: 0,
    spanCount: 1,
    errorCount: 0,
    scoreCount: 0,
    scores: [],
    spans: [
      {
        id: "evt-002",
        traceId: "trace-abc",
        parentSpanId: null,
        name: "retrieve-docs",
        type: "RETRIEVAL",
        startTime: "2026-03-14T10:00:00.100Z",
        endTime: "2026-03-14T10:00:00.350Z",
        durationMs: 250,
        input: { query: "refund policy" },
        output: { docs: ["Refunds are processed within 5 days..."] },
        model: null,
        promptTokens: null,
        completionTokens: null,
        totalTokens: null,
        cost: null,
        status: "OK",
        errorMessage: null,
        metadata: {},
      },
    ],
  });
  expect(await project.listWith(1)).toMatchObject([{ id: "trace-abc", name: "support-agent" }]);
});

test("the nesting example, which has no ids at all", async () => {
  const project = await worker.project();
  const { status, text } = await curl(project, file("seed-nesting.json"));
  expect({ status, body: JSON.parse(text) }).toEqual({ status: 201, body: { accepted: 2 } });
  const trace = await project.traceWith(2, "trace-1");
  expect(trace).toMatchObject({ id: "trace-1", spanCount: 2, status: "OK" });
  const byName = Object.fromEntries(trace.spans.map((span: any) => [span.name, span]));
  expect(byName).toMatchObject({
    agent: { traceId: "trace-1", type: "AGENT", parentSpanId: null, input: null, output: null },
    search: { traceId: "trace-1", type: "TOOL" },
  });
  expect(new Set(trace.spans.map((span: any) => span.id)).size).toBe(2);
});
