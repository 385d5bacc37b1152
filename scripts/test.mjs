// `npm test`: sets up like `npm start`, then runs all tests: Rust's on this
// machine, then the built Worker's in workerd, the published Python SDK and a
// browser among them. `npm test -- NAME` runs only the Worker's tests in files
// whose path has NAME in it.

import { ensureBrowser } from "./browser.mjs";
import { build, checkSize } from "./build.mjs";
import { Failed, cli, env, exitCode } from "./run.mjs";
import { ensurePython } from "./python.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const names = process.argv.slice(2);
  const [python, browser] = await Promise.all([ensurePython(), ensureBrowser(), setUp()]);
  await build();
  checkSize();

  // All of them, whatever the first ones come to; and last, so that what the
  // runners sum up is what is seen last.
  const failed = [];
  if (names.length === 0 && (await exitCode("cargo", ["test"])) !== 0) failed.push("cargo test");
  const found = { ...env, ...(python && { EDGESPAN_PYTHON: python }), ...(browser && { EDGESPAN_BROWSER: browser }) };
  if ((await exitCode("vitest", ["run", ...names], { env: found })) !== 0) failed.push("vitest");
  if (failed.length > 0) throw new Failed(`failed: ${failed.join(", ")}`);
});
