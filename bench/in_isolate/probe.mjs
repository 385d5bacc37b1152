// Keeps hold of the wasm memory of whatever is instantiated after this module:
// it is nobody's export, and it never shrinks.
/** @type {WebAssembly.Memory[]} */
export const memories = [];

const Instance = WebAssembly.Instance;
WebAssembly.Instance = class extends Instance {
  /** @param {ConstructorParameters<typeof Instance>} given */
  constructor(...given) {
    super(...given);
    for (const value of Object.values(this.exports)) {
      if (value instanceof WebAssembly.Memory) memories.push(value);
    }
  }
};
