// The Workers under test, and how they are started: as they would be deployed
// (`start`), or inside `in_isolate/driver.mjs` (`startDriven`). All get the same
// workerd, compatibility date, bindings and queue settings. Ours is what `npm run
// build` left here, or the folder that EDGESPAN_BENCH_OURS names: another work
// tree, or what before.mjs has made, to see how much two runs of the same differ.

import { once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { buildSync } from "esbuild";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { BEFORE, isBuilt } from "./before.mjs";
import { childrenOf } from "./process.mjs";

/** @import { WorkerdStructuredLog } from "miniflare" */
/** @import { Made, RawObject, Run, Told } from "./types.d.ts" */

/** A module of a Worker, as Miniflare takes it.
 *  @typedef {{ type: "ESModule", path: string, contents: string } | { type: "CompiledWasm", path: string, contents: Buffer<ArrayBuffer> }} Module */

/** What can be started: code, a database, and what a project is there.
 *  @typedef {object} Startable
 *  @property {string} name
 *  @property {() => Module[]} modules
 *  @property {string} migrations
 *  @property {(project: string) => string[]} seed */

/** One of those under test: what its queue's messages are, where its raw
 *  batches lie (and when they came), and how its spans are counted (as `n`).
 *  @typedef {object} Tested
 *  @property {"ours" | "before" | "peer"} name
 *  @property {(wasm?: string) => Module[]} modules
 *  @property {(key: string, project?: string) => object} message
 *  @property {(batch: number | string, of?: { project?: string, at?: number }) => string} rawKey
 *  @property {string} count */
/** @typedef {Omit<Startable, "name" | "modules"> & Tested} Worker */

/** @typedef {Awaited<ReturnType<Miniflare["getD1Database"]>>} Database */

/** A Worker that was started.
 *  @template {Startable} [W=Startable]
 *  @typedef {object} Live
 *  @property {W} worker
 *  @property {Miniflare} mf
 *  @property {URL} url
 *  @property {number} pid
 *  @property {Database} db
 *  @property {() => Promise<void>} close */

/** A Worker inside the driver. `load` gives it the template that `run` makes
 *  batches of; `deliver` gives its consumer raw batches as they are.
 *  @typedef {object} Driver
 *  @property {(made: Made) => Promise<{ bytes: number }>} load
 *  @property {(run: Run) => Promise<Told>} run
 *  @property {(objects: RawObject[], how?: { together?: number, project?: string }) => Promise<Told>} deliver */
/** @typedef {Live<Worker> & Driver} Driven */

const root = join(import.meta.dirname, "..");
/** @param {string} path */
const read = (path) => readFileSync(resolve(root, path));

/** The project that both databases have, and the key of a project. */
export const PROJECT = "bench0000001"; // As long as the ids that the command line makes.
/** @param {string} project */
export const keyOf = (project) => `ts_${project}_${"k".repeat(32)}`;
/** @param {string} project */
const hashOf = (project) => createHash("sha256").update(keyOf(project)).digest("hex");

const toml = read("wrangler.toml").toString();
export const compatibilityDate = String(toml.match(/^compatibility_date = "(.+)"$/m)?.[1]);
/** A number that wrangler.toml has under this name; the first, which is the main queue's.
 *  @param {string} name */
export const setting = (name) => Number(toml.match(new RegExp(`^${name} = (\\d+)$`, "m"))?.[1]);

/** @param {string} entry
 *  @param {{ minify?: boolean, external?: string[] }} [options] */
const bundle = (entry, { minify = true, external = [] } = {}) => {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, entry)],
    bundle: true,
    minify,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", ...external],
  });
  return outputFiles.map(({ text }) => text).join("");
};

/** @param {string} path
 *  @param {string | Buffer} contents
 *  @returns {Module} */
const esModule = (path, contents) => ({ type: "ESModule", path, contents: contents.toString() });

