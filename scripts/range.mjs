// What commands over a range of raw batches share: times and names on the command line,
// and the bar that shows how far they are.

import { isRelease } from "./released.mjs";
import { Failed } from "./run.mjs";

/** A time as milliseconds. Checked and completed here, because what `Date` makes
 *  of a text depends on its form and on where this runs.
 *  @param {string} option
 *  @param {string} text */
export function time(option, text) {
  const [form, date, clock = "00:00", , , offset = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(:\d\d(\.\d+)?)?)([Zz]|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const at = form ? Date.parse(`${date}T${clock}${offset.toUpperCase()}`) : NaN;
  // A day that no month has would be one of the next month.
  const real = new Date(`${date}T00:00Z`).getUTCDate() === Number(date?.slice(8));
  if (Number.isNaN(at) || !real) throw new Failed(`--${option}: expected a time such as 2026-03-14 or 2026-03-14T10:00:00Z, found ${text}`);
  return at;
}

/** The id of the project with this name.
 *  @param {Awaited<ReturnType<typeof import("./operator.mjs").operator>>} ask
 *  @param {string} name
 *  @returns {Promise<string>} */
export async function projectId(ask, name) {
  return (await ask("GET", `projects/${name}`)).project.id;
}

/** A bar that goes from one time to another, or along whatever `say` says. Without a terminal
 *  it shows nothing, nor in a release, which has no package for it.
 *  @param {number} from
 *  @param {number} to
 *  @param {string} [what] what is counted
 *  @param {(reached: number) => string} [say] */
export async function showBar(from, to, what = "batches", say = (reached) => new Date(reached).toISOString()) {
  if (isRelease) return { update() {}, stop() {} };
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  // Lines are left to wrap: cut off, it would leave the terminal so that none do.
  const options = { format: `{bar} {percentage}% | {count} ${what} | {at}`, barsize: 30, linewrap: true };
  const bar = new SingleBar(options, Presets.shades_classic);
  bar.start(100, 0, { count: 0, at: say(from) });
  return {
    /** @param {number} reached
     *  @param {number} count */
    update(reached, count) {
      const part = Math.min(1, Math.max(0, (reached - from) / (to - from || 1)));
      bar.update(100 * part, { count, at: say(reached) });
    },
    stop: () => bar.stop(),
  };
}
