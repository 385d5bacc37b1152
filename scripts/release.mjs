// `npm run release`: a folder and an archive in dist/ from which Edgespan is deployed with Node
// alone: the Worker as it was built, what its pages load, migrations, wrangler.toml, the commands
// that a deployment needs (the very files of this repository), licences and checksums. Of the
// same build always the same bytes. Also writes down, in tests/upgrade, which statements this
// version's code runs, for later versions to be tested with. Leaves out: publishing it.

import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build, checkSize } from "./build.mjs";
import { licences } from "./release/licences.mjs";
import { lockFor } from "./release/lock.mjs";
import { tarball } from "./release/tar.mjs";
import { SUMS, sumOf, version } from "./released.mjs";
import { Failed, cli, fingerprint, root, runQuietly, say } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** What `npm run` knows there. */
const COMMANDS = ["start", "deploy", "keys", "usage", "doctor", "evaluators", "prices", "routing", "replay", "verify"];
/** What goes in as it is here, and under which name. */
const COPIED = [
  ["build", "build"],
  ["migrations", "migrations"],
  ["wrangler.toml", "wrangler.toml"],
  ["LICENSE", "LICENSE"],
  ["src/dashboard/list/first_trace.sh", "src/dashboard/list/first_trace.sh"],
  ["scripts/release/README.md", "README.md"],
  ["scripts/release/dev.vars.example", ".dev.vars.example"],
];
/** What commands do without where it is not installed: building, and bars. */
const OPTIONAL = ["esbuild", "cli-progress"];

/** What the "Deploy to Cloudflare" button shows beside each binding and secret. */
const BINDINGS = {
  ADMIN_TOKEN: "The operator's secret, which makes API keys: a random string, such as `openssl rand -hex 32` gives. **Keep it.**",
  ALERT_WEBHOOK_URL: "Where an alert is posted when a project comes near its monthly limit: a Slack webhook, for one. Optional.",
  JUDGE_API_KEY: "The key of the model that judges traces, where evaluators are to ask one. Optional.",
  DB: "The index of traces, with projects, keys and prices.",
  RAW: "Every batch of traces as it was sent, byte for byte.",
  QUEUE: "One message for each batch that is to be written to the index.",
  DEAD: "Batches that could not be written.",
  EVALUATIONS: "Traces that evaluators are to judge.",
};

/**
 * Makes the folder and the archive from what is built.
 * @param {string} into the folder in which both are made
 */
export function makeRelease(into) {
  const name = `edgespan-${version()}`;
  const files = contents();
  files.set(SUMS, Buffer.from([...files].map(([path, bytes]) => `${sumOf(bytes)}  ${path}\n`).join("")));
  const folder = join(into, name);
  rmSync(folder, { recursive: true, force: true });
  for (const [path, bytes] of files) write(join(folder, path), bytes);
  const archive = tarball([...files].map(([path, bytes]) => ({ path: `${name}/${path}`, bytes })));
  write(join(into, `${name}.tar.gz`), archive);
  write(join(into, `${name}.tar.gz.sha256`), Buffer.from(`${sumOf(archive)}  ${name}.tar.gz\n`));
  return { folder, archive: join(into, `${name}.tar.gz`) };
}

/** All files but the checksums, by their paths and in that order. */
function contents() {
  /** @type {Map<string, Buffer>} */
  const files = new Map();
  const copy = (/** @type {string} */ from, /** @type {string} */ to) => {
    if (!statSync(join(root, from)).isDirectory()) return files.set(to, readFileSync(join(root, from)));
    for (const name of readdirSync(join(root, from))) copy(`${from}/${name}`, `${to}/${name}`);
  };
  for (const [from = "", to = ""] of COPIED) copy(from, to);
  for (const path of scripts()) copy(path, path);
  const own = packageJson();
  const json = (/** @type {object} */ value) => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  files.set("package.json", json(own));
  files.set("package-lock.json", json(lockFor(JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")), own)));
  files.set(".gitignore", Buffer.from("/node_modules/\n/.wrangler/\n/.edgespan/\n/.dev.vars\n"));
  files.set("THIRD_PARTY_LICENSES", Buffer.from(licences()));
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The commands' files, and all that those import.
 *  @returns {Set<string>} */
function scripts() {
  /** @type {Set<string>} */
  const found = new Set();
  const add = (/** @type {string} */ path) => {
    if (found.has(path)) return;
    found.add(path);
    const code = readFileSync(join(root, path), "utf8").replace(/^ *(\/?\*|\/\/).*$/gm, "");
    for (const [, wanted = ""] of code.matchAll(/\b(?:from |import\()"([^"]+)"/g)) {
      if (wanted.startsWith(".")) add(join(dirname(path), wanted));
      else if (!wanted.startsWith("node:") && wanted !== "wrangler" && !OPTIONAL.includes(wanted)) {
        throw new Failed(`${path} imports ${wanted}, which a release does not have`);
      }
    }
  };
  for (const command of COMMANDS) add(`scripts/${command}.mjs`);
  return found;
}

function packageJson() {
  const { scripts, devDependencies, allowScripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return {
    name: "edgespan",
    version: version(),
    description: "Open-source tracing for LLM agents, in your own Cloudflare account",
    license: "MIT",
    private: true,
    type: "module",
    engines: { node: ">=22.12" },
    // No `build`: there is nothing to be built.
    scripts: Object.fromEntries(COMMANDS.map((name) => [name, scripts[name]])),
    dependencies: { wrangler: devDependencies.wrangler },
    allowScripts,
    cloudflare: { bindings: Object.fromEntries(Object.entries(BINDINGS).map(([name, description]) => [name, { description }])) },
  };
}

/** Has the statements of this version written down: see migrations/README.md. */
async function record() {
  const before = fingerprint(["tests/upgrade"]);
  await runQuietly("the record of statements", "cargo", [
    "test",
    "--locked",
    "--test",
    "index",
    "upgrade::record",
    "--",
    "--ignored",
    "--exact",
  ]);
  if (fingerprint(["tests/upgrade"]) !== before) say(`tests/upgrade/${version()}.jsonl has changed: commit it with the release`);
}

/** @param {string} path
 *  @param {Buffer} bytes */
function write(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

if (process.argv[1] === import.meta.filename) {
  await cli(async () => {
    await setUp();
    await build();
    checkSize();
    await record();
    const { folder, archive } = makeRelease(join(root, "dist"));
    say(`made ${folder} and ${archive}`);
  });
}
