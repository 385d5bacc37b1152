// `npm run keys`: projects and their API keys, in the local database or (with
// --remote) in the deployed one. A key is shown once, when it is made; what is
// stored is its SHA-256. The Worker learns of a new key within seconds and of
// a revoked one within a minute. Leaves out: removing projects.

import { randomBytes } from "node:crypto";
import { ensureLocalState, hashOf, query } from "./local.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";
import { checkState } from "./running.mjs";
import { ensurePackages } from "./setup.mjs";

/** The command line, of which `project` is always there, and `id` where a key is meant.
 *  @typedef {object} Options
 *  @property {string} project
 *  @property {string} [id]
 *  @property {string} [name]
 *  @property {string} [handling]
 *  @property {string} [rate-limit]
 *  @property {boolean} [keep-old]
 *  @property {boolean} [json]
 *  @property {boolean} [remote] */

const USAGE = `Usage: npm run keys -- COMMAND --project NAME [options]

  create    makes a key, and the project when it is new     [--name KEYNAME] [--handling …]
  list      shows the project's keys                        [--json]
  revoke    ends a key, within a minute                     --id KEYID
  rotate    makes a key that takes over from another, which
            ends now or, with --keep-old, when it is revoked --id KEYID [--name KEYNAME] [--keep-old]
  configure says what happens to a batch with a bad event when the request
            does not say: refused whole (strict), or its good events are
            accepted (lenient), and how many requests each of its keys may make
            in 10 seconds, 0 for any number                 [--handling strict|lenient]
                                                            [--rate-limit 0|100|1000|10000]

  --remote  the deployed database; otherwise the local one, which is in
            STATE_DIR (.edgespan/state)
`;

const OPTIONS = /** @type {const} */ ({
  project: { type: "string" },
  name: { type: "string" },
  id: { type: "string" },
  handling: { type: "string" },
  "rate-limit": { type: "string" },
  "keep-old": { type: "boolean" },
  json: { type: "boolean" },
  remote: { type: "boolean" },
  help: { type: "boolean", short: "h" },
});

