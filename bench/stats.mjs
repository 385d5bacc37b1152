// Rounds and what they come to.

/** @import { Effort } from "./types.d.ts" */

/** @param {number[]} values
 *  @param {number} q */
export const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
};

/** @param {number[]} values */
export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [before = NaN, after = NaN] = sorted.slice(middle - 1, middle + 1);
  return sorted.length % 2 ? (sorted[middle] ?? NaN) : (before + after) / 2;
};

/**
 * Does `round` with each subject in turn, so that what else the machine does
 * falls on all of them alike: as often as asked for, or until the time is up,
 * but at least three times. The medians of what it gave (numbers by name),
 * for each subject in order.
 * @template Subject
 * @template {string} Name
 * @param {readonly Subject[]} subjects
 * @param {Effort} effort
 * @param {(subject: Subject, done: number) => Promise<Record<Name, number>>} round
 * @returns {Promise<Record<Name, number>[]>}
 */
export async function rounds(subjects, { most, seconds = Infinity }, round) {
  const until = performance.now() + seconds * 1000;
  const seen = subjects.map((subject) => ({ subject, values: /** @type {Map<Name, number[]>} */ (new Map()) }));
  for (let done = 0; done < most && (done < 3 || performance.now() < until); done++) {
    // Each second round the other way about: nobody is always first.
    for (const { subject, values } of done % 2 ? seen.toReversed() : seen) {
      const given = await round(subject, done);
      for (const name of /** @type {Name[]} */ (Object.keys(given))) values.set(name, [...(values.get(name) ?? []), given[name]]);
    }
  }
  return seen.map(
    ({ values }) => /** @type {Record<Name, number>} */ (Object.fromEntries([...values].map(([name, all]) => [name, median(all)]))),
  );
}

/** What was measured of ours and of the peer, in this order.
 *  @template T
 *  @param {readonly T[]} results
 *  @returns {[ours: T, peer: T]} */
export function both([ours, peer]) {
  if (ours === undefined || peer === undefined) throw new Error("one of the two was not measured");
  return [ours, peer];
}

/** Numbers of batches never used before: every batch has new ids. */
let used = 1;
/** The first of so many.
 *  @param {number} batches */
export function fresh(batches) {
  used += batches;
  return used - batches;
}
