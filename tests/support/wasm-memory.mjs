// Test only: notes the memory of the wasm instance that is made next. Must be
// imported before the Worker, which makes it while it is loaded.
const { Instance } = WebAssembly;
let memory;

WebAssembly.Instance = function (...made) {
  const instance = new Instance(...made);
  memory = instance.exports.memory;
  return instance;
};

/** How large it is. Wasm memory never shrinks: this is the most there was. */
export const wasmBytes = () => memory.buffer.byteLength;
