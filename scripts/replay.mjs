// `npm run replay`: puts raw batches back on the queue by the time they were
// received. What is right stays as it is, so it may be run any number of times
// over any range. It asks the Worker, which lists and queues a thousand at a
// time; cut off, it is started again. Leaves out: waiting until they are written.

import { parseArgs } from "node:util";
import { LOCAL_ADMIN_TOKEN, query } from "./local.mjs";
import { Failed, cli } from "./run.mjs";
import { ensurePackages } from "./setup.mjs";

const USAGE = `Usage: npm run replay -- --since TIME [--until TIME] [--project NAME] [--dry-run] [--remote]

  TIME is ISO 8601: 2026-03-14, 2026-03-14T10:00:00Z. Without --until: up to now.
  --project  only this project's batches
  --dry-run  only counts them
  --remote   the deployment at EDGESPAN_URL, with its secret in ADMIN_TOKEN;
             otherwise the one that \`npm start\` serves
`;

await cli(async () => {
  await ensurePackages();
  const { since, until = new Date().toISOString(), project, remote, "dry-run": dryRun = false } = read();
  const [url, token] = remote ? deployment() : [`http://localhost:${process.env.PORT || 3000}`, LOCAL_ADMIN_TOKEN];
  const request = { since, until, dryRun, ...(project && { project: projectId(project, remote) }) };
  const [from, to] = [Date.parse(since), Date.parse(until)];

  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const bar = new SingleBar({ format: "{bar} {percentage}% | {count} batches | {at}" }, Presets.shades_classic);
  bar.start(100, 0, { count: 0, at: since });
  const total = { matched: 0, queued: 0 };
  for (let after; ; ) {
    const step = await ask(url, token, { ...request, after }).catch((error) => {
      bar.stop();
      throw error;
    });
    total.matched += step.matched;
    total.queued += step.queued;
    const reached = step.next ? step.reached : to;
    const part = to > from ? (100 * (reached - from)) / (to - from) : 100;
    bar.update(Math.min(100, part), { count: total.matched, at: new Date(reached).toISOString() });
    if (!step.next) break;
    after = step.next;
  }
  bar.stop();
  console.log(dryRun ? `${total.matched} batches would be queued` : `${total.queued} batches queued`);
});

function read() {
  const options = {
    since: { type: "string" },
    until: { type: "string" },
    project: { type: "string" },
    "dry-run": { type: "boolean" },
    remote: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  };
  let values;
  try {
    ({ values } = parseArgs({ options }));
  } catch (error) {
    throw new Failed(`${error.message}\n\n${USAGE}`);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (!values.since) throw new Failed(`--since is missing\n\n${USAGE}`);
  for (const name of ["since", "until"]) {
    if (values[name] && Number.isNaN(Date.parse(values[name]))) throw new Failed(`--${name}: not a time: ${values[name]}`);
  }
  return values;
}

function deployment() {
  const { EDGESPAN_URL: url, ADMIN_TOKEN: token } = process.env;
  if (!url || !token) throw new Failed("--remote needs EDGESPAN_URL and ADMIN_TOKEN in the environment");
  return [url.replace(/\/$/, ""), token];
}

/** The id of the project with this name. Its form is checked: it becomes SQL. */
function projectId(name, remote) {
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(name)) throw new Failed("--project: 1 to 64 of A-Z a-z 0-9 . _ -");
  const [[row]] = query(`select id from project where name = '${name}'`, { remote });
  if (!row) throw new Failed(`there is no project ${name}`);
  return row.id;
}

async function ask(url, token, request) {
  let response;
  try {
    response = await fetch(`${url}/api/v1/admin/replay`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  } catch {
    throw new Failed(`${url} does not answer: is it running?`);
  }
  const { data, error } = await response.json();
  if (!data) throw new Failed(`the Worker answered ${response.status}: ${error.message}`);
  return data;
}
