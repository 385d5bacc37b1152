// Python for the test that runs the published SDK: a virtual environment in
// .edgespan/python with what tests/sdk/requirements.txt names. Leaves out:
// installing Python. Where there is none the test is skipped, but not in CI.

import { join } from "node:path";
import { Failed, cache, capture, fingerprint, runQuietly, say, stamp } from "./run.mjs";

const REQUIREMENTS = "tests/sdk/requirements.txt";

/** The path of a Python that has the SDK, or null where there cannot be one. */
export async function ensurePython() {
  const base = find();
  if (!base) return without("there is no Python 3.9 or newer");
  const folder = join(cache, "python");
  const python = join(folder, "bin", "python");
  const installed = stamp(join(folder, ".edgespan"));
  const wanted = fingerprint([REQUIREMENTS], [base]);
  if (installed.is(wanted) && capture(python, ["--version"]).ok) return python;

  say("installing the Python SDK");
  const venv = capture(base.path, ["-m", "venv", "--clear", folder]);
  // Debian, for one, has venv in a package of its own.
  if (!venv.ok) return without(`\`python -m venv\` failed:\n${venv.stdout}${venv.stderr}`);
  await runQuietly("the Python SDK", python, ["-m", "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS]);
  installed.set(wanted);
  return python;
}

/** The first Python on PATH that is new enough, and its version. */
function find() {
  const ask = "import sys; print(sys.executable, '.'.join(map(str, sys.version_info[:3]))) if sys.version_info >= (3, 9) else exit(1)";
  for (const name of ["python3", "python"]) {
    const { ok, stdout } = capture(name, ["-c", ask]);
    if (ok) {
      const at = stdout.lastIndexOf(" ");
      return { path: stdout.slice(0, at), version: stdout.slice(at + 1).trim() };
    }
  }
}

/** @param {string} why */
function without(why) {
  if (process.env.CI) throw new Failed(`the test of the Python SDK cannot run: ${why}`);
  say(`the test of the Python SDK will be skipped: ${why}`);
  return null;
}
