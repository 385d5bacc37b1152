// `npm run routing`: a project's routing configurations, of the server that `npm start`
// serves or (with --remote) of the deployment: a request to the operator's API for each
// command. What a configuration may hold is the API's to say.

import { readObject, whichOf } from "./managed.mjs";
import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";

/** The command line, of which `project` is always there, and `id` where one is meant.
 *  @typedef {object} Options
 *  @property {string} project
 *  @property {string} id
 *  @property {string} [name]
 *  @property {Record<string, unknown>} [config]
 *  @property {boolean} [enabled]
 *  @property {boolean} [json]
 *  @property {boolean} [remote] */

const USAGE = `Usage: npm run routing -- COMMAND --project NAME [options]

  list       shows the project's routing configurations
  create     makes one              --name N --config '{"defaultModel":"small","rules":[]}'
                                    [--disable]
  update ID  changes what is given  [--name N] [--config JSON] [--enable | --disable]
  delete ID  deletes one

  --json     for machines: as the API says it
  --remote   of the deployment that \`npm run deploy\` made from this folder, or of the
             one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the
             server that \`npm start\` serves on PORT, with its state in STATE_DIR
`;

/** @typedef {Awaited<ReturnType<typeof operator>>} Ask */

/** @type {Record<string, (ask: Ask, path: string, options: Options) => Promise<void>>} */
const COMMANDS = { list, create, update, delete: remove };

await cli(async () => {
  const { command, name, options } = read();
  const ask = await operator(`routing -- ${name} …`, options.remote);
  await command(ask, `projects/${options.project}/routing-configs`, options);
});

/** The command line, every value checked. */
function read() {
  const { values, positionals } = parse(
    {
      options: {
        project: { type: "string" },
        name: { type: "string" },
        config: { type: "string" },
        enable: { type: "boolean" },
        disable: { type: "boolean" },
        json: { type: "boolean" },
        remote: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
      allowPositionals: true,
    },
    USAGE,
  );
  const { config: text, enable, disable, ...rest } = values;
  const said = { positionals, project: values.project, prefix: "rc_", usage: USAGE };
  const { command, name, id, project } = whichOf(COMMANDS, said, (command) => command === update || command === remove);
  if (enable && disable) throw new Failed("--enable or --disable?");
  const changes = values.name !== undefined || text !== undefined || enable || disable;
  if (changes && (command === list || command === remove)) throw new Failed(`${name} takes no --name, --config, --enable, --disable`);
  if (command === create && (values.name === undefined || text === undefined)) {
    throw new Failed(`create needs --name and --config\n\n${USAGE}`);
  }
  if (command === update && !changes) throw new Failed(`update what?\n\n${USAGE}`);
  const enabled = enable ? true : disable ? false : undefined;
  return { command, name, options: { ...rest, project, id, enabled, config: readObject("config", text) } };
}

/** What a command is answered: as it is, or what there is to say of it.
 *  @param {{ id: string, name: string, enabled: boolean, warnings?: string[] }} config
 *  @param {Options} options
 *  @param {string} what */
function show(config, { json }, what) {
  if (json) return console.log(JSON.stringify(config, null, 2));
  console.log(`${what} ${config.name} (${config.id}), ${config.enabled ? "enabled" : "disabled"}. It holds within ten seconds.`);
  for (const warning of config.warnings ?? []) console.error(`warning: ${warning}`);
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function list(ask, path, { json }) {
  const { routingConfigs } = await ask("GET", `${path}?limit=100`);
  if (json) return console.log(JSON.stringify(routingConfigs, null, 2));
  console.table(
    Object.fromEntries(
      routingConfigs.map((/** @type {any} */ { id, name, enabled, defaultModel, rules, updatedAt }) => [
        id,
        { name, enabled, "default model": defaultModel, rules: rules.length, "updated (UTC)": updatedAt.slice(0, 16).replace("T", " ") },
      ]),
    ),
  );
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function create(ask, path, options) {
  const { name, enabled, config } = options;
  show(await ask("POST", path, { ...config, name, enabled }), options, "Made");
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function update(ask, path, options) {
  const { id, name, enabled, config } = options;
  show(await ask("PATCH", `${path}/${id}`, { ...config, name, enabled }), options, "Changed");
}

/** @param {Ask} ask
 *  @param {string} path
 *  @param {Options} options */
async function remove(ask, path, { id, json }) {
  const done = await ask("DELETE", `${path}/${id}`);
  console.log(json ? JSON.stringify(done, null, 2) : `Deleted ${id}.`);
}
