// Choosing a model in the built Worker, asked by the published Python client.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";

const python = process.env.EDGESPAN_PYTHON;
const worker = useWorker();

const config = {
  defaultModel: "small",
  rules: [{ name: "code", condition: { type: "keyword", keywords: ["refactor"] }, model: "coder", priority: 1 }],
};

test("the client's route_model is answered by the project's own configuration", { timeout: 60_000 }, async (context) => {
  if (!python) {
    if (process.env.CI) throw new Error("no Python to run the client with: EDGESPAN_PYTHON is not set");
    context.skip("no Python to run the client with: EDGESPAN_PYTHON is not set");
  }
  const [mine, other] = [await worker.project(), await worker.project()];
  const insert = "insert into routing_config (project, id, name, config, created_ms, updated_ms) values (?, 'c', 'router', ?, 1, 1)";
  await worker.run(insert, mine.id, JSON.stringify(config));
  const script = fileURLToPath(new URL("../sdk/route_model.py", import.meta.url));
  const ask = (key: string) =>
    new Promise<string>((resolve) => {
      const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", TWOSIGNAL_BASE_URL: worker.url.origin, TWOSIGNAL_API_KEY: key };
      const args = [script, "router", "What is it?", "Please REFACTOR it"];
      execFile(python!, args, { env, timeout: 25_000 }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`.trim()));
    });
  expect(await ask(mine.key)).toBe("small coder");
  expect(await ask(other.key)).toBe("None None");
});
