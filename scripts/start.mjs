// `npm start`: from a fresh clone to a Worker that takes traces, on this
// machine. Sets up and builds whatever is missing, then serves with
// `wrangler dev` (workerd, with local D1, R2 and Queues) until it is stopped.
// PORT (3000) and STATE_DIR (.edgespan/state) say where. State is kept.

import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "./build.mjs";
import { LOCAL_KEY, ensureLocalState, operatorFile, operatorToken, quiet } from "./local.mjs";
import { Failed, cli, launch, root, stateDir, stopping } from "./run.mjs";
import { setUp } from "./setup.mjs";

const port = Number(process.env.PORT || 3000);
const url = `http://localhost:${port}`;
const MINUTE = 60_000;
/** The age at which the sweeper looks at a batch: GRACE_MS in src/sweep.rs. */
const SWEEP_GRACE = 3 * MINUTE;

await cli(async () => {
  await checkPort();
  await setUp();
  await build();
  ensureLocalState();
  await serve();
});

/** Said at once rather than after minutes of building. */
async function checkPort() {
  await new Promise((done, fail) => {
    const probe = createServer()
      .once("error", (/** @type {NodeJS.ErrnoException} */ { code }) => fail(new Failed(`port ${port} cannot be used (${code}): try PORT=3001 npm start`)))
      .listen(port, "localhost", () => probe.close(done));
  });
}

async function serve() {
  // The command `wrangler` is a wrapper that does not pass signals on to the
  // real one, which would leave workerd running: so the real one is started.
  operatorToken({ make: true });
  const args = ["dev", "--local", "--port", String(port), "--persist-to", stateDir, "--var", "EDGESPAN_LOCAL:1",
    "--env-file", operatorFile()];
  const started = Date.now();
  const child = launch("node", ["--no-warnings", join(root, "node_modules", "wrangler"), ...args], { env: quiet });
  child.on("close", (code) => process.exit(stopping() ? 0 : code || 1));

  while (!(await answers())) await sleep(100);
  if (!stopping()) console.log(greeting());
  // Locally the queue is in memory: what it held when the last process ended is
  // gone. The first sweep looks as from later, so that it finds all that the
  // last one left, and nothing that this one has taken: that is on its way.
  await sweep(started + SWEEP_GRACE);
  setInterval(() => sweep(Date.now()), MINUTE);
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

/** Commands that work when pasted, with ids and times of their own. */
function greeting() {
  const trace = randomUUID();
  const [root, call] = [randomUUID(), randomUUID()];
  const at = (/** @type {number} */ ms) => new Date(Date.now() + ms).toISOString();
  /** @param {string} type
   *  @param {object} body */
  const event = (type, body) => JSON.stringify({ id: randomUUID(), type, timestamp: at(0), body });
  const events = [
    event("trace-create", { id: trace, name: "support-agent", tags: ["first"] }),
    event("span-create", {
      id: root, trace_id: trace, name: "answer", type: "AGENT",
      start_time: at(-900), end_time: at(0), input: { question: "Where is my order?" }, output: "On its way.",
    }),
    event("span-create", {
      id: call, trace_id: trace, parent_span_id: root, name: "chat", type: "LLM", model: "gpt-4o-mini",
      start_time: at(-800), end_time: at(-100), usage: { prompt_tokens: 150, completion_tokens: 50 }, cost: 0.003,
    }),
  ];
  return `
Edgespan takes traces at ${url}
The API key is ${LOCAL_KEY} (here only). State is kept in ${stateDir}.

Send a trace:

curl ${url}/api/v1/traces -H 'Authorization: Bearer ${LOCAL_KEY}' -H 'Content-Type: application/json' -d '{"batch": [
  ${events.join(",\n  ")}
]}'

See it on the dashboard, which is at ${url} and takes the same key:

${url}/traces/${trace}

Or read it back:

curl ${url}/api/v1/traces/${trace} -H 'Authorization: Bearer ${LOCAL_KEY}'

Ctrl-C stops it.
`;
}
