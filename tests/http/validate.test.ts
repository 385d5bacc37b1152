// Judging outputs in the built Worker: the published Python client asks, what is nested as
// deep as a body may be is read, and the dearest things are answered.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";

const python = process.env.EDGESPAN_PYTHON;
const worker = useWorker();

type Result = { score: number; pass: boolean; reasoning: string; error: { code: string } | null };

/** Judges an output by one evaluator. */
async function judge(type: string, config: unknown, output: string): Promise<Result> {
  const { key } = await worker.project();
  const response = await fetch(new URL("/api/v1/validate", worker.url), {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: `{"evaluators":[{"type":"${type}","config":${JSON.stringify(config)}}],"output":${output}}`,
  });
  expect(response.status).toBe(200);
  const { data } = (await response.json()) as { data: { results: [Result] } };
  return data.results[0];
}

test("the client's validate is answered, whatever it is given", { timeout: 60_000 }, async (context) => {
  if (!python) {
    if (process.env.CI) throw new Error("no Python to run the client with: EDGESPAN_PYTHON is not set");
    context.skip("no Python to run the client with: EDGESPAN_PYTHON is not set");
  }
  const project = await worker.project();
  const script = fileURLToPath(new URL("../sdk/validate.py", import.meta.url));
  const address = { TWOSIGNAL_BASE_URL: worker.url.origin, TWOSIGNAL_API_KEY: project.key };
  const env = { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", ...address };
  const output = await new Promise<string>((resolve) => {
    execFile(python!, [script], { env, timeout: 50_000 }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
  expect(output).toContain("7 asked, 0 differences");
});

test("what is nested as deep as a body may be is judged", async () => {
  // The body itself is one level.
  const deep = `${"[".repeat(511)}${"]".repeat(511)}`;
  const objects = `${'{"a":'.repeat(510)}[]${"}".repeat(510)}`;
  for (const [output, length] of [
    [deep, deep.length],
    [objects, objects.length],
    [JSON.stringify(deep), deep.length],
  ] as const) {
    const result = await judge("LENGTH", { min: length, max: length }, output);
    expect(result).toMatchObject({ pass: true, error: null });
  }
  // In a configuration there are four levels around it.
  const shallower = `${"[".repeat(508)}${"]".repeat(508)}`;
  const same = await judge("EXACT_MATCH", { expected_output: JSON.parse(shallower) }, shallower);
  expect(same).toMatchObject({ pass: true });
  const schema = (depth: number): unknown => (depth === 0 ? { type: "array" } : { items: schema(depth - 1), not: { type: "null" } });
  expect(await judge("JSON_SCHEMA", { schema: schema(60) }, deep)).toMatchObject({ pass: true });
});

test("what would take too long is refused, and what is just within is answered", { timeout: 60_000 }, async () => {
  const text = JSON.stringify("abcdefgh".repeat(12_500));
  const pattern = (n: number) => ({ pattern: `[a-z]{1,${n}}!`, negate: true });
  expect(await judge("REGEX_MATCH", pattern(30), text)).toMatchObject({ pass: true, error: null });
  expect(await judge("REGEX_MATCH", pattern(900), text)).toMatchObject({ pass: false, error: { code: "TOO_EXPENSIVE" } });
  const numbers = `[${"0,".repeat(500_000)}0]`;
  expect(await judge("JSON_SCHEMA", { schema: { items: { type: "number" } } }, numbers)).toMatchObject({ pass: true });
});
