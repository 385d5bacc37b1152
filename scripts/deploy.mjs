// `npm run deploy`: builds the Worker, makes the database where it is missing,
// applies the migrations, deploys; wrangler makes all else that the Worker is
// bound to. Doing it again brings a deployment up to date. Needs `npx wrangler
// login` once, or CLOUDFLARE_API_TOKEN. Leaves out: keys (`npm run keys -- create
// --remote`), domains, and ever removing anything.

import { build, checkSize } from "./build.mjs";
import { Failed, capture, cli, run, say } from "./run.mjs";
import { setUp } from "./setup.mjs";

await cli(async () => {
  await setUp();
  const database = check(configuration());
  if (!capture("wrangler", ["whoami", "--json"]).ok) {
    throw new Failed("wrangler does not know who you are: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN");
  }
  await build();
  checkSize();
  // `wrangler deploy` makes the database, the bucket and the queues that are
  // bound, under the names that they have there. The database is needed before
  // that, for its migrations.
  if (!capture("wrangler", ["d1", "info", "DB"]).ok) {
    say(`making the database ${database}`);
    await run("wrangler", ["d1", "create", database]);
  }
  // Before the code that needs them, so a migration should leave a database that
  // the code before it can work with. 0004 does not: from there until the new
  // code is deployed nothing is written or read. (Batches wait in the queue.)
  await run("wrangler", ["d1", "migrations", "apply", "DB", "--remote"]);
  await run("wrangler", ["deploy"]);
});

/** @typedef {{ binding: string, database_name?: string, database_id?: string }} Database
 *  @typedef {{ producers?: { queue: string }[], consumers?: { queue: string, dead_letter_queue?: string }[] }} Queues */

/** wrangler.toml, as wrangler reads it; in the project's own Node, because it
 *  does not run in every one that may run this.
 *  @returns {{ d1_databases: Database[], queues: Queues }} */
function configuration() {
  const code = `import { unstable_readConfig as read } from "wrangler";
    const { d1_databases, queues } = read({ config: "wrangler.toml" });
    console.log(JSON.stringify({ d1_databases, queues }));`;
  const { ok, stdout, stderr } = capture("node", ["--no-warnings", "--input-type=module", "-e", code]);
  if (!ok) throw new Failed(`wrangler.toml could not be read:\n${stderr}`);
  return JSON.parse(stdout);
}

/** The database's name; fails where the configuration does not fit together in a
 *  way that wrangler would find late or never.
 *  @param {ReturnType<typeof configuration>} configuration */
function check({ d1_databases, queues: { producers = [], consumers = [] } }) {
  const database = d1_databases.find(({ binding }) => binding === "DB");
  const name = database?.database_name ?? database?.database_id;
  if (!name) throw new Failed("wrangler.toml: the database that is bound as DB has no database_name");
  // Only bound queues are made. Whoever renames one has to in three places.
  const bound = producers.map(({ queue }) => queue);
  const named = consumers.flatMap(({ queue, dead_letter_queue }) => [queue, dead_letter_queue ?? []]).flat();
  const lost = named.find((queue) => !bound.includes(queue));
  if (lost) throw new Failed(`wrangler.toml: the queue ${lost} has a consumer or is for dead letters, but no producer is bound to it`);
  return name;
}
