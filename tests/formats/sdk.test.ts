// The real Python client against the Worker: sdk/run.py runs agents under it
// and compares what comes back with what the client emitted. Python with the
// client installed is EDGESPAN_PYTHON, which `npm test` sets.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";

const python = process.env.EDGESPAN_PYTHON;
const worker = useWorker();

/** Runs run.py; its exit code and all that it said. */
function run(environment: Record<string, string>): Promise<{ code: number; output: string }> {
  const script = fileURLToPath(new URL("../sdk/run.py", import.meta.url));
  // UTF-8 and no bytecode: whatever the machine's locale, and nothing left in the tree.
  const env = { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", ...environment };
  return new Promise((resolve) => {
    execFile(python!, ["-W", "ignore::DeprecationWarning", script], { env, timeout: 150_000 }, (error, stdout, stderr) => {
      const code = error ? (typeof error.code === "number" ? error.code : -1) : 0;
      resolve({ code, output: `${stdout}${stderr}` });
    });
  });
}

test("everything the client emits comes back", { timeout: 180_000 }, async (context) => {
  if (!python) {
    if (process.env.CI) throw new Error("no Python to run the client with: EDGESPAN_PYTHON is not set");
    context.skip("no Python to run the client with: EDGESPAN_PYTHON is not set");
  }
  const project = await worker.project();
  const { code, output } = await run({ TWOSIGNAL_BASE_URL: worker.url.origin, TWOSIGNAL_API_KEY: project.key });
  console.log(output);
  expect(code, output).toBe(0);
  expect(output).toContain("0 differences");
});
