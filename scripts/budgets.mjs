// `npm run budgets`: a project's budgets, of the server that `npm start` serves or (with
// --remote) of the deployment: a request to the operator's API for each command. What a budget
// may be is the API's to say.

import { readNumber, whichOf } from "./managed.mjs";
import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";

const USAGE = `Usage: npm run budgets -- COMMAND --project NAME [options]

  list       shows the project's budgets, and what is spent of them
  add        makes one        --period day|month|total [--usd 5] [--tokens 1000000] [--name N]
             of the project   or [--user ID|'*'] or [--session ID|'*']: * for each
  set ID     sets other limits
  remove ID  deletes one

  --json     for machines: as the API says it
  --remote   of the deployment that \`npm run deploy\` made from this folder, or of the
             one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN
`;

const text = /** @type {const} */ ({ type: "string" });
const flag = /** @type {const} */ ({ type: "boolean" });
const OPTIONS = {
  project: text,
  name: text,
  period: text,
  usd: text,
  tokens: text,
  user: text,
  session: text,
  json: flag,
  remote: flag,
  help: { ...flag, short: /** @type {const} */ ("h") },
};

/** The commands, and whether each takes an ID. */
const COMMANDS = { list: false, add: false, set: true, remove: true };

await cli(async () => {
  const { values, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  const options = /** @type {Record<string, string | undefined> & { json?: boolean, remote?: boolean }} */ (values);
  const said = { positionals, project: options.project, prefix: "bu_", usage: USAGE };
  const { name: command, id, project } = whichOf(COMMANDS, said, (takesId) => takesId);
  const { user, session, period } = options;
  if (command === "add" && !period) throw new Failed(`add needs --period\n\n${USAGE}`);
  if (user !== undefined && session !== undefined) throw new Failed("--user or --session?");
  const limits = { name: options.name, limitUsd: readNumber("usd", options.usd), limitTokens: readNumber("tokens", options.tokens) };
  const subjectKind = user !== undefined ? "user" : session !== undefined ? "session" : "project";
  const made = { ...limits, name: options.name ?? `${subjectKind} a ${period}`, subjectKind, subject: user ?? session, period };
  const ask = await operator(`budgets -- ${command} …`, options.remote);
  const path = `projects/${project}/budgets`;
  if (command === "list") return list((await ask("GET", path)).budgets, options.json);
  const done =
    command === "add"
      ? await ask("POST", path, made)
      : command === "set"
        ? await ask("PATCH", `${path}/${id}`, limits)
        : await ask("DELETE", `${path}/${id}`);
  if (options.json) return console.log(JSON.stringify(done, null, 2));
  console.log(command === "add" ? `Made ${done.name} (${done.id}).` : command === "set" ? `Changed ${id}.` : `Deleted ${id}.`);
});

/** @param {any[]} budgets
 *  @param {boolean} [json] */
function list(budgets, json) {
  if (json) return console.log(JSON.stringify(budgets, null, 2));
  const row = (/** @type {any} */ { id, name, subjectKind, subject, period, limitUsd, limitTokens, spentUsd, spentTokens }) => [
    id,
    { name, of: subject ? `${subjectKind} ${subject}` : subjectKind, period, limitUsd, spentUsd, limitTokens, spentTokens },
  ];
  console.table(Object.fromEntries(budgets.map(row)));
}
