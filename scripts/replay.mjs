// `npm run replay`: puts raw batches back on the queue by the time they were
// received. What is right stays as it is, so it may be run any number of times
// over any range. It asks the Worker, which lists and queues a thousand at a
// time; cut off, it is started again. Leaves out: waiting until they are written.

import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";
import { ensurePackages } from "./setup.mjs";

/** What came of it.
 *  @typedef {{ matched: number, queued: number, next?: string | null, reached?: number | null }} Done */

const USAGE = `Usage: npm run replay -- --since TIME [--until TIME] [--project NAME] [--dry-run] [--remote]

  TIME is ISO 8601, UTC where no offset is given: 2026-03-14, 2026-03-14T10:00:00Z.
             Without --until: up to now.
  --project  only this project's batches
  --dry-run  only counts them
  --remote   the deployment that \`npm run deploy\` made from this folder, or the one
             of EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise the server
             that \`npm start\` serves
`;

await cli(async () => {
  const { from, to, project, remote, "dry-run": dryRun = false } = read();
  const ask = await operator("replay -- …", remote);
  await ensurePackages();
  const [since, until] = [new Date(from).toISOString(), new Date(to).toISOString()];
  const request = { since, until, dryRun, ...(project && { project: await projectId(ask, project) }) };

  const { SingleBar, Presets } = (await import("cli-progress")).default;
  // Lines are left to wrap: cut off, it would leave the terminal so that none do.
  const options = { format: "{bar} {percentage}% | {count} batches | {at}", barsize: 30, linewrap: true };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(100, 0, { count: 0, at: since });
  const total = { matched: 0, queued: 0 };
  for (let after = /** @type {string | undefined} */ (undefined); ; ) {
    /** @type {Done} */
    const step = await ask("POST", "replay", { ...request, after }).catch((error) => {
      bar.stop();
      throw error;
    });
    total.matched += step.matched;
    total.queued += step.queued;
    const reached = step.next ? (step.reached ?? from) : to;
    bar.update((100 * (reached - from)) / (to - from), { count: total.matched, at: new Date(reached).toISOString() });
    if (!step.next) break;
    after = step.next;
  }
  bar.stop();
  console.log(dryRun ? `${total.matched} batches would be queued` : `${total.queued} batches queued`);
});

function read() {
  const options = /** @type {const} */ ({
    since: { type: "string" },
    until: { type: "string" },
    project: { type: "string" },
    "dry-run": { type: "boolean" },
    remote: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  const { values } = parse({ options }, USAGE);
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  if (values.project !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(values.project)) {
    throw new Failed("--project: 1 to 64 of A-Z a-z 0-9 . _ -");
  }
  if (!values.since) throw new Failed(`--since is missing\n\n${USAGE}`);
  const from = time("since", values.since);
  const to = values.until === undefined ? Date.now() : time("until", values.until);
  if (to <= from) throw new Failed("--until must be later than --since, and without it --since earlier than now");
  return { ...values, from, to };
}

/** A time as milliseconds. Checked and completed here, because what `Date` makes
 *  of a text depends on its form and on where this runs.
 *  @param {string} option
 *  @param {string} text */
function time(option, text) {
  const [form, date, clock = "00:00", , , offset = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(:\d\d(\.\d+)?)?)([Zz]|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const at = form ? Date.parse(`${date}T${clock}${offset.toUpperCase()}`) : NaN;
  // A day that no month has would be one of the next month.
  const real = new Date(`${date}T00:00Z`).getUTCDate() === Number(date?.slice(8));
  if (Number.isNaN(at) || !real) throw new Failed(`--${option}: expected a time such as 2026-03-14 or 2026-03-14T10:00:00Z, found ${text}`);
  return at;
}

/** The id of the project with this name.
 *  @param {Awaited<ReturnType<typeof operator>>} ask
 *  @param {string} name
 *  @returns {Promise<string>} */
async function projectId(ask, name) {
  return (await ask("GET", `projects/${name}`)).project.id;
}
