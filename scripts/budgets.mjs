// `npm run budgets`: a project's budgets, of the server that `npm start` serves or (with
// --remote) of the deployment: a request to the operator's API for each command. What a budget
// may be is the API's to say.

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

await cli(async () => {
  const { values, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  const options = /** @type {Record<string, string | undefined> & { json?: boolean, remote?: boolean }} */ (values);
  const [command = "", id = "", ...more] = positionals;
  const takesId = command === "remove" || command === "set";
  if (!(takesId || command === "list" || command === "add") || more.length > 0) throw new Failed(`which command?\n\n${USAGE}`);
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(options.project ?? "")) throw new Failed(`--project must be 1 to 64 of A-Z a-z 0-9 . _ -\n\n${USAGE}`);
  if (takesId !== (id !== "")) throw new Failed(takesId ? `${command} needs an ID` : `${command} takes no ID`);
  if (id && !/^bu_[a-f0-9]{1,40}$/.test(id)) throw new Failed("ID must be one as `list` shows it: bu_…");
  const { user, session, period } = options;
  if (command === "add" && !period) throw new Failed(`add needs --period\n\n${USAGE}`);
  if (user !== undefined && session !== undefined) throw new Failed("--user or --session?");
  const limits = { name: options.name, limitUsd: number("usd", options.usd), limitTokens: number("tokens", options.tokens) };
  const subjectKind = user !== undefined ? "user" : session !== undefined ? "session" : "project";
  const made = { ...limits, name: options.name ?? `${subjectKind} a ${period}`, subjectKind, subject: user ?? session, period };
  const ask = await operator(`budgets -- ${command} …`, options.remote);
  const path = `projects/${options.project}/budgets`;
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

/** @param {string} name
 *  @param {string | undefined} text */
function number(name, text) {
  if (text === undefined) return undefined;
  if (!/^\d{1,13}(\.\d{1,9})?$/.test(text)) throw new Failed(`--${name} must be a number`);
  return Number(text);
}

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
