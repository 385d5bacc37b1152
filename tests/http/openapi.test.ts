// docs/openapi.json beside what the running Worker answers: it is served, it is what its
// sources say, and requests that Schemathesis makes up from it get no answer that it does not
// have, and never a 5xx.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { OPENAPI, describe as described, text } from "../../scripts/openapi.mjs";
import { needsPython } from "../support/clients.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { useWorker } from "../support/worker.ts";

const SECRET = "the operator's";
const worker = useWorker({ vars: { ADMIN_TOKEN: SECRET } });

/** Requests that are made up for each operation, besides those at the edges of its schemas. */
const EXAMPLES = 8;
/** After so many seconds for each audience it makes up no more: how far it comes is up to the
 *  machine, and decides nothing. All of it takes minutes. */
const SECONDS = 15;
/** The same requests in each run, as far as it comes: what fails is found again. */
const SEED = 1;

const CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"];

test("the document is what its sources say", () => {
  expect(readFileSync(new URL(`../../${OPENAPI}`, import.meta.url), "utf8"), "npm run openapi").toBe(text());
});

test("it is served to pages of any origin, without a key", async () => {
  const answer = await worker.request("/api/v1/openapi.json", { headers: { origin: "https://example.com" } });
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toMatch(/^application\/json/);
  expect(answer.headers["access-control-allow-origin"]).toBe("*");
  expect(answer.json).toEqual(JSON.parse(JSON.stringify(described())));
});

/** Runs Schemathesis with these arguments; what it said. */
function schemathesis(python: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const hooks = new URL("../sdk", import.meta.url).pathname;
  const env = { ...process.env, PYTHONPATH: hooks, PYTHONDONTWRITEBYTECODE: "1", SCHEMATHESIS_HOOKS: "openapi_hooks" };
  const bounds = [
    "--phases",
    "examples,coverage,fuzzing",
    "--max-examples",
    `${EXAMPLES}`,
    "--max-time",
    `${SECONDS}`,
    "--seed",
    `${SEED}`,
  ];
  const all = ["run", `${worker.url.origin}/api/v1/openapi.json`, "--checks", CHECKS.join(","), ...bounds, ...args];
  // It leaves files where it runs.
  const options = { env, cwd: mkdtempSync(join(tmpdir(), "schemathesis-")), timeout: 110_000, maxBuffer: 1 << 26 };
  return new Promise((done) => {
    execFile(
      join(dirname(python), "schemathesis"),
      [...all, "--no-color", "--continue-on-failure", "--max-redirects", "0"],
      options,
      (error, stdout, stderr) => done({ code: error ? 1 : 0, said: stdout + stderr }),
    );
  });
}

test.for<[string, "key" | "operator" | "person", string[]]>([
  ["whoever has a key", "key", ["--exclude-tag", "operating", "--exclude-tag", "pages"]],
  ["the operator", "operator", ["--include-tag", "operating"]],
  ["people who are signed in", "person", ["--include-tag", "pages"]],
])("no request of %s gets an answer that is not described", { timeout: 120_000 }, async ([, who, which], context) => {
  const python = needsPython(context, "openapi");
  const project = await worker.project("strict", "ingest,read,admin");
  // Who asks so fast is not to be told only that.
  await worker.run("update project set rate_limit = 0 where id = ?", project.id);
  await project.send(traceCreate({ id: "first" }), spanCreate({ id: "answer", traceId: "first" }));
  const form = {
    method: "POST",
    headers: { "sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded" },
    body: `key=${project.key}`,
  };
  const cookie = String((await worker.request("/sign-in", form)).headers["set-cookie"]).split(";")[0];
  const headers = {
    key: [`Authorization: Bearer ${project.key}`],
    operator: [`Authorization: Bearer ${SECRET}`],
    person: [`Cookie: ${cookie}`, "Sec-Fetch-Site: same-origin"],
  };
  const { code, said } = await schemathesis(python, ...which, ...headers[who].flatMap((header) => ["-H", header]));
  expect(code, said).toBe(0);
  // It must have asked.
  expect(said).toMatch(/\d+ generated/);
});
