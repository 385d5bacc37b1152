// The command line's options: what is wrong with them is told in a sentence.
import { parseArgs } from "node:util";
import { Failed } from "./run.mjs";

/** node:util's `parseArgs`, whose complaints are the user's to read, with how
 *  the command is used. */
export function parse(config, usage) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new Failed(usage ? `${error.message}\n\n${usage}` : error.message);
  }
}

/** Options that are whole numbers, as text, with what they are by default. */
export function numbers(defaults) {
  const options = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, { type: "string", default: value }]));
  const { values } = parse({ options });
  for (const [name, value] of Object.entries(values)) {
    if (!/^\d{1,9}$/.test(value)) throw new Failed(`--${name}: not a number: ${value}`);
  }
  return values;
}
