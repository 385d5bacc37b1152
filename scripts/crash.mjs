// `npm run crash [-- --rounds 20 --seed N]`: builds the Worker, then starts the
// local server on a state and a port of its own, loads it, and kills it all with
// signal 9 at random moments, so many times; then compares what is there with
// what was acknowledged. A line says what each round came to, and one what all
// did. How it is done is in tests/soak/crash.mjs.

import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { Failed, cli, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const options = { seed: { type: "string" }, rounds: { type: "string", default: "20" } };
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
  await run("node", ["tests/soak/main.mjs", "crash", values.seed ?? "", values.rounds]);
});
