// `npm run evaluators`: a project's evaluators of stored traces, of the server that `npm start`
// serves or (with --remote) of the deployment: a request to the operator's API for each
// command. What an evaluator may hold is the API's to say.

import { readObject, whichOf } from "./managed.mjs";
import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";

const USAGE = `Usage: npm run evaluators -- COMMAND --project NAME [options]

  list       shows the project's evaluators
  create     makes one               --name N --type CONTAINS --config '{"value":"a"}'
  update ID  changes what is given
  delete ID  deletes one; its scores stay
  run ID     has it judge traces that there are: --trace ID, as often as there are

  --name N, --type TYPE, --config JSON, --target trace|span, --filter JSON, --sample RATE,
  --max-runs N a day, --on-request | --on-arrival, --enable | --disable

  --json     for machines: as the API says it
  --remote   of the deployment that \`npm run deploy\` made from this folder, or of the
             one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the
             server that \`npm start\` serves on PORT, with its state in STATE_DIR
`;

/** What is said of an evaluator, in the API's words.
 *  @typedef {Record<string, unknown>} Fields
 *  @typedef {Awaited<ReturnType<typeof operator>>} Ask
 *  @typedef {{ id: string, fields: Fields, traces: string[], json?: boolean }} Options */

/** @type {Record<string, (ask: Ask, path: string, options: Options) => Promise<void>>} */
const COMMANDS = { list, create, update, delete: remove, run };

await cli(async () => {
  const { command, name, project, remote, options } = read();
  const ask = await operator(`evaluators -- ${name} …`, remote);
  await command(ask, `projects/${project}/evaluators`, options);
});

/** The command line, every value checked. */
function read() {
  const text = /** @type {const} */ ({ type: "string" });
  const flag = /** @type {const} */ ({ type: "boolean" });
  const { values, positionals } = parse(
    {
      options: {
        project: text,
        name: text,
        type: text,
        config: text,
        target: text,
        filter: text,
        sample: text,
        "max-runs": text,
        trace: { type: "string", multiple: true },
        "on-request": flag,
        "on-arrival": flag,
        enable: flag,
        disable: flag,
        json: flag,
        remote: flag,
        help: { type: "boolean", short: "h" },
      },
      allowPositionals: true,
    },
    USAGE,
  );
  const { remote, json } = values;
  const said = { positionals, project: values.project, prefix: "ev_", usage: USAGE };
  const { command, name, id, project } = whichOf(COMMANDS, said, (command) => command !== list && command !== create);
  const fields = fieldsOf(values);
  const changes = Object.keys(fields).length > 0;
  if (changes && command !== create && command !== update) throw new Failed(`${name} takes nothing that changes an evaluator`);
  if (command === create && (values.name === undefined || values.type === undefined)) {
    throw new Failed(`create needs --name and --type\n\n${USAGE}`);
  }
  if (command === update && !changes) throw new Failed(`update what?\n\n${USAGE}`);
  const traces = values.trace ?? [];
  if (command === run ? traces.length === 0 : traces.length > 0) {
    throw new Failed(command === run ? `run needs --trace\n\n${USAGE}` : `${name} takes no --trace`);
  }
  return { command, name, project, remote, options: { id, fields, traces, json } };
}

/** @param {Record<string, any>} values
 *  @returns {Fields} */
function fieldsOf(values) {
  for (const [one, other] of [
    ["enable", "disable"],
    ["on-request", "on-arrival"],
  ]) {
    if (values[/** @type {string} */ (one)] && values[/** @type {string} */ (other)]) throw new Failed(`--${one} or --${other}?`);
  }
  const either = (/** @type {string} */ yes, /** @type {string} */ no) => (values[yes] ? true : values[no] ? false : undefined);
  const fields = {
    name: values.name,
    type: values.type,
    target: values.target,
    config: readObject("config", values.config),
    filter: readObject("filter", values.filter),
    sampleRate: readNumber("sample", values.sample),
    maxRunsPerDay: readNumber("max-runs", values["max-runs"]),
    autoRun: either("on-arrival", "on-request"),
    enabled: either("enable", "disable"),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

/** @param {string} name
 *  @param {string | undefined} text */
function readNumber(name, text) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new Failed(`--${name} must be a number`);
  return value;
}

/** What a command is answered: as it is, or what there is to say of it.
 *  @param {{ id: string, name: string, version: number, enabled: boolean, warnings?: string[] }} evaluator
 *  @param {Options} options
 *  @param {string} what */
function show(evaluator, { json }, what) {
  if (json) return console.log(JSON.stringify(evaluator, null, 2));
  const { id, name, version, enabled, warnings = [] } = evaluator;
  console.log(`${what} ${name} (${id}), version ${version}, ${enabled ? "enabled" : "disabled"}.`);
  for (const warning of warnings) console.error(`warning: ${warning}`);
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function list(ask, path, { json }) {
  const { evaluators } = await ask("GET", `${path}?limit=100`);
  if (json) return console.log(JSON.stringify(evaluators, null, 2));
  console.table(
    Object.fromEntries(
      evaluators.map((/** @type {any} */ { id, name, type, target, enabled, autoRun, sampleRate, version }) => [
        id,
        { name, type, judges: `${target}s`, enabled, "on arrival": autoRun, sample: sampleRate, version },
      ]),
    ),
  );
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function create(ask, path, options) {
  show(await ask("POST", path, options.fields), options, "Made");
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function update(ask, path, options) {
  show(await ask("PATCH", `${path}/${options.id}`, options.fields), options, "Changed");
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function remove(ask, path, { id, json }) {
  const done = await ask("DELETE", `${path}/${id}`);
  console.log(json ? JSON.stringify(done, null, 2) : `Deleted ${id}. Its scores stay.`);
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function run(ask, path, { id, traces, json }) {
  const done = await ask("POST", `${path}/${id}/run`, { traceIds: traces });
  console.log(json ? JSON.stringify(done, null, 2) : `${id} judges ${done.queued} of them in a moment.`);
}