/** When batches came, where nobody says. */
const RECEIVED_MS = 1_795_000_000_000;

/** This Worker, as it was built in a folder.
 *  @param {"ours" | "before"} name
 *  @param {string} folder
 *  @returns {Worker} */
const edgespan = (name, folder) => ({
  name,
  modules: (wasm = join(folder, "build/index_bg.wasm")) => [
    esModule("worker.js", read(join(folder, "build/index.js"))),
    { type: "CompiledWasm", path: "index_bg.wasm", contents: read(wasm) },
  ],
  migrations: join(folder, "migrations"),
  seed: (project) => [
    // Without a limit to its rate: the peer has none either.
    `insert into project (id, name, created_ms, rate_limit) values ('${project}', '${project}', 0, 0)`,
    `insert into api_key (hash, id, project, name, prefix, created_ms)
      values ('${hashOf(project)}', 'key-${project}', '${project}', 'k', 'ts_', 0)`,
  ],
  message: (key) => ({ v: 1, key }),
  rawKey: (batch, { project = PROJECT, at = RECEIVED_MS } = {}) =>
    `raw/${new Date(at).toISOString().replace(/[-:]/g, "")}/${project}/${String(batch).padStart(32, "0")}.json`,
  count: "select sum(spans) as n from trace",
});

/** Where what is measured was built. */
export const folder = resolve(root, process.env.EDGESPAN_BENCH_OURS ?? ".");
const ours = edgespan("ours", folder);

/** The release before. Where it is not there (`--quick` does without) ours stands
 *  in for it, so that all of the benchmark runs. */
export const before = edgespan("before", isBuilt() ? BEFORE : folder);

/** The peer, bundled like any Worker.
 *  @type {Worker} */
const peer = {
  name: "peer",
  modules: () => [esModule("worker.js", bundle("bench/peer/src/index.ts"))],
  migrations: "bench/peer/migrations",
  seed: (project) => [`insert into api_keys (key_hash, id, project_id) values ('${hashOf(project)}', 'k', '${project}')`],
  message: (key, project = PROJECT) => ({ key, projectId: project, receivedAt: RECEIVED_MS }),
  rawKey: (batch, { project = PROJECT } = {}) => `raw/${project}/2026-11-18/${String(batch).padStart(36, "0")}.json`,
  count: "select count(*) as n from spans",
};

/** @type {[ours: Worker, peer: Worker]} */
export const workers = [ours, peer];

/** What no Worker can be faster than: the bindings' calls and nothing else.
 *  @type {Startable} */
export const floor = {
  name: "floor",
  modules: () => [esModule("worker.js", read("bench/floor.mjs"))],
  migrations: "bench/peer/migrations",
  seed: () => [],
};

/** What is uploaded, plain and compressed.
 *  @param {Startable} worker */
export function sizeOf(worker) {
  const parts = worker.modules().map(({ contents }) => (typeof contents === "string" ? Buffer.from(contents) : contents));
  /** @param {(part: Buffer) => Buffer} of */
  const sum = (of) => parts.reduce((total, part) => total + of(part).length, 0);
  return { plain: sum((part) => part), gzip: sum((part) => gzipSync(part)) };
}

/** The migrations' statements: none of them has a `;` inside.
 *  @param {string} folder */
function statements(folder) {
  const text = readdirSync(resolve(root, folder))
    .filter((file) => file.endsWith(".sql"))
    .sort()
    .map((file) => read(join(folder, file)).toString().replace(/--.*$/gm, ""))
    .join("\n");
  return text
    .split(";")
    .map((sql) => sql.trim())
    .filter(Boolean);
}

/** @template {Startable} W
 *  @param {W} worker
 *  @param {Module[]} modules
 *  @param {(log: WorkerdStructuredLog) => void} onLog
 *  @param {object} [more]
 *  @returns {Promise<Live<W>>} */
