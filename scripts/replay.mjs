// `npm run replay`: puts raw batches back on the queue by the time they were
// received. What is right stays as it is, so it may be run any number of times
// over any range. It asks the Worker, which lists and queues a thousand at a
// time; cut off, it is started again. Leaves out: waiting until they are written.

import { operator } from "./operator.mjs";
import { checkProject, parse } from "./options.mjs";
import { projectId, showBar, time } from "./range.mjs";
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

  const bar = await showBar(from, to);
  const total = { matched: 0, queued: 0 };
  for (let after = /** @type {string | undefined} */ (undefined); ; ) {
    /** @type {Done} */
    const step = await ask("POST", "replay", { ...request, after }).catch((error) => {
      bar.stop();
      throw error;
    });
    total.matched += step.matched;
    total.queued += step.queued;
    bar.update(step.next ? (step.reached ?? from) : to, total.matched);
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
  checkProject(values.project);
  if (!values.since) throw new Failed(`--since is missing\n\n${USAGE}`);
  const from = time("since", values.since);
  const to = values.until === undefined ? Date.now() : time("until", values.until);
  if (to <= from) throw new Failed("--until must be later than --since, and without it --since earlier than now");
  return { ...values, from, to };
}
