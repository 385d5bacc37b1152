// `npm test`: sets up like `npm start`, then runs all tests: Rust's on this
// machine, the simulator's first thousand worlds, then the built Worker's in workerd,
// the published Python SDK and a browser among them. `npm test -- NAME` runs only the
// Worker's tests in files whose path has NAME in it.

import { ensureBrowser } from "./browser.mjs";
import { build, checkSize } from "./build.mjs";
import { Failed, cli, env, exitCode, say } from "./run.mjs";
import { ensureSdks } from "./python.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const names = process.argv.slice(2);
  const [pythons, browser] = await Promise.all([ensureSdks(), ensureBrowser(), setUp()]);
  await build();
  checkSize();

  // All of them, whatever the first ones come to; and last, so that what the
  // runners sum up is what is seen last.
  const failed = [];
  if (names.length === 0) {
    if ((await exitCode("cargo", ["test", "--workspace"])) !== 0) failed.push("cargo test");
    for (const what of [["--seeds", "1000"], ["--exhaustive"]]) {
      if ((await exitCode("node", ["scripts/sim.mjs", ...what])) !== 0) failed.push(`npm run sim -- ${what.join(" ")}`);
    }
  }
  const found = { ...env, ...pythons, ...(browser && { EDGESPAN_BROWSER: browser }) };
  if ((await exitCode("vitest", ["run", ...names], { env: found })) !== 0) failed.push("vitest");
  // Said again where it is seen: hundreds of lines have come since.
  if (!browser) say("the tests of the pages were SKIPPED, for want of a browser (the first lines say how to get one)");
  if (!pythons.EDGESPAN_PYTHON) say("the tests of the Python SDKs were SKIPPED (the first lines say why)");
  if (failed.length > 0) throw new Failed(`failed: ${failed.join(", ")}`);
});
