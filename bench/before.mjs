// The release before: what this one is measured against where the peer says
// nothing of it. A commit of this repository, built once by its own `npm run
// build` in a folder of its own, of which the Worker and its migrations are kept.
// Leaves out: starting it, which is workers.mjs's.

import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Failed, cache, capture, root, runQuietly, say, tools } from "../scripts/run.mjs";

/** The last commit that kept a row for each span. */
export const COMMIT = "94828dd";

/** Where it lies once it is built: `build` and `migrations`. */
export const BEFORE = join(cache, "before", COMMIT);

/** What is kept of it. */
const KEPT = ["migrations", "build"];

/** Whether it is there to be measured. */
export const isBuilt = () => KEPT.every((folder) => existsSync(join(BEFORE, folder)));

/** Builds it, unless that was done before. */
export async function buildBefore() {
  if (isBuilt()) return;
  say(`building the release before (${COMMIT}), once: two to five minutes`);
  const folder = join(cache, "before", "building");
  rmSync(folder, { recursive: true, force: true });
  try {
    checkOut(folder);
    lend(folder);
    await runQuietly("the release before", "npm", ["run", "build"], {
      cwd: folder,
      // Cargo's folder is its own: this tree's would be built anew after it.
      env: { ...process.env, CARGO_TARGET_DIR: join(folder, "target") },
    });
    rmSync(BEFORE, { recursive: true, force: true });
    mkdirSync(BEFORE);
    for (const part of KEPT) renameSync(join(folder, part), join(BEFORE, part));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The commit's files, without a work tree of git's: nothing is left to prune.
 *  @param {string} folder */
function checkOut(folder) {
  mkdirSync(folder, { recursive: true });
  const archive = `${folder}.tar`;
  try {
    for (const [program, ...args] of [
      ["git", "archive", `--output=${archive}`, COMMIT],
      ["tar", "-xf", archive, "-C", folder],
    ]) {
      const { ok, stderr } = capture(String(program), args);
      if (!ok) throw new Failed(`the release before, ${COMMIT}, is not to be had (a shallow clone?): ${stderr}`);
    }
  } finally {
    rmSync(archive, { force: true });
  }
}

/** What its own setting up would install anew: the packages, where they are the
 *  same, and the tools. These are copied, because it may replace them.
 *  @param {string} folder */
function lend(folder) {
  const lock = "package-lock.json";
  const same = readFileSync(join(root, lock), "utf8") === readFileSync(join(folder, lock), "utf8");
  if (same) symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const bin = join(folder, ".edgespan", "tools", "bin");
  for (const tool of ["worker-build", "wasm-bindgen"]) {
    if (existsSync(join(tools, "bin", tool))) cpSync(join(tools, "bin", tool), join(bin, tool));
  }
}
