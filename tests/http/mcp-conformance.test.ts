// The official conformance suite of the Model Context Protocol against the built Worker: the
// scenarios that are about every server. The others call tools, prompts and resources that only
// a server made for the suite has (docs/mcp.md).
import { execFile } from "node:child_process";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";

// A developer's own server: what the suite asks about the names that lead to it is about those.
const worker = useWorker({ vars: { EDGESPAN_LOCAL: "1" } });
const suite = fileURLToPath(new URL("../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));

/** Passes requests on with a key: the suite has no way to say one. */
let passing: Server;

beforeAll(async () => {
  const { key } = await worker.project();
  passing = createServer((sent, reply) => {
    const { hostname, port } = worker.url;
    const headers = { ...sent.headers, authorization: `Bearer ${key}` };
    const passed = request({ hostname, port, path: sent.url, method: sent.method, headers }, (answer) => {
      reply.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(reply);
    });
    passed.on("error", () => reply.destroy());
    sent.pipe(passed);
  });
  await new Promise<void>((done) => passing.listen(0, "localhost", done));
});

afterAll(() => new Promise((done) => passing.close(done)));

/** What the suite says of a scenario. */
function run(scenario: string): Promise<string> {
  const url = `http://localhost:${(passing.address() as AddressInfo).port}/mcp`;
  return new Promise((done) => {
    execFile(process.execPath, [suite, "server", "--url", url, "--scenario", scenario], { timeout: 20_000 }, (_, stdout, stderr) => {
      done(stdout + stderr);
    });
  });
}

test.concurrent.each([
  ["server-initialize", 1],
  ["ping", 1],
  ["tools-list", 1],
  ["dns-rebinding-protection", 2],
])("%s", async (scenario, checks) => {
  expect(await run(scenario)).toContain(`Passed: ${checks}/${checks}, 0 failed, 0 warnings`);
});
