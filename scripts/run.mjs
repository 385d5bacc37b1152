// How the other scripts run programs: from the repository's root, with the
// project's own Node and tools first on PATH, the exit code never ignored.
// Only Node's own modules: some of this runs before any package is installed.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { ChildProcess } from "node:child_process" */
/** @import { Capture, Captured, Launch } from "./types.d.ts" */

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Everything the scripts make for themselves; git ignores it. */
export const cache = join(root, ".edgespan");
export const tools = join(cache, "tools");

/** Where D1 and R2 are kept locally. */
export const stateDir = resolve(root, process.env.STATE_DIR || join(cache, "state"));

/** The environment of every program that the scripts start.
 *  @type {NodeJS.ProcessEnv} */
export const env = {
  ...process.env,
  // npm puts `.bin` there too, but only for what it starts itself. The Node
  // in it is newer than the one that may be running this: see `ensurePackages`.
  PATH: [join(root, "node_modules", ".bin"), join(tools, "bin"), process.env.PATH].join(delimiter),
  // wrangler: nobody is told, nothing is asked, no logs in the home folder.
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_HIDE_BANNER: "true",
  // It would fetch an example of `request.cf`, which nothing here reads.
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
};

/** What the scripts themselves say: not their output, so not mixed with it.
 *  @param {string} text */
export function say(text) {
  console.error(`edgespan: ${text}`);
}

/** The version that this is of. */
export const ownVersion = () => /^version = "(.*)"$/m.exec(readFileSync(join(root, "Cargo.toml"), "utf8"))?.[1] ?? "";

/** A failure whose message is all that the user needs: printed without a stack. */
export class Failed extends Error {
  /** What the service answered, where it did. @type {number | undefined} */
  status;
}

/** @type {Set<ChildProcess>} */
const children = new Set();
let stopped = 0;

/** Starts a program: one that ends with this one, also when this one is killed
 *  without a terminal that would tell both.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {Launch} [options] */
export function launch(command, args, options = {}) {
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"], ...options });
  children.add(child);
  child.on("error", (error) => console.error(`edgespan: ${command}: ${error.message}`));
  return child.on("close", () => children.delete(child));
}

/** Runs `main`; a failure is told in its own words and gives exit code 1.
 *  @param {() => Promise<unknown>} main */
export async function cli(main) {
  for (const [signal, number] of /** @type {const} */ ([
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGTERM", 15],
  ])) {
    process.on(signal, () => {
      stopped ||= 128 + number;
      if (children.size === 0) process.exit(stopped);
      for (const child of children) child.kill("SIGTERM");
    });
  }
  try {
    await main();
  } catch (error) {
    for (const child of children) child.kill("SIGTERM");
    if (!stopped) console.error(error instanceof Failed ? `edgespan: ${error.message}` : error);
    process.exit(stopped || 1);
  }
}

/** Whether somebody has asked this to end. */
export const stopping = () => stopped !== 0;

/** The result of a program that is expected to be quick, as text.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {Capture} [options]
 *  @returns {Captured} */
export function capture(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    ...options,
  });
  return { ok: status === 0, stdout: stdout ?? "", stderr: stderr ?? String(error ?? "") };
}

/** Runs a program with this terminal; its exit code, or 1 if it died or never was.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {Launch} [options]
 *  @returns {Promise<number>} */
export function exitCode(command, args, options) {
  return new Promise((done) => launch(command, args, options).on("close", (code) => done(code ?? 1)));
}

/** Runs a program with this terminal and stops here if it fails.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {Launch} [options] */
export async function run(command, args, options) {
  const code = await exitCode(command, args, options);
  if (code !== 0) throw new Failed(`\`${[command, ...args].join(" ")}\` failed (exit code ${code})`);
}

/**
 * Runs a program that talks a lot (cargo): says every 15 seconds how far it
 * is, and shows all that it said only when it fails.
 * @param {string} what
 * @param {string} command
 * @param {string[]} args
 * @param {Launch} [options]
 * @returns {Promise<string>} what it said
 */
export function runQuietly(what, command, args, options = {}) {
  const started = Date.now();
  const seconds = () => `${Math.round((Date.now() - started) / 1000)} s`;
  return new Promise((done, fail) => {
    let said = "";
    const child = launch(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    /** @param {string} text */
    const hear = (text) => (said += text);
    child.stdout?.setEncoding("utf8").on("data", hear);
    child.stderr?.setEncoding("utf8").on("data", hear);
    const timer = setInterval(() => {
      const crates = said.match(/^ *Compiling .*$/gm) ?? [];
      const last = crates.at(-1)?.trim().split(" ")[1];
      say(`  … ${what}: ${seconds()}${last ? `, ${crates.length} crates, now ${last}` : ""}`);
    }, 15_000);
    child.on("close", (code) => {
      clearInterval(timer);
      if (code === 0) {
        say(`  ${what}: done in ${seconds()}`);
        done(said);
      } else {
        if (!stopped) console.error(said.replace(/^ *(Compiling|Downloading|Downloaded) .*\n/gm, ""));
        fail(new Failed(`${what} failed (\`${[command, ...args].join(" ")}\`): see above`));
      }
    });
  });
}

/** A hash of files, of all files in folders, and of other facts.
 *  @param {string[]} paths
 *  @param {unknown[]} [facts] */
export function fingerprint(paths, facts = []) {
  const hash = createHash("sha256").update(JSON.stringify(facts));
  /** @param {string} path */
  const add = (path) => {
    if (!existsSync(join(root, path))) return;
    if (statSync(join(root, path)).isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) add(join(path, name));
    } else {
      const bytes = readFileSync(join(root, path));
      hash.update(`${path}\0${bytes.length}\0`).update(bytes);
    }
  };
  paths.forEach(add);
  return hash.digest("hex");
}

/** A file that remembers for which fingerprint a step was last done.
 *  @param {string} path */
export function stamp(path) {
  return {
    /** @param {string} value */
    is: (value) => existsSync(path) && readFileSync(path, "utf8") === value,
    /** @param {string} value */
    set: (value) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, value);
    },
  };
}
