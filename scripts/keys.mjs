// `npm run keys`: projects and their API keys, of the server that `npm start` serves
// or (with --remote) of the deployment: a request to the operator's API for each
// command. A key is shown once, when it is made. The Worker learns of a new key within
// seconds and of a revoked one within a minute. Leaves out: removing projects.

import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";

/** The command line, of which `project` is always there, and `id` where a key is meant.
 *  @typedef {object} Options
 *  @property {string} project
 *  @property {string} [id]
 *  @property {string} [name]
 *  @property {string} [handling]
 *  @property {string} [rate-limit]
 *  @property {string} [scopes]
 *  @property {boolean} [keep-old]
 *  @property {boolean} [json]
 *  @property {boolean} [remote] */

const USAGE = `Usage: npm run keys -- COMMAND --project NAME [options]

  create    makes a key, and the project when it is new: one that may send and
            read, or only some of ingest, read and admin (all) [--name KEYNAME] [--handling …]
                                                            [--scopes ingest,read]
  list      shows the project's keys                        [--json]
  revoke    ends a key, within a minute                     --id KEYID
  rotate    makes a key that takes over from another, which
            ends now or, with --keep-old, when it is revoked --id KEYID [--name KEYNAME] [--keep-old]
  configure says what happens to a batch with a bad event when the request
            does not say: refused whole (strict), or its good events are
            accepted (lenient), and how many requests each of its keys may make
            in 10 seconds, 0 for any number                 [--handling strict|lenient]
                                                            [--rate-limit 0|100|1000|10000]

  --remote  of the deployment that \`npm run deploy\` made from this folder, or of the
            one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the
            server that \`npm start\` serves on PORT, with its state in STATE_DIR
`;

const OPTIONS = /** @type {const} */ ({
  project: { type: "string" },
  name: { type: "string" },
  id: { type: "string" },
  handling: { type: "string" },
  scopes: { type: "string" },
  "rate-limit": { type: "string" },
  "keep-old": { type: "boolean" },
  json: { type: "boolean" },
  remote: { type: "boolean" },
  help: { type: "boolean", short: "h" },
});

// What is of none of these forms is refused here, before a server is asked for.
/** @type {Record<"project" | "name" | "id" | "handling" | "scopes" | "rate-limit", [form: RegExp, words: string]>} */
const FORM = {
  project: [/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -"],
  name: [/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -"],
  id: [/^key_[a-z0-9]{1,32}$/, "the id of a key, as `list` shows it: key_…"],
  handling: [/^(strict|lenient)$/, "strict or lenient"],
  scopes: [/^(ingest|read|admin)(,(ingest|read|admin))*$/, "some of ingest, read, admin, joined by commas"],
  "rate-limit": [/^(0|100|1000|10000)$/, "0, 100, 1000 or 10000"],
};

/** @typedef {Awaited<ReturnType<typeof operator>>} Ask */

/** @type {Record<string, (ask: Ask, options: Options) => Promise<void>>} */
const COMMANDS = { create, list, revoke, rotate, configure };

await cli(async () => {
  const { command, options } = read();
  await command(await operator(`keys -- ${command.name} …`, options.remote), options);
});

/** The command line, every value checked. */
function read() {
  const { values: options, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  const [name = ""] = positionals;
  const command = positionals.length === 1 && Object.hasOwn(COMMANDS, name) && COMMANDS[name];
  if (!command) throw new Failed(`which command?\n\n${USAGE}`);
  for (const [option, [form, words]] of Object.entries(FORM)) {
    const value = options[/** @type {keyof typeof FORM} */ (option)];
    if (value !== undefined && !form.test(value)) {
      throw new Failed(`--${option} must be ${words}`);
    }
  }
  /** @type {("project" | "id")[]} */
  const needed = command === revoke || command === rotate ? ["project", "id"] : ["project"];
  for (const option of needed) {
    if (options[option] === undefined) throw new Failed(`${name} needs --${option}\n\n${USAGE}`);
  }
  if (command === configure && !options.handling && !options["rate-limit"]) {
    throw new Failed(`configure what?\n\n${USAGE}`);
  }
  return { command, options: /** @type {Options} */ (options) };
}

/** The key alone goes to the standard output, for scripts to take it from.
 *  @param {{ key: string, id: string }} made
 *  @param {string} project */
function show({ key, id }, project) {
  console.error(`Key ${id} of project ${project}. It is shown this once:\n`);
  console.log(key);
}

/** @param {Ask} ask
 *  @param {Options} options */
async function create(ask, { project, name, handling, scopes }) {
  show(await ask("POST", `projects/${project}/keys`, { name, handling, scopes }), project);
}

/** @param {Ask} ask
 *  @param {Options} options */
async function list(ask, { project: name, json }) {
  const found = await ask("GET", `projects/${name}`);
  if (json) return console.log(JSON.stringify(found, null, 2));

  const { project, keys } = found;
  const time = (/** @type {string | null} */ at) => at?.slice(0, 16).replace("T", " ") ?? "";
  console.log(`Project ${name} (${project.id}), handling ${project.handling}, rate limit ${project.rateLimit || "none"}. Times are UTC.`);
  console.table(
    Object.fromEntries(
      keys.map((/** @type {Record<string, string>} */ key) => [
        key.id,
        {
          name: key.name,
          prefix: key.prefix,
          scopes: key.scopes,
          created: time(key.createdAt ?? null),
          "last used": time(key.lastUsedAt ?? null),
          revoked: time(key.revokedAt ?? null),
          "rotated from": key.rotatedFrom ?? "",
        },
      ]),
    ),
  );
}

/** @param {Ask} ask
 *  @param {Options} options */
async function revoke(ask, { project, id }) {
  await ask("DELETE", `projects/${project}/keys/${id}`);
  console.error(`Key ${id} is revoked: it stops working within a minute.`);
}

/** @param {Ask} ask
 *  @param {Options} options */
async function rotate(ask, { project, id, name, "keep-old": keepOld = false }) {
  show(await ask("POST", `projects/${project}/keys/${id}/rotate`, { name, keepOld }), project);
  console.error(
    keepOld
      ? `\nKey ${id} still works: revoke it when nobody uses it any more.`
      : `\nKey ${id} is revoked: it stops working within a minute.`,
  );
}

/** @param {Ask} ask
 *  @param {Options} options */
async function configure(ask, { project, handling, "rate-limit": limit }) {
  const rateLimit = limit === undefined ? undefined : Number(limit);
  const set = await ask("PATCH", `projects/${project}`, { handling, rateLimit });
  console.error(`Project ${project}: handling ${set.handling}, rate limit ${set.rateLimit || "none"}, within a minute.`);
}
