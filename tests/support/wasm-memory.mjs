// Test only: notes the memory of the wasm instance that is made next. Must be
// imported before the Worker, which makes it while it is loaded.
const { Instance } = WebAssembly;
/** @type {WebAssembly.Memory | undefined} */
let memory;

WebAssembly.Instance = class extends Instance {
  /** @param {ConstructorParameters<typeof Instance>} made */
  constructor(...made) {
    super(...made);
    if (this.exports.memory instanceof WebAssembly.Memory) memory = this.exports.memory;
  }
};

/** How large it is. Wasm memory never shrinks: this is the most there was. */
export const wasmBytes = () => memory?.buffer.byteLength ?? 0;