// Values become part of SQL text (wrangler takes no parameters), so nothing
// gets there that is not of one of these forms. There is no escaping to get wrong.
/** @type {Record<"project" | "name" | "id" | "handling" | "rate-limit", [form: RegExp, words: string]>} */
const FORM = {
  project: [/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -"],
  name: [/^[A-Za-z0-9._-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 . _ -"],
  id: [/^key_[a-z0-9]{1,32}$/, "the id of a key, as `list` shows it: key_…"],
  handling: [/^(strict|lenient)$/, "strict or lenient"],
  "rate-limit": [/^(0|100|1000|10000)$/, "0, 100, 1000 or 10000"],
};

/** @type {Record<string, (options: Options) => void>} */
const COMMANDS = { create, list, revoke, rotate, configure };

await cli(async () => {
  const { command, options } = read();
  if (!options.remote) await checkState(`keys -- ${command.name} …`, command === create);
  await ensurePackages();
  if (!options.remote) ensureLocalState();
  command(options);
});

/** The command line, every value checked. */
function read() {
  const { values: options, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  if (options.help) {
    console.log(USAGE);
    process.exit(0);
  }
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

/** A new key and what is stored of it, ready for SQL. */
function newKey() {
  const key = `ts_${randomBytes(32).toString("base64url")}`;
  return { key, hash: hashOf(key), id: `key_${randomId()}`, prefix: key.slice(0, 11), now: Date.now() };
}

/** 48 random bits in 12 characters: unique, not secret. */
function randomId() {
  return randomBytes(6).toString("hex");
}

/** The key alone goes to the standard output, for scripts to take it from.
 *  @param {{ key: string, id: string }} made
 *  @param {string} project */
function show({ key, id }, project) {
  console.error(`Key ${id} of project ${project}. It is shown this once:\n`);
  console.log(key);
}

/** @param {Options} options */
function create({ project, name = "default", handling, remote }) {
  const made = newKey();
  const [, , rows = []] = query(
    `insert into project (id, name, handling, created_ms)
       values ('${randomId()}', '${project}', '${handling ?? "strict"}', ${made.now})
       on conflict (name) do ${handling ? "update set handling = excluded.handling" : "nothing"};
     insert into api_key (hash, id, project, name, prefix, created_ms)
       select '${made.hash}', '${made.id}', id, '${name}', '${made.prefix}', ${made.now}
       from project where name = '${project}';
     select id from api_key where id = '${made.id}';`,
    { remote },
  );
  if (rows.length !== 1) throw new Failed("no key was made");
  show(made, project);
}

/** @param {Options} options */
function list({ project, json, remote }) {
  const [[found] = [], keys = []] = query(
    `select id, name, handling, created_ms from project where name = '${project}';
     select k.id, k.name, k.prefix, k.created_ms, k.last_used_ms, k.revoked_ms, k.rotated_from
       from api_key k join project p on p.id = k.project where p.name = '${project}' order by k.created_ms, k.id;`,
    { remote },
  );
  if (!found) throw new Failed(`there is no project ${project}`);
  if (json) return console.log(JSON.stringify({ project: found, keys }, null, 2));

  const time = (/** @type {number | null} */ ms) => (ms === null ? "" : new Date(ms).toISOString().slice(0, 16).replace("T", " "));
  console.log(`Project ${project} (${found.id}), handling ${found.handling}. Times are UTC.`);
  console.table(
    Object.fromEntries(
      keys.map((key) => [
        key.id,
        {
          name: key.name,
          prefix: key.prefix,
          created: time(key.created_ms),
          "last used": time(key.last_used_ms),
          revoked: time(key.revoked_ms),
          "rotated from": key.rotated_from ?? "",
        },
      ]),
    ),
  );
}

/** The one key that is meant: of this project, and not revoked yet.
 *  @param {Options} options */
function live({ project, id }) {
  return `id = '${id}' and revoked_ms is null and project = (select id from project where name = '${project}')`;
}

/** @param {Options} options */
function notLive({ project, id }) {
  return new Failed(`project ${project} has no key ${id} that is not revoked yet`);
}

/** @param {Options} options */
function revoke(options) {
  const [rows = []] = query(`update api_key set revoked_ms = ${Date.now()} where ${live(options)} returning id;`, options);
  if (rows.length !== 1) throw notLive(options);
  console.error(`Key ${options.id} is revoked: it stops working within a minute.`);
}

/** @param {Options} options */
function rotate(options) {
  const made = newKey();
  const name = options.name ? `'${options.name}'` : "name";
  const [rows = []] = query(
    `insert into api_key (hash, id, project, name, prefix, created_ms, rotated_from)
       select '${made.hash}', '${made.id}', project, ${name}, '${made.prefix}', ${made.now}, id
       from api_key where ${live(options)} returning id;
     ${options["keep-old"] ? "" : `update api_key set revoked_ms = ${made.now} where ${live(options)};`}`,
    options,
  );
  if (rows.length !== 1) throw notLive(options);
  show(made, options.project);
  console.error(
    options["keep-old"]
      ? `\nKey ${options.id} still works: revoke it when nobody uses it any more.`
      : `\nKey ${options.id} is revoked: it stops working within a minute.`,
  );
}

/** @param {Options} options */
function configure({ project, handling, "rate-limit": rateLimit, remote }) {
  const settings = [...(handling ? [`handling = '${handling}'`] : []), ...(rateLimit ? [`rate_limit = ${rateLimit}`] : [])].join(", ");
  const [rows = []] = query(`update project set ${settings} where name = '${project}' returning id;`, { remote });
  if (rows.length !== 1) throw new Failed(`there is no project ${project}`);
  console.error(`Project ${project}: ${settings}, within a minute.`);
}
