// `npm run bench`: builds the Worker, and once the release before, then measures it
// against that and against a peer in TypeScript (bench/) and writes bench/RESULTS.md; at
// most 20 minutes. With `-- --quick` it only shows, in two minutes, that the
// benchmark runs; the release before is built only for the part that needs it.

import { buildBefore } from "../bench/before.mjs";
import { build } from "./build.mjs";
import { cli, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  await setUp();
  // See bench/workers.mjs: there is something else to be measured.
  if (!process.env.EDGESPAN_BENCH_OURS) await build();
  const args = process.argv.slice(2);
  if (args.length === 0 || (args.includes("traffic") && !args.includes("--quick"))) await buildBefore();
  await run("node", ["bench/main.mjs", ...args]);
});
