// The whole local server as `npm start` has it, in a process group of its own,
// with a state and a port of its own: to be killed without warning.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { capture, env, root } from "../../scripts/run.mjs";
import { freePort } from "../support/ports.mjs";
import { until } from "./client.mjs";

/** @import { ChildProcess } from "node:child_process" */

const MINUTE = 60_000;

export class LocalServer {
  said = "";
  /** @type {{ process: ChildProcess, ended: Promise<unknown> } | undefined} */
  #child;

  /** @param {number} port */
  constructor(port) {
    this.state = mkdtempSync(join(tmpdir(), "edgespan-"));
    this.url = `http://localhost:${port}`;
    this.env = { ...env, CI: "1", WRANGLER_LOG: "log", PORT: String(port), STATE_DIR: this.state };
  }

  static async create() {
    const server = new LocalServer(await freePort());
    // Also when this process is stopped: nothing else would end that group.
    process.on("exit", () => server.#end());
    return server;
  }

  /** Starts it; does not wait for anything. */
  spawn() {
    this.said = "";
    const child = spawn("node", ["scripts/start.mjs", "--verbose"], {
      cwd: root,
      env: this.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const out of [child.stdout, child.stderr]) out.setEncoding("utf8").on("data", (text) => (this.said += text));
    this.#child = { process: child, ended: new Promise((done) => child.on("close", done)) };
  }

  /** Waits until it answers. */
  async answers() {
    const child = this.#child?.process;
    const health = () =>
      fetch(`${this.url}/api/v1/health`).then(
        (response) => response.ok,
        () => false,
      );
    const alive = () => {
      if (child?.exitCode !== null) throw new Error(`the server ended with ${child?.exitCode}:\n${this.said}`);
      return health();
    };
    await until("the server", alive, 120);
  }

  /** Waits until the sweep is through that every start begins with. */
  swept() {
    return until("the first sweep", () => this.said.includes('"swept"'));
  }

  /** kill -9, all of it at once; waits until nothing is left of it. */
  async kill() {
    // The pipes are closed when the last process that holds them is gone.
    await this.#end()?.ended;
  }

  #end() {
    const child = this.#child;
    this.#child = undefined;
    if (child?.process.pid) process.kill(-child.process.pid, "SIGKILL");
    return child;
  }

  /** What the platform does every minute, as of so many minutes from now.
   *  @param {number} [minutes] */
  async sweep(minutes = 0) {
    const query = new URLSearchParams({ cron: "* * * * *", time: String(Date.now() + minutes * MINUTE) });
    const response = await fetch(`${this.url}/cdn-cgi/local/scheduled?${query}`);
    if (!response.ok) throw new Error(`the sweep answered ${response.status}`);
  }

  /** Runs SQL on the database's files, through wrangler; the rows of the last statement.
   *  @param {string} sql
   *  @returns {any[]} */
  query(sql) {
    const args = ["d1", "execute", "DB", "--local", "--persist-to", this.state, "--json", "--command", sql];
    const { ok, stdout, stderr } = capture("wrangler", args, { env: this.env });
    if (!ok) throw new Error(`${sql}:\n${stdout}${stderr}`);
    return JSON.parse(stdout.slice(stdout.search(/^\[/m))).at(-1).results;
  }

  /** Ends it and forgets its state. */
  async close() {
    await this.kill();
    rmSync(this.state, { recursive: true, force: true });
  }
}
