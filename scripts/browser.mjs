// A browser for the tests that look at the pages: whatever Chromium there is,
// and on Debian and Ubuntu, for whoever may install packages, the
// distribution's own. Nothing is downloaded from anywhere else; where there can
// be none the tests of the pages are skipped, but not in CI.

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

/** The path of a browser that runs, or null where there cannot be one. */
export async function ensureBrowser() {
  const own = process.env.CHROMIUM_PATH;
  if (own) {
    if (!runs(own)) throw new Failed(`CHROMIUM_PATH is ${own}, and that does not run`);
    return own;
  }
  const found = find();
  if (found) return found;
  const apt = aptGet();
  if (!apt) return without(`there is none. Install Chromium, Chrome or Edge (on Debian and Ubuntu \`apt-get install chromium\`), \
or say where one is in CHROMIUM_PATH`);
  say("installing Chromium with apt-get, for the tests of the pages (a minute)");
  try {
    const [command, ...args] = apt;
    await runQuietly("the list of packages", command, [...args, "update"], QUIET);
    await runQuietly("Chromium", command, [...args, "install", "-y", "--no-install-recommends", "chromium"], QUIET);
  } catch (error) {
    return without(/** @type {Error} */ (error).message);
  }
  return find() ?? without("apt-get has installed Chromium, and it does not run");
}

const QUIET = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } };
/** Machines that have just begun install updates of their own. */
const WAIT = ["-o", "DPkg::Lock::Timeout=120"];

function find() {
  const onPath = (process.env.PATH ?? "").split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...PLACES].find((path) => executable(path) && runs(path));
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

/** apt-get as this user may run it without being asked anything, if at all.
 *  @returns {[command: string, ...args: string[]] | null} */
function aptGet() {
  let system;
  try {
    system = readFileSync("/etc/os-release", "utf8");
  } catch {
    return null;
  }
  if (!/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(system) || !capture("apt-get", ["--version"]).ok) return null;
  if (process.getuid?.() === 0) return ["apt-get", ...WAIT];
  return capture("sudo", ["-n", "true"]).ok ? ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...WAIT] : null;
}

/** @param {string} why */
function without(why) {
  if (process.env.CI) throw new Failed(`the tests of the pages cannot run without a browser: ${why}`);
  say(`the tests of the pages will be skipped, for want of a browser: ${why}`);
  return null;
}
