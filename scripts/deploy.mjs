// `npm run deploy`: builds the Worker, makes what it is bound to where that is
// missing, applies the migrations, deploys. Doing it again brings a deployment
// up to date. Needs `npx wrangler login` once, or CLOUDFLARE_API_TOKEN. Leaves
// out: keys (`npm run keys -- create --remote`), domains, and ever removing anything.

import { build, checkSize } from "./build.mjs";
import { Failed, capture, cli, run, say } from "./run.mjs";
import { setUp } from "./setup.mjs";

// As wrangler.toml names them. Deploying makes the bucket and the queue that
// it finds missing by itself; but the database is needed before, for its
// migrations, and the dead letters' queue is nobody's binding.
const DATABASE = "edgespan";
const DEAD_LETTERS = "edgespan-dead-letters";

await cli(async () => {
  await setUp();
  if (!capture("wrangler", ["whoami", "--json"]).ok) {
    throw new Failed("wrangler does not know who you are: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
  }
  await build();
  checkSize();
  await ensure("the database", ["d1", "info", DATABASE], ["d1", "create", DATABASE]);
  await ensure("the dead letters' queue", ["queues", "info", DEAD_LETTERS], ["queues", "create", DEAD_LETTERS]);
  // Before the code that needs them: every migration leaves a database that
  // the code before it can work with.
  await run("wrangler", ["d1", "migrations", "apply", "DB", "--remote"]);
  await run("wrangler", ["deploy"]);
});

/** @param {string} what
 *  @param {string[]} look
 *  @param {string[]} make */
async function ensure(what, look, make) {
  if (capture("wrangler", look).ok) return;
  say(`making ${what}`);
  await run("wrangler", make);
}
