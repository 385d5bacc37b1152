// `npm run deploy`: builds the Worker (a release has it built), makes the database
// where it is missing, applies the migrations, deploys; wrangler makes all else that
// the Worker is bound to. Then makes the operator's secret where there is none. Doing
// it again brings a deployment up to date. Needs `npx wrangler login` once, or
// CLOUDFLARE_API_TOKEN. The "Deploy to Cloudflare" button runs it, too. Leaves out:
// keys (`npm run keys -- create --remote`), domains, and ever removing anything.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, checkSize } from "./build.mjs";
import { noteDeployment, notedDeployment } from "./operator.mjs";
import { version } from "./released.mjs";
import { Failed, cache, capture, cli, env, run, say } from "./run.mjs";
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
  // Before the code that needs them, so a migration leaves a database that the code
  // before it works with: migrations/README.md. By the binding, for whoever deploys
  // may name the database as they like.
  await run("wrangler", ["d1", "migrations", "apply", "DB", "--remote"]);
  // Where that is, wrangler says in a file.
  const said = join(cache, "deployed.ndjson");
  mkdirSync(cache, { recursive: true });
  rmSync(said, { force: true });
  await run("wrangler", ["deploy"], { env: { ...env, WRANGLER_OUTPUT_FILE_PATH: said } });
  const url = addressIn(said);
  say(`version ${version()} is deployed${url ? ` at ${url}` : ""}`);
  await noteOperator(url);
});

/** The address of what was deployed: the first that wrangler names.
 *  @param {string} file lines of JSON
 *  @returns {string | undefined} */
function addressIn(file) {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const targets = lines.map((line) => JSON.parse(line)).flatMap(({ type, targets }) => (type === "deploy" ? (targets ?? []) : []));
  // Others are schedules and queues, which have names without a dot.
  const [host] = targets.flatMap((target) => /^(?:https:\/\/)?([\w-]+(?:\.[\w-]+)+)/.exec(target)?.[1] ?? []);
  return host && `https://${host}`;
}

/** Sees to it that this folder's `npm run keys -- … --remote` reaches the deployment:
 *  that this has an operator's secret, and that both are noted here.
 *  @param {string | undefined} url */
async function noteOperator(url) {
  const secrets = capture("wrangler", ["secret", "list", "--format", "json"]);
  if (!secrets.ok) throw new Failed(`the deployment's secrets could not be listed:\n${secrets.stderr}`);
  const isSet = /** @type {{ name: string }[]} */ (JSON.parse(secrets.stdout)).some(({ name }) => name === "ADMIN_TOKEN");
  const noted = notedDeployment();
  // Where the platform builds, nobody would find what is noted here.
  if (!isSet && process.env.WORKERS_CI) {
    return say(
      "there is no operator's secret yet: set ADMIN_TOKEN to a random string, in the dashboard or by `npx wrangler secret put ADMIN_TOKEN`",
    );
  }
  const token = isSet ? noted.token : randomBytes(32).toString("hex");
  const deployment = { token: token ?? "", url: url ?? noted.url ?? "" };
  if (token) noteDeployment(deployment);
  if (!isSet) {
    say("making the operator's secret, ADMIN_TOKEN");
    // By its standard input: it stands in no list of processes.
    const put = capture("wrangler", ["secret", "put", "ADMIN_TOKEN"], { input: token });
    if (!put.ok) throw new Failed(`the operator's secret could not be put:\n${put.stderr}`);
  }
  if (deployment.token && deployment.url) return;
  say(
    "`npm run keys -- … --remote` needs EDGESPAN_URL, the deployment's address, and ADMIN_TOKEN, its secret. The first deploy " +
      "notes both in its folder's .edgespan/deployment.json; `npx wrangler secret put ADMIN_TOKEN` sets another secret",
  );
}

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
