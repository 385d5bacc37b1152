// Published clients as they are run by tests: programs of tests/sdk, set up by the lines of
// docs/connecting.md. `npm test` sets where the Pythons are that have the clients.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { TestContext } from "vitest";
import type { Project, TestWorker } from "./worker.ts";

/** The environments of Python, by what is in each. */
const PYTHON = {
  otlp: process.env.EDGESPAN_PYTHON,
  agents: process.env.EDGESPAN_PYTHON_AGENTS,
  mcp: process.env.EDGESPAN_PYTHON_MCP,
  langfuse: process.env.EDGESPAN_PYTHON_LANGFUSE,
  openapi: process.env.EDGESPAN_PYTHON_OPENAPI,
};

/** The Python that has some clients. Skips where there is none; in CI there has to be. */
export function needsPython(context: TestContext, clients: keyof typeof PYTHON): string {
  const python = PYTHON[clients];
  if (python) return python;
  if (process.env.CI) throw new Error(`no Python to run the clients with (${clients})`);
  return context.skip("no Python to run the clients with");
}

/** What a program printed last, and what it or its SDK had to say besides. */
export interface Ran {
  printed: string;
  complaints: string;
}

/** Runs a program of tests/sdk with these variables. */
export function runClient(python: string, program: string, args: string[], environment: Record<string, string>): Promise<Ran> {
  const file = fileURLToPath(new URL(`../sdk/${program}`, import.meta.url));
  const env = { ...process.env, PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1", ...environment };
  return new Promise((resolve, reject) => {
    execFile(python, [file, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stderr}`));
      else {
        const [printed = "", ...before] = stdout.trim().split("\n").reverse();
        resolve({ printed, complaints: [...before.reverse(), stderr].join("\n") });
      }
    });
  });
}

/** The variables that a section of docs/connecting.md sets, for a Worker and a project's key.
 *  @param section its heading, with the signs of its level */
export function variablesOf(section: string, worker: TestWorker, project: Pick<Project, "key">): Record<string, string> {
  const lines = linesOf(section, worker, project).matchAll(/^export (\w+)="(.*)"/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name!, value!]));
}

/** The lines of code of a section of docs/connecting.md, for a Worker and a project's key. */
export function linesOf(section: string, worker: TestWorker, project: Pick<Project, "key">): string {
  const documentation = readFileSync(new URL("../../docs/connecting.md", import.meta.url), "utf8");
  const heading = section.startsWith("#") ? section : `## ${section}`;
  const text = documentation.split(`\n${heading}\n`)[1]?.split(/^##+ /m)[0] ?? "";
  const blocks = [...text.matchAll(/```(?:python|sh)\n(.*?)```/gs)].map(([, lines]) => lines);
  if (blocks.length === 0) throw new Error(`docs/connecting.md has no lines for ${section}`);
  const lines = blocks.join("\n");
  return lines.replaceAll("https://edgespan.example.workers.dev", worker.url.origin).replaceAll("ts_…", project.key);
}
