// Whether this folder is a checkout, which builds the Worker, or a release that `npm run
// release` has made, which has it built and needs Node alone; and which version it is.
// Commands are the same files in both. Only Node's own modules.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failed, capture, ownVersion, root } from "./run.mjs";

/** The checksums of a release: a checkout has none. */
export const SUMS = "SHA256SUMS";

export const isRelease = existsSync(join(root, SUMS));

/** What has to be there as it was released: the rest is for whoever deploys to change. */
const UNCHANGED = ["build/", "migrations/"];

/** The version of this folder.
 *  @returns {string} */
export function version() {
  if (isRelease) return JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version;
  return ownVersion();
}

/** The checksum of a file's bytes, in hexadecimal digits.
 *  @param {Buffer} bytes */
export const sumOf = (bytes) => createHash("sha256").update(bytes).digest("hex");

/** Fails where the packages of a release are not installed, or Node is too old for them. */
export function checkPackages() {
  const [major = 0, minor = 0] = capture("node", ["--version"]).stdout.replace("v", "").split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 12)) throw new Failed("Node is too old: please install 22.12 or newer");
  if (!existsSync(join(root, "node_modules", ".bin", "wrangler"))) throw new Failed("wrangler is not installed: run `npm i` first");
}

/** Fails where the Worker or a migration is not what was released: half a download, or two
 *  releases in one folder. */
export function checkSums() {
  const lines = readFileSync(join(root, SUMS), "utf8").trim().split("\n");
  for (const line of lines) {
    const [sum = "", path = ""] = line.split("  ");
    if (!UNCHANGED.some((folder) => path.startsWith(folder))) continue;
    const file = join(root, path);
    if (!existsSync(file) || sumOf(readFileSync(file)) !== sum) {
      throw new Failed(`${path} is not the one of this release (${SUMS} says so): unpack it again, into an empty folder`);
    }
  }
}
