// `npm run crash [-- --rounds 20 --seed N]`: builds the Worker, then starts the
// local server on a state and a port of its own, loads it, and kills it all with
// signal 9 at random moments, so many times; then compares what is there with
// what was acknowledged. A line says what each round came to, and one what all
// did. How it is done is in tests/soak/crash.mjs.

import { build } from "./build.mjs";
import { numbers } from "./options.mjs";
import { cli, run } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  const { seed = "", rounds } = numbers({ seed: undefined, rounds: "20" });
  await setUp();
  await build();
  await run("node", ["tests/soak/main.mjs", "crash", seed, rounds]);
});
