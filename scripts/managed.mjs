// What the commands over things of a project share that have ids (evaluators, routing
// configurations, alerts, budgets): which command it is, of which project, about which of them;
// and objects and numbers on the command line.

import { checkProject } from "./options.mjs";
import { Failed } from "./run.mjs";

/**
 * What is asked for, checked.
 * @template Command
 * @param {Record<string, Command>} commands By name.
 * @param {{ positionals: string[], project: string | undefined, prefix: string, usage: string }} said
 * `prefix` is what ids begin with.
 * @param {(command: Command) => boolean} takesId
 */
export function whichOf(commands, { positionals, project, prefix, usage }, takesId) {
  const [name = "", id = "", ...more] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined || more.length > 0) throw new Failed(`which command?\n\n${usage}`);
  if (project === undefined) throw new Failed(`${name} needs --project\n\n${usage}`);
  checkProject(project);
  const takes = takesId(command);
  if (takes !== (id !== "")) throw new Failed(`${name} ${takes ? "needs an ID" : "takes no ID"}\n\n${usage}`);
  if (id && !new RegExp(`^${prefix}[a-f0-9]{1,40}$`).test(id)) throw new Failed(`ID must be one as \`list\` shows it: ${prefix}…`);
  return { command, name, id, project };
}

/** The object that an option says as JSON, if it is there.
 *  @param {string} name
 *  @param {string | undefined} text
 *  @returns {Record<string, unknown> | undefined} */
export function readObject(name, text) {
  if (text === undefined) return undefined;
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failed(`--${name} is no JSON: ${/** @type {Error} */ (error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Failed(`--${name} must be a JSON object`);
  return value;
}

/** The number that an option says, if it is there.
 *  @param {string} name
 *  @param {string | undefined} text */
export function readNumber(name, text) {
  if (text === undefined) return undefined;
  if (!/^\d{1,13}(\.\d{1,9})?$/.test(text)) throw new Failed(`--${name} must be a number`);
  return Number(text);
}
