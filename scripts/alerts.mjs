// `npm run alerts`: a project's alerts, of the server that `npm start` serves or (with
// --remote) of the deployment: a request to the operator's API for each command. What an alert
// may be is the API's to say.

import { readNumber, whichOf } from "./managed.mjs";
import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";

const USAGE = `Usage: npm run alerts -- COMMAND --project NAME [options]

  list       shows the project's alerts, and how they stand
  add        makes one      --kind KIND --threshold N --url https://… [--name N]
  remove ID  deletes one
  test ID    sends one for a try

  --kind       errorRate (0 to 1), cost (dollars), p95Duration (ms), evaluatorAverage (below),
               noTraces (minutes), deadLetters
  --period hour|day, --evaluator NAME, --min-count N, --slack, --cooldown MINUTES

  --json     for machines: as the API says it
  --remote   of the deployment that \`npm run deploy\` made from this folder, or of the
             one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN
`;

const text = /** @type {const} */ ({ type: "string" });
const flag = /** @type {const} */ ({ type: "boolean" });
const OPTIONS = {
  project: text,
  name: text,
  kind: text,
  threshold: text,
  url: text,
  period: text,
  evaluator: text,
  "min-count": text,
  cooldown: text,
  slack: flag,
  json: flag,
  remote: flag,
  help: { ...flag, short: /** @type {const} */ ("h") },
};

/** The commands, and whether each takes an ID. */
const COMMANDS = { list: false, add: false, remove: true, test: true };

await cli(async () => {
  const { values, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  const options = /** @type {Record<string, string | undefined> & { json?: boolean, slack?: boolean, remote?: boolean }} */ (values);
  const said = { positionals, project: options.project, prefix: "al_", usage: USAGE };
  const { name: command, id, project } = whichOf(COMMANDS, said, (takesId) => takesId);
  const { kind, threshold, url } = options;
  if (command === "add" && !(kind && threshold && url)) throw new Failed(`add needs --kind, --threshold and --url\n\n${USAGE}`);
  const fields = {
    name: options.name ?? kind,
    kind,
    url,
    threshold: readNumber("threshold", threshold),
    period: options.period,
    evaluator: options.evaluator,
    minCount: readNumber("min-count", options["min-count"]),
    cooldownMinutes: readNumber("cooldown", options.cooldown),
    format: options.slack ? "slack" : undefined,
  };
  const ask = await operator(`alerts -- ${command} …`, options.remote);
  const path = `projects/${project}/alerts`;
  if (command === "list") return list((await ask("GET", path)).alerts, options.json);
  const done =
    command === "add"
      ? await ask("POST", path, fields)
      : command === "test"
        ? await ask("POST", `${path}/${id}/test`)
        : await ask("DELETE", `${path}/${id}`);
  if (options.json) return console.log(JSON.stringify(done, null, 2));
  if (command === "add") console.log(`Made ${done.name} (${done.id}).`);
  if (command === "remove") console.log(`Deleted ${id}.`);
  if (command === "test") {
    if (!done.taken) throw new Failed(`it was not taken: ${done.message}`);
    console.log("It was taken.");
  }
});

/** @param {any[]} alerts
 *  @param {boolean} [json] */
function list(alerts, json) {
  if (json) return console.log(JSON.stringify(alerts, null, 2));
  const row = (/** @type {any} */ { id, name, kind, period, threshold, enabled, state, lastSentAt, lastError }) => [
    id,
    { name, kind, period, threshold, state: enabled ? state : "off", "last sent": lastSentAt, error: lastError },
  ];
  console.table(Object.fromEntries(alerts.map(row)));
}
