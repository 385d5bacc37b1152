// `npm run soak [-- --seed N --batches N]`: builds the Worker, then sends it so
// many batches (400) while everything goes wrong at random from the seed, and
// compares what is there in the end with what was acknowledged. One line says
// what it came to. What goes wrong is in tests/soak/soak.mjs.

import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { Failed, cli, env, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const options = { seed: { type: "string" }, batches: { type: "string", default: "400" } };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Failed(error.message);
  }
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d{1,9}$/.test(value)) throw new Failed(`--${name}: not a number: ${value}`);
  }
  await setUp();
  await build();
  // With the project's own Node, which is newer than the one that may run this.
  await run("node", ["tests/soak/main.mjs", "soak", values.seed ?? "", values.batches], {
    env: { ...env, WRANGLER_LOG: "error" },
  });
});
