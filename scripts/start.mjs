// `npm start`: from a fresh clone to a Worker that takes traces, on this
// machine. Sets up and builds whatever is missing, then serves with
// `wrangler dev` (workerd, with local D1, R2 and Queues) until it is stopped.
// PORT (3000) and STATE_DIR (.edgespan/state) say where. State is kept. Where it
// is and what the key is stay the last things on the screen: only warnings and
// errors come after them, or with --verbose all that wrangler and the Worker say.

import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { LOCAL_KEY, ensureLocalState, operatorFile, operatorToken, quiet } from "./local.mjs";
import { parse } from "./options.mjs";
import { Failed, cli, launch, root, say, stateDir, stopping } from "./run.mjs";
import { noteServer, port, serverOn, shown, urlAt, withPort, withState } from "./running.mjs";
import { setUp } from "./setup.mjs";

const USAGE = `Usage: npm start -- [--verbose]

  --verbose  shows all that wrangler says, and a line of JSON for each request

PORT (3000) and STATE_DIR (.edgespan/state) in the environment say where it
listens and where it keeps its database and bucket.
`;

const url = urlAt(port);
const MINUTE = 60_000;
/** The age at which the sweeper looks at a batch: GRACE_MS in src/pipeline/sweep.rs. */
const SWEEP_GRACE = 3 * MINUTE;

await cli(async () => {
  const { values } = parse({ options: { verbose: { type: "boolean" }, help: { type: "boolean", short: "h" } } }, USAGE);
  await checkPlace();
  await setUp();
  await build();
  ensureLocalState();
  await serve(values.verbose);
});

/** Said at once rather than after minutes of building. */
async function checkPlace() {
  // Two on one database would get into each other's way.
  const other = await serverOn(stateDir);
  if (other) throw new Failed(`it runs already, at ${urlAt(other.port)}: a second one needs a STATE_DIR and a PORT of its own`);
  await new Promise((done, fail) => {
    const probe = createServer()
      .once("error", (/** @type {NodeJS.ErrnoException} */ { code }) =>
        fail(new Failed(`port ${port} cannot be used (${code}): try PORT=${port + 1} ${withState(stateDir)}npm start`)),
      )
      .listen(port, "localhost", () => probe.close(done));
  });
}

/** @param {boolean} [verbose] */
async function serve(verbose) {
  operatorToken({ make: true });
  // The command `wrangler` is a wrapper that does not pass signals on to the
  // real one, which would leave workerd running: so the real one is started.
  const args = [
    "dev",
    "--local",
    "--port",
    String(port),
    "--persist-to",
    stateDir,
    "--var",
    "EDGESPAN_LOCAL:1",
    // Any that is free: two servers would both want the usual one.
    "--inspector-port",
    "0",
    "--env-file",
    operatorFile(),
  ];
  const started = Date.now();
  const env = { ...quiet, WRANGLER_LOG: verbose ? "log" : "warn" };
  const out = verbose ? "inherit" : "pipe";
  const child = launch("node", ["--no-warnings", join(root, "node_modules", "wrangler"), ...args], { env, stdio: ["ignore", out, out] });
  const opened = hold(child);
  child.on("close", (code) => {
    if (stopping()) process.exit(0);
    opened(true);
    say(`wrangler has ended (exit code ${code})${verbose ? "" : ": `npm start -- --verbose` shows all that it says"}`);
    process.exit(code || 1);
  });
  noteServer();

  while (!(await answers())) await sleep(100);
  opened(false);
  if (!stopping()) console.log(greeting());
  // Locally the queue is in memory: what it held when the last process ended is
  // gone. The first sweep looks as from later, so that it finds all that the
  // last one left, and nothing that this one has taken: that is on its way.
  await sweep(started + SWEEP_GRACE);
  setInterval(() => sweep(Date.now()), MINUTE);
}

/**
 * Holds back what wrangler says while it starts: warnings of what this script
 * does itself, such as starting the sweeper. The function that comes back lets
 * pass what comes from then on, and shows what was held if that is to be seen or
 * has an error in it.
 * @param {import("node:child_process").ChildProcess} child
 */
function hold(child) {
  /** @type {string | null} */
  let held = "";
  for (const [from, to] of /** @type {const} */ ([
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ])) {
    from?.setEncoding("utf8").on("data", (text) => {
      if (held === null) to.write(text);
      else held += text;
    });
  }
  return (/** @type {boolean} */ show) => {
    if (held && (show || held.includes("ERROR"))) console.error(held);
    held = null;
  };
}

/** What the platform does every minute and `wrangler dev` does not.
 *  @param {number} time */
async function sweep(time) {
  await fetch(`${url}/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${time}`).catch(() => {});
}

async function answers() {
  try {
    return (await fetch(`${url}/api/v1/health`)).ok;
  } catch {
    return false;
  }
}

/** What to do, with commands that work when pasted; last what one needs to get in. */
function greeting() {
  const curl = readFileSync(join(root, "src", "dashboard", "list", "first_trace.sh"), "utf8").replace(urlAt(3000), url);
  return `
Send a first trace, from another terminal:

${curl}
\`${withPort(port)}npm run demo\` sends six hundred of all kinds. \`${withPort(port)}${withState(stateDir)}npm run keys -- create --project shop\`
makes a project and its key. State is kept in ${shown(stateDir)}. Ctrl-C stops it.

  Edgespan   ${url}
  API key    ${LOCAL_KEY}
`;
}
