// `npm run soak [-- --seed N --batches N]`: builds the Worker, then sends it so
// many batches (400) while everything goes wrong at random from the seed, and
// compares what is there in the end with what was acknowledged. One line says
// what it came to. What goes wrong is in tests/soak/soak.mjs.

import { build } from "./build.mjs";
import { numbers } from "./options.mjs";
import { cli, env, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const { seed = "", batches } = numbers({ seed: undefined, batches: "400" });
  await setUp();
  await build();
  // With the project's own Node, which is newer than the one that may run this.
  await run("node", ["tests/soak/main.mjs", "soak", seed, batches], {
    env: { ...env, WRANGLER_LOG: "error" },
  });
});
