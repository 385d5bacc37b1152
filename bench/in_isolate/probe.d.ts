// The name under which the driver gets probe.mjs: see ../workers.mjs.
export { memories } from "./probe.mjs";
