// `npm run usage`: what each project used, by month, of the server that `npm start`
// serves or (with --remote) of the deployment: one request to the operator's API.

import { operator } from "./operator.mjs";
import { checkProject, parse } from "./options.mjs";
import { projectId } from "./range.mjs";
import { Failed, cli } from "./run.mjs";

/** What was used in a month, or by a project in it.
 *  @typedef {{ traceCount: number, spanCount: number, evalRunCount: number }} Counts
 *  @typedef {Counts & { month: string, projectBreakdown: (Counts & { projectId: string })[] }} Month */

const USAGE = `Usage: npm run usage -- [--months 6] [--project NAME] [--json] [--remote]

  --months   this month and those before it, 1 to 24; 12 where nothing is said
  --project  only this project
  --json     for machines: as the API says it, this month first
  --remote   of the deployment that \`npm run deploy\` made from this folder, or of the
             one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the
             server that \`npm start\` serves on PORT, with its state in STATE_DIR
`;

await cli(async () => {
  const { months = "12", project, json, remote } = read();
  const ask = await operator("usage -- …", remote);
  const only = project && (await projectId(ask, project));
  /** @type {Month[]} */
  const history = await ask("GET", `usage/history?months=${months}`);
  const shown = only ? history.map((month) => ofProject(month, only)) : history;
  if (json) return console.log(JSON.stringify(shown, null, 2));
  const row = (/** @type {string} */ month, /** @type {string} */ of, /** @type {Counts} */ counts) => ({
    month,
    project: of,
    traces: counts.traceCount,
    spans: counts.spanCount,
    "evaluator runs": counts.evalRunCount,
  });
  console.log("Months are UTC's; each trace and span counts once, when it was written.");
  console.table(
    shown.flatMap((month) => {
      const rows = month.projectBreakdown.map((counts) => row(month.month, counts.projectId, counts));
      return rows.length === 1 ? rows : [row(month.month, "all", month), ...rows];
    }),
  );
});

/** A month with one project in it.
 *  @param {Month} month
 *  @param {string} projectId
 *  @returns {Month} */
function ofProject({ month, projectBreakdown }, projectId) {
  const none = { projectId, traceCount: 0, spanCount: 0, evalRunCount: 0 };
  const found = projectBreakdown.find((of) => of.projectId === projectId) ?? none;
  const { projectId: _, ...counts } = found;
  return { month, ...counts, projectBreakdown: [found] };
}

/** The command line, every value checked. */
function read() {
  const { values } = parse(
    {
      options: {
        months: { type: "string" },
        project: { type: "string" },
        json: { type: "boolean" },
        remote: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    },
    USAGE,
  );
  if (values.months !== undefined && !/^([1-9]|1\d|2[0-4])$/.test(values.months)) throw new Failed("--months must be 1 to 24");
  checkProject(values.project);
  return values;
}