async function launch(worker, modules, onLog, more = {}) {
  const before = new Set(childrenOf(process.pid));
  const mf = new Miniflare(
    convertV4MiniflareOptions({
      modules,
      compatibilityDate,
      cf: false,
      d1Databases: { DB: "db" },
      r2Buckets: { RAW: "raw" },
      queueProducers: { QUEUE: { queueName: "q" }, DEAD: { queueName: "dead-letters" }, EVALUATIONS: { queueName: "evaluations" } },
      queueConsumers: {
        q: { maxBatchSize: setting("max_batch_size"), maxBatchTimeout: setting("max_batch_timeout"), maxRetries: setting("max_retries") },
      },
      handleStructuredLogs: onLog,
      ...more,
    }),
  );
  const url = await mf.ready;
  // NaN where there is no /proc to look into.
  const pid = childrenOf(process.pid).find((child) => !before.has(child)) ?? NaN;
  const db = await mf.getD1Database("DB");
  await db.batch([...statements(worker.migrations), ...worker.seed(PROJECT)].map((sql) => db.prepare(sql)));
  return { worker, mf, url, pid, db, close: () => mf.dispose() };
}

/** The Worker as it would be deployed. `onLine` gets its log lines, parsed.
 *  @template {Startable} W
 *  @param {W} worker
 *  @param {(line: Record<string, any>) => void} [onLine] */
export function start(worker, onLine = () => {}) {
  return launch(worker, worker.modules(), ({ message, level }) => {
    if (message.startsWith("{")) onLine(JSON.parse(message));
    else if (level === "error") console.error(`${worker.name}: ${message}`);
  });
}

/** The Worker inside the driver: see in_isolate/driver.mjs. `run` makes it work.
 *  @param {Worker} worker
 *  @param {object} [more]
 *  @returns {Promise<Driven>} */
export async function startDriven(worker, more) {
  const driver = [
    esModule("driver.js", bundle("bench/in_isolate/driver.mjs", { minify: false, external: ["./probe.js", "./worker.js"] })),
    esModule("probe.js", read("bench/in_isolate/probe.mjs")),
  ];
  const live = await launch(
    worker,
    [...driver, ...worker.modules()],
    ({ message, level }) => {
      if (level === "error") console.error(`${worker.name}: ${message}`);
    },
    more,
  );
  // Each on a connection of its own: one that is kept is closed while the other
  // Worker has its turn.
  /** @param {string} path
   *  @param {string | Uint8Array} body
   *  @returns {Promise<any>} */
  const post = async (path, body) => {
    const sent = http.request(new URL(path, live.url), { method: "POST", agent: false }).end(body);
    const [answer] = await once(sent, "response");
    const told = await text(answer);
    if (answer.statusCode !== 200) throw new Error(`${worker.name} ${path}: ${answer.statusCode} ${told}`);
    return JSON.parse(told);
  };
  const load = (/** @type {Made} */ made) => post(`/load?wire=${made.wire ?? ""}`, made.text);
  const run = (/** @type {Run} */ options, project = PROJECT) =>
    post(
      "/run",
      JSON.stringify({
        key: keyOf(project),
        project,
        message: worker.message("KEY", project),
        rawKey: worker.rawKey("BATCH").replace(/0*BATCH/, "BATCH"),
        ...options,
      }),
    );
  /** @type {Driver["deliver"]} */
  const deliver = async (objects, { together = setting("max_batch_size"), project } = {}) => {
    const heads = JSON.stringify(objects.map(({ key, bytes }) => [key, bytes.length]));
    await post("/raw", Buffer.concat([Buffer.from(`${heads}\n`), ...objects.map(({ bytes }) => bytes)]));
    const keys = objects.map(({ key }) => key);
    const deliveries = Array.from({ length: Math.ceil(keys.length / together) }, (_, at) => keys.slice(at * together, (at + 1) * together));
    return run({ what: "consumer", real: true, times: keys.length, from: 0, deliveries }, project);
  };
  return { ...live, load, run, deliver };
}
