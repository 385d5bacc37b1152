// Chance from a seed, so that the same seed makes the same project again.
// Leaves out: anything that must be hard to guess.

export class Chance {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.#state = seed | 0;
  }

  /** Mulberry32: a number from 0 up to but not including 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Another one, which goes on by itself: what is taken from it changes nothing here. */
  fork() {
    return new Chance(Math.floor(this.next() * 2 ** 32));
  }

  /** A whole number, `least` to `most`.
   *  @param {number} least
   *  @param {number} most */
  number(least, most) {
    return least + Math.floor(this.next() * (most - least + 1));
  }

  /** @param {number} part */
  is(part) {
    return this.next() < part;
  }

  /** @template T
   *  @param {readonly T[]} things
   *  @returns {T} */
  pick(things) {
    return /** @type {T} */ (things[this.number(0, things.length - 1)]);
  }

  /** One of `[weight, thing]`, the heavier the likelier.
   *  @template T
   *  @param {readonly [number, T][]} things
   *  @returns {T} */
  weighed(things) {
    let at = this.next() * things.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, thing] of things) {
      at -= weight;
      if (at < 0) return thing;
    }
    return /** @type {[number, T]} */ (things.at(-1))[1];
  }

  /** Something that takes about so long: mostly near it, now and then a good deal longer.
   *  @param {number} typical */
  around(typical) {
    const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
    return typical * Math.exp(0.45 * normal);
  }

  /** @param {number} digits */
  hex(digits) {
    let text = "";
    while (text.length < digits) text += Math.floor(this.next() * 16).toString(16);
    return text;
  }

  uuid() {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-${this.pick(["8", "9", "a", "b"])}${this.hex(3)}-${this.hex(12)}`;
  }
}
