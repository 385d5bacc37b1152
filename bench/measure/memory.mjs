// Measure 6: memory after eight concurrent batches of 5 MB in one isolate, the
// bundle's size, and what a cold start takes.
//
// A cold start is taken with workerd alone, without Miniflare: from starting
// the process to the first answer of the Worker, less the same for a Worker
// that does nothing. That is: compile, instantiate, answer once.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import workerd from "workerd";
import { largest } from "../batches.mjs";
import { memoryOf } from "../process.mjs";
import { both, fresh, rounds } from "../stats.mjs";
import { compatibilityDate, sizeOf, startDriven, workers } from "../workers.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Startable, Worker } from "../workers.mjs" */

/** @type {Pick<Startable, "modules">} */
const IDLE = {
  modules: () => [{ type: "ESModule", path: "worker.js", contents: `export default { fetch: () => new Response("ok") };` }],
};

/** workerd's configuration for this Worker alone, without bindings.
 *  @param {Pick<Startable, "modules">} worker
 *  @param {string} folder */
function configuration(worker, folder) {
  const modules = worker.modules().map(({ type, path, contents }) => {
    writeFileSync(join(folder, path), contents);
    return `(name = "${path}", ${type === "CompiledWasm" ? "wasm" : "esModule"} = embed "${path}")`;
  });
  const file = join(folder, "config.capnp");
  writeFileSync(
    file,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (modules = [${modules.join(", ")}], compatibilityDate = "${compatibilityDate}"))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]);`,
  );
  return file;
}

/** @param {string} file */
async function coldStart(file) {
  const started = performance.now();
  const child = spawn(workerd.default, ["serve", file, "--control-fd=3"], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const ended = new Promise((done) => child.on("close", done));
  const port = await new Promise((done, fail) => {
    let said = "";
    child.stdio[3]?.on("data", (part) => {
      said += part;
      const heard = said.match(/"port":\s*(\d+)/);
      if (heard) done(heard[1]);
    });
    ended.then(() => fail(new Error("workerd ended before it listened")));
  });
  await (await fetch(`http://127.0.0.1:${port}/api/v1/health`)).text();
  const ms = performance.now() - started;
  child.kill();
  await ended;
  return { ms };
}

/** @param {number} most */
async function coldStarts(most) {
  /** @type {string[]} */
  const folders = [];
  const files = [IDLE, ...workers].map((worker) => {
    const folder = mkdtempSync(join(tmpdir(), "edgespan-bench-"));
    folders.push(folder);
    return configuration(worker, folder);
  });
  try {
    const [idle, ...others] = await rounds(files, { most, seconds: 20 }, coldStart);
    return both(others.map(({ ms }) => ms - (idle?.ms ?? NaN)));
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true });
  }
}

/** Eight requests whose batches are all read before the first is stored.
 *  @param {Worker} worker */
async function underLoad(worker) {
  const live = await startDriven(worker);
  await live.load(largest());
  const before = memoryOf(live.pid);
  const told = await live.run({ what: "handler", times: 8, hold: 8, from: fresh(8) });
  const after = memoryOf(live.pid);
  await live.close();
  return { wasm: told.memory / 2 ** 20, process: (after - before) / 2 ** 20 };
}

/** @param {Bench} bench */
export async function measureMemory({ table, quick }) {
  const [ours, peer] = [await underLoad(workers[0]), await underLoad(workers[1])];
  table.add("memory/wasm", "wasm memory after eight concurrent 5 MB batches", "MiB", ours.wasm, null);
  table.add("memory/process", "growth of the process through them", "MiB", ours.process, peer.process);
  const sizes = workers.map(sizeOf);
  table.add("gzip", "bundle, gzip", "KB", ...both(sizes.map(({ gzip }) => gzip / 1000)));
  table.add("plain", "bundle", "KB", ...both(sizes.map(({ plain }) => plain / 1000)));
  table.add("cold", "cold start to first answer, less an empty Worker's", "ms", ...(await coldStarts(quick ? 1 : 9)));
}
