// The command line's options: what is wrong with them is told in a sentence.
import { parseArgs } from "node:util";
import { Failed } from "./run.mjs";

/** @import { ParseArgsConfig } from "node:util" */

/** node:util's `parseArgs`, whose complaints are the user's to read, with how
 *  the command is used. `--help`, where it is an option, prints that and ends.
 *  @template {ParseArgsConfig} T
 *  @param {T} config
 *  @param {string} [usage] */
export function parse(config, usage) {
  let parsed;
  try {
    parsed = parseArgs(config);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    throw new Failed(usage ? `${message}\n\n${usage}` : message);
  }
  if (usage && "help" in parsed.values) {
    console.log(usage);
    process.exit(0);
  }
  return parsed;
}

/** Whether a project may have this name, where one is given.
 *  @param {string | undefined} name */
export function checkProject(name) {
  if (name !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(name)) throw new Failed("--project must be 1 to 64 of A-Z a-z 0-9 . _ -");
}

/** Options that are whole numbers, as text, with what they are by default.
 *  @template {Record<string, string | undefined>} Defaults
 *  @param {Defaults} defaults
 *  @returns {{ [Name in keyof Defaults]: Defaults[Name] extends string ? string : string | undefined }} */
export function numbers(defaults) {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, { type: /** @type {const} */ ("string"), default: value }]),
  );
  const { values } = parse({ options });
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d{1,9}$/.test(String(value))) throw new Failed(`--${name}: not a number: ${value}`);
  }
  return /** @type {any} */ (values);
}
