// Builds the Worker: src/ -> build/index.js and build/index_bg.wasm, and the
// files that its pages load -> build/public, which is what `wrangler dev`, the
// tests and `wrangler deploy` run. Does nothing when nothing that goes into it
// has changed. `npm run build` says its size, too. All is made in a folder of
// its own and then put into place whole: a `wrangler dev` that watches build/
// ends when it meets an empty or half a file. A release has it built: there it
// only looks whether that is what was released.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, delimiter, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { checkSums, isRelease } from "./released.mjs";
import { Failed, cache, capture, cli, env, fingerprint, root, runQuietly, say, stamp, tools } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** What is deployed: the module, and the wasm that it imports. */
const MODULE = "build/index.js";
const WASM = "build/index_bg.wasm";
const OUTPUT = [MODULE, WASM];
const INPUT = [
  ".cargo",
  "src",
  "crates",
  "migrations",
  "docs/openapi.json",
  "Cargo.toml",
  "Cargo.lock",
  "package-lock.json",
  "scripts/build.mjs",
  "scripts/toolchain",
];

/** The files that pages load, and where they are put. */
const ASSETS = "src/dashboard/assets";
const PUBLIC = "build/public";

/** The same wasm with the names of its functions, for bench/profile.mjs. */
export const named = join(".edgespan", "named.wasm");

/** A Worker may be 64 MiB. Ours is to start fast: one that grows past this has
 *  taken in something that nobody looked at. */
const MAX_GZIP = 1792 * 1024;

export async function build() {
  if (isRelease) return checkSums();
  const done = stamp(join(cache, "build"));
  // As it is before the build: what is edited meanwhile is not in it.
  const input = fingerprint(INPUT, [capture("rustc", ["-vV"]).stdout, process.env.RUSTFLAGS]);
  // With the output, a build by hand or half a build counts as none.
  const now = () => fingerprint([...OUTPUT, PUBLIC], [input]);
  if (OUTPUT.every((path) => existsSync(join(root, path))) && done.is(now())) return;

  say("building the Worker (the first time one to two minutes)");
  // In the cache, so on the same disk as build/; and one for each build, because
  // there may be two at once.
  const made = join(".edgespan", `building-${process.pid}`);
  try {
    await make(made);
    putInPlace(join(root, made), root);
  } finally {
    rmSync(join(root, made), { recursive: true, force: true });
  }
  done.set(now());
}

/** Makes the Worker and what its pages load in a folder of the repository.
 *  @param {string} folder */
async function make(folder) {
  const bin = join(root, "node_modules", ".bin");
  await runQuietly("the Worker", join(tools, "bin", "worker-build"), ["--release", "--panic-unwind", "--out-dir", join(folder, "build")], {
    env: {
      ...env,
      // Every workerd knows SIMD: hashing, checking UTF-8 and copying use it.
      RUSTFLAGS: ["-Ctarget-feature=+simd128", env.RUSTFLAGS].filter(Boolean).join(" "),
      // worker-build asks for a nightly toolchain: see toolchain/cargo.
      PATH: [join(root, "scripts", "toolchain"), env.PATH].join(delimiter),
      EDGESPAN_REAL_PATH: env.PATH,
      // It would download these three itself, into a folder of its own.
      WASM_BINDGEN_BIN: join(tools, "bin", "wasm-bindgen"),
      WASM_OPT_BIN: join(bin, "wasm-opt"),
      ESBUILD_BIN: join(bin, "esbuild"),
    },
  });
  await makeAssets(join(root, folder, PUBLIC));
  // The functions' names are a tenth of the upload. The profiler reads them.
  const wasm = join(root, folder, WASM);
  copyFileSync(wasm, join(root, named));
  const stripped = capture(join(bin, "wasm-opt"), ["--strip-debug", wasm, "-o", wasm]);
  if (!stripped.ok) throw new Failed(`wasm-opt: ${stripped.stderr}`);
}

/**
 * Puts what was built in one folder in the place of what is in another, each
 * file by renaming it, so that whoever looks finds the old one or the new one
 * and never a part. First what the new pages will ask for, then the wasm, then
 * the module that imports it; and last goes what only the old pages asked for.
 * @param {string} from
 * @param {string} to
 */
