// Chance from a seed, so that a run can be had again: which batches, which
// faults, which moments. What the machine makes of them is not repeated.

/** Mulberry32: a function that gives numbers from 0 to 1.
 *  @param {number} seed */
export function generator(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export class Dice {
  /** @param {number} seed */
  constructor(seed) {
    this.random = generator(seed);
  }

  /** A whole number, `least` to `most`.
   *  @param {number} least
   *  @param {number} most */
  number(least, most) {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  /** @param {number} part */
  chance(part) {
    return this.random() < part;
  }

  /** @template T
   *  @param {readonly T[]} things
   *  @returns {T} */
  pick(things) {
    return /** @type {T} */ (things[this.number(0, things.length - 1)]);
  }
}

/** A seed that nobody chose. */
export const newSeed = () => Math.floor(Math.random() * 1_000_000_000);
