// `npm run bench`: builds the Worker, then measures it against a peer in
// TypeScript (bench/) and writes bench/RESULTS.md; at most a quarter of an hour. With
// `-- --quick` it only shows, in less than a minute, that the benchmark runs.

import { build } from "./build.mjs";
import { cli, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  await setUp();
  await build();
  await run("node", ["bench/main.mjs", ...process.argv.slice(2)]);
});