export function putInPlace(from, to) {
  const assets = join(PUBLIC, "assets");
  mkdirSync(join(to, assets), { recursive: true });
  const names = readdirSync(join(from, assets));
  mkdirSync(join(to, PUBLIC, "api", "v1"), { recursive: true });
  const others = ["_headers", join("api", "v1", "openapi.json")].map((name) => join(PUBLIC, name));
  const files = [...names.map((name) => join(assets, name)), ...others, WASM, MODULE];
  for (const file of files) renameSync(join(from, file), join(to, file));
  for (const name of readdirSync(join(to, assets))) {
    if (!names.includes(name)) rmSync(join(to, assets, name), { force: true });
  }
}

/** The files that pages load, without comments and spaces, under the names by
 *  which src/dashboard/ui/asset.rs asks for them: each has a hash of its source in
 *  it, so that browsers may keep it for as long as they like.
 *  @param {string} out */
async function makeAssets(out) {
  const { buildSync } = await import("esbuild");
  /** What becomes of each type: all others stay as they are.
   *  @type {Record<string, (entry: string) => string | undefined>} */
  const MINIFY = {
    // Each script has names of its own: an `iife`, not one scope for all.
    ".js": (entry) => text(buildSync({ entryPoints: [entry], bundle: true, format: "iife", minify: true, write: false })),
    ".css": (entry) => text(buildSync({ entryPoints: [entry], minify: true, write: false })),
  };
  const folder = join(out, "assets");
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(join(root, ASSETS))) {
    const type = extname(name) || ".js";
    const files = filesOf(name);
    const source = Buffer.concat(files.map((file) => readFileSync(join(root, ASSETS, file))));
    const entry = files.find((file) => file === join(name, "main.js")) ?? name;
    writeFileSync(join(folder, `${basename(name, type)}.${fnv1a(source)}${type}`), MINIFY[type]?.(join(root, ASSETS, entry)) ?? source);
  }
  const htmx = join(root, "node_modules", "htmx.org");
  const { version } = JSON.parse(readFileSync(join(htmx, "package.json"), "utf8"));
  writeFileSync(join(folder, `htmx.${version}.js`), readFileSync(join(htmx, "dist", "htmx.min.js")));
  const api = join(out, "api", "v1");
  mkdirSync(api, { recursive: true });
  writeFileSync(join(api, "openapi.json"), JSON.stringify(JSON.parse(readFileSync(join(root, "docs", "openapi.json"), "utf8"))));
  writeFileSync(join(out, "_headers"), HEADERS);
}

/** An asset's files, in the order of their names: a folder is a script in several, which
 *  begins with its `main.js`.
 *  @param {string} name */
function filesOf(name) {
  const path = join(root, ASSETS, name);
  return statSync(path).isDirectory()
    ? readdirSync(path)
        .sort()
        .map((file) => join(name, file))
    : [name];
}

/** @param {{ outputFiles: { text: string }[] }} built */
const text = ({ outputFiles: [file] }) => file?.text;

/** An asset's name never means another content. The API's description is for any origin, as
 *  the API is. */
const HEADERS = `/assets/*
  Cache-Control: public, max-age=31536000, immutable
  X-Content-Type-Options: nosniff
/api/v1/openapi.json
  Access-Control-Allow-Origin: *
  Cache-Control: public, max-age=300
  X-Content-Type-Options: nosniff
`;

/** As src/dashboard/ui/asset.rs hashes.
 *  @param {Uint8Array} bytes */
function fnv1a(bytes) {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16).padStart(16, "0");
}

/** Says how large the Worker is, compressed as an upload is measured, and
 *  fails when that is too much. */
export function checkSize() {
  const bytes = OUTPUT.map((path) => readFileSync(join(root, path)));
  const sum = (/** @type {Buffer[]} */ parts) => parts.reduce((total, part) => total + part.length, 0);
  const [plain, gzip] = [sum(bytes), sum(bytes.map((part) => gzipSync(part)))];
  const kib = (/** @type {number} */ n) => `${(n / 1024).toFixed(0)} KiB`;
  say(`the Worker's size: ${kib(gzip)} gzip (${kib(plain)} plain), of at most ${kib(MAX_GZIP)} gzip`);
  if (gzip >= MAX_GZIP) throw new Failed("the Worker has become too large");
}

if (process.argv[1] === import.meta.filename) {
  await cli(async () => {
    await setUp();
    await build();
    checkSize();
  });
}
