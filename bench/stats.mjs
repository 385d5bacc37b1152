// Rounds and what they come to.

export const quantile = (values, q) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
};

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * Does `round` with each subject in turn, so that what else the machine does
 * falls on all of them alike: as often as asked for, or until the time is up,
 * but at least three times. The medians of what it gave (numbers by name),
 * for each subject in order.
 */
export async function rounds(subjects, { most, seconds = Infinity }, round) {
  const until = performance.now() + seconds * 1000;
  const seen = subjects.map(() => ({}));
  for (let done = 0; done < most && (done < 3 || performance.now() < until); done++) {
    // Each second round the other way about: nobody is always first.
    const order = [...subjects.keys()];
    if (done % 2) order.reverse();
    for (const at of order) {
      for (const [name, value] of Object.entries(await round(subjects[at], done))) (seen[at][name] ??= []).push(value);
    }
  }
  return seen.map((values) => Object.fromEntries(Object.entries(values).map(([name, all]) => [name, median(all)])));
}

/** Numbers of batches never used before: every batch has new ids. */
let used = 1;
export const fresh = (batches) => (used += batches) - batches;
