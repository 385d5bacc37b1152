// A browser for the tests that look at the pages: whatever Chromium there is.
// In CI, as root, on Debian and Ubuntu, it is installed where there is none, from
// the distribution; on anybody's own machine nothing is ever installed for them.
// Without one the tests of the pages are skipped, which is said, but not in CI.

import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { Failed, capture, runQuietly, say } from "./run.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "microsoft-edge-stable"];
/** Where they are when they are not on PATH. */
const PLACES = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  "/usr/lib/chromium/chromium",
  "/opt/google/chrome/chrome",
  "/opt/microsoft/msedge/msedge",
];

/** What decides whether a browser may be installed; tests say otherwise. */
const MACHINE = { ci: Boolean(process.env.CI), root: process.getuid?.() === 0, places: PLACES, system: system() };

/** The path of a browser that runs, or null where there is none.
 *  @param {Partial<typeof MACHINE>} [machine]
 *  @returns {Promise<string | null>} */
export async function ensureBrowser(machine = {}) {
  const { ci, root, places, system } = { ...MACHINE, ...machine };
  const own = process.env.CHROMIUM_PATH;
  if (own) {
    if (!runs(own)) throw new Failed(`CHROMIUM_PATH is ${own}, and that does not run`);
    return own;
  }
  const found = find(places);
  if (found) return found;
  if (!ci || !root || !hasApt(system))
    return without(
      ci,
      `there is no browser. Install Chromium, Chrome or Edge (on Debian and Ubuntu \
\`sudo apt-get install chromium\`), or say where one is in CHROMIUM_PATH`,
    );
  say("installing Chromium with apt-get, for the tests of the pages (a minute)");
  try {
    await runQuietly("the list of packages", "apt-get", [...WAIT, "update"], QUIET);
    await runQuietly("Chromium", "apt-get", [...WAIT, "install", "-y", "--no-install-recommends", "chromium"], QUIET);
  } catch (error) {
    return without(ci, error instanceof Error ? error.message : String(error));
  }
  return find(places) ?? without(ci, "apt-get has installed Chromium, and it does not run");
}

const QUIET = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
/** Machines that have just begun install updates of their own. */
const WAIT = ["-o", "DPkg::Lock::Timeout=120"];

/** @param {string[]} places */
function find(places) {
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...places].find((path) => executable(path) && runs(path));
}

/** @param {string} path */
function executable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Ubuntu's `chromium-browser` without a snap daemon is there, and only says so.
 *  @param {string} path */
function runs(path) {
  return capture(path, ["--version"], { timeout: 20_000 }).ok;
}

/** What says which system this is; nothing where that is not said. */
function system() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/** @param {string} system */
function hasApt(system) {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(system) && capture("apt-get", ["--version"]).ok;
}

/** @param {boolean} ci
 *  @param {string} why
 *  @returns {null} */
function without(ci, why) {
  if (ci) throw new Failed(`the tests of the pages cannot run: ${why}`);
  say(`the tests of the pages will be SKIPPED: ${why}`);
  return null;
}
