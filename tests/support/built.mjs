// The built Worker, which is there only after a build: its types are said in
// built.d.mts, so that they can be checked without it.
export { default } from "../../build/index.js";
