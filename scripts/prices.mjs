// `npm run prices`: the prices that costs are computed by. `table` makes the table that the
// Worker is built with anew, from the package that scripts/prices/requirements.txt names; the
// other commands are about a project's own prices, of the server that `npm start` serves or
// (with --remote) of the deployment. Leaves out: applying prices to what there is, which is
// `npm run replay`.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { operator } from "./operator.mjs";
import { checkProject, parse } from "./options.mjs";
import { ensureEnvironment } from "./python.mjs";
import { isRelease } from "./released.mjs";
import { Failed, capture, cli, root, say } from "./run.mjs";

/** A line of the table after the first.
 *  @typedef {[provider: string, id: string, clauses: unknown[], periods: [string, ...unknown[]][]]} Row */

const USAGE = `Usage: npm run prices -- COMMAND [options]

  list    shows a project's own prices            --project NAME [--json]
  set     sets one: dollars per million tokens    --project NAME --pattern MODEL --input 2.5 --output 10
          for a model's name, or for all that     [--cache-read 1.25] [--cache-write …] [--cache-write-1h …]
          begin so (MODEL*), from a day on        [--audio-input …] [--from 2026-11-24]
  remove  removes one                             --project NAME --pattern MODEL [--from 2026-11-24]
  table   makes the table that the Worker is built with anew

  --remote  of the deployment that \`npm run deploy\` made from this folder, or of the
            one at EDGESPAN_URL, whose secret is in ADMIN_TOKEN

Prices hold for what comes from then on: \`npm run replay\` applies them to what is there.
`;

const PRICES = /** @type {const} */ (["input", "output", "cache-read", "cache-write", "cache-write-1h", "audio-input"]);

const text = /** @type {const} */ ({ type: "string" });
const flag = /** @type {const} */ ({ type: "boolean" });
const OPTIONS = {
  project: text,
  pattern: text,
  from: text,
  input: text,
  output: text,
  "cache-read": text,
  "cache-write": text,
  "cache-write-1h": text,
  "audio-input": text,
  json: flag,
  remote: flag,
  help: { ...flag, short: "h" },
};

/** @typedef {Partial<Record<typeof PRICES[number] | "project" | "pattern" | "from", string>> & { json?: boolean, remote?: boolean }} Options */

const TABLE = join(root, "crates", "prices", "src", "price", "table.json");

await cli(async () => {
  const { values, positionals } = parse({ options: OPTIONS, allowPositionals: true }, USAGE);
  const options = /** @type {Options} */ (values);
  const [name = ""] = positionals;
  if (positionals.length !== 1) throw new Failed(`which command?\n\n${USAGE}`);
  if (name === "table") {
    if (isRelease) throw new Failed("a release has its table built in: a checkout of the source makes it");
    return makeTable();
  }

  if (!["list", "set", "remove"].includes(name)) throw new Failed(`which command?\n\n${USAGE}`);
  if (!options.project) throw new Failed(`${name} needs --project\n\n${USAGE}`);
  checkProject(options.project);
  if (name !== "list" && !options.pattern) throw new Failed(`${name} needs --pattern\n\n${USAGE}`);
  const prices = name === "set" ? pricesOf(options) : {};
  const ask = await operator(`prices -- ${name} …`, options.remote);
  const path = `projects/${options.project}/prices`;
  if (name === "list") return list(await ask("GET", path), options);

  if (name === "set") {
    const set = await ask("PUT", path, { pattern: options.pattern, from: options.from, prices });
    console.error(`${set.pattern}: set, for what comes from now on.`);
  } else {
    const which = new URLSearchParams({ pattern: options.pattern ?? "", from: options.from ?? "" });
    await ask("DELETE", `${path}?${which}`);
    console.error(`${options.pattern}: removed, for what comes from now on.`);
  }
});

/** The prices of the command line, named as the API has them.
 *  @param {Options} options */
function pricesOf(options) {
  /** @type {Record<string, number>} */
  const prices = {};
  for (const option of PRICES) {
    const value = options[option];
    if (value === undefined) continue;
    if (!/^\d{1,7}(\.\d{1,6})?$/.test(value)) throw new Failed(`--${option} must be dollars per million tokens such as 2.5`);
    prices[option.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())] = Number(value);
  }
  if (!("input" in prices && "output" in prices)) throw new Failed(`set needs --input and --output\n\n${USAGE}`);
  return prices;
}

/** @param {{ prices: { pattern: string, from: string | null, prices: Record<string, number> }[], table: Record<string, string> }} found
 *  @param {Options} options */
function list(found, { project, json }) {
  if (json) return console.log(JSON.stringify(found, null, 2));

  const { table } = found;
  console.log(
    `Project ${project}: dollars per million tokens. All others are of ${table.source}, ${table.generated}: ${table.models} models.`,
  );
  if (found.prices.length > 0) console.table(found.prices.map(({ pattern, from, prices }) => ({ pattern, from: from ?? "", ...prices })));
}

/** Makes the table anew. What it says of a model and a day stays: costs of old spans are
 *  computed by it, too. */
async function makeTable() {
  const commands = await ensureEnvironment("python-prices", "scripts/prices/requirements.txt", "genai-prices");
  if (!commands) throw new Failed("the table is made by a Python package");
  const made = capture(join(commands, "python"), [join(root, "scripts", "prices", "table.py")]);
  if (!made.ok) throw new Failed(`table.py: ${made.stderr}`);
  const [before, after] = [readFileSync(TABLE, "utf8"), made.stdout.trimEnd()].map((json) => rowsOf(json));
  const gone = [...(before?.keys() ?? [])].filter((key) => !after?.has(key));
  if (gone.length > 0) {
    throw new Failed(
      `the table would lose ${gone.length} prices that old spans may have, and is left as it is:\n${gone.slice(0, 20).join("\n")}`,
    );
  }
  writeFileSync(TABLE, `${made.stdout.trimEnd()}\n`);
  say(`${after?.size} prices, of which ${[...(after?.keys() ?? [])].filter((key) => !before?.has(key)).length} are new`);
}

/** The models of a table with the days of their prices.
 *  @param {string} json */
function rowsOf(json) {
  const [, ...rows] = /** @type {[unknown, ...Row[]]} */ (JSON.parse(json));
  return new Set(rows.flatMap(([provider, id, , periods]) => periods.map(([from]) => `${provider} ${id} ${from || "always"}`)));
}
