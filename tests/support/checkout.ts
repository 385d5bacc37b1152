// A copy of what the scripts work on, in a folder of its own, and the scripts run
// in it: so that a test may rename a database, rebuild under a running server, or
// put another program in wrangler's place, while other tests use the real one. Likewise
// a copy of a release, whose only package is wrangler.
import { spawn, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, vi } from "vitest";
import { freePort } from "./ports.mjs";

/** What `npm start` and `npm run deploy` look at; with the stamps of the last build, so that none is needed. */
const COPIED = [
  ".cargo",
  "src",
  "crates",
  "migrations",
  "docs/openapi.json",
  "scripts",
  "build",
  "Cargo.toml",
  "Cargo.lock",
  "package.json",
  "package-lock.json",
  "wrangler.toml",
  ".edgespan/build",
  ".edgespan/named.wasm",
];

export interface Ended {
  code: number | null;
  /** The standard output alone, and all that was said. */
  out: string;
  said: string;
}

/** A program that runs, and what it has said so far. */
export class Running {
  out = "";
  said = "";
  readonly ended: Promise<Ended>;

  constructor(readonly child: ChildProcess) {
    child.stdout!.setEncoding("utf8").on("data", (text) => {
      this.out += text;
      this.said += text;
    });
    child.stderr!.setEncoding("utf8").on("data", (text) => (this.said += text));
    this.ended = new Promise((done) => child.on("close", (code) => done({ code, out: this.out, said: this.said })));
  }
}

export class Checkout {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), "edgespan-")));
  #running: Running[] = [];

  /** Of this repository, or of the release in a folder. */
  constructor(release?: string) {
    if (release) cpSync(release, this.root, { recursive: true });
    else {
      for (const path of COPIED) {
        if (existsSync(path)) cpSync(path, this.path(path), { recursive: true, verbatimSymlinks: true });
      }
      symlinkSync(resolve(".edgespan/tools"), this.path(".edgespan/tools"));
    }
    // Each by itself, so that a test can put another in its place.
    for (const folder of ["node_modules", "node_modules/.bin"]) {
      mkdirSync(this.path(folder));
      for (const name of readdirSync(folder)) {
        if (release ? name === "wrangler" : name !== ".bin") symlinkSync(resolve(folder, name), this.path(`${folder}/${name}`));
      }
    }
  }

  path(path: string): string {
    return join(this.root, path);
  }

  /** Puts a script in the place of a program. */
  program(name: string, text: string): void {
    const path = this.path(`node_modules/.bin/${name}`);
    rmSync(path, { force: true });
    writeFileSync(path, text);
    chmodSync(path, 0o755);
  }

  /** Starts one of the scripts. */
  start(script: string, args: string[] = [], env: Record<string, string> = {}): Running {
    const { PORT: _port, STATE_DIR: _state, CI: _ci, WRANGLER_LOG: _log, ...outer } = process.env;
    const child = spawn("node", [this.path(`scripts/${script}.mjs`), ...args], { cwd: this.root, env: { ...outer, ...env } });
    const running = new Running(child);
    this.#running.push(running);
    return running;
  }

  /** Runs one of the scripts to its end. */
  run(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
    return this.start(script, args, env).ended;
  }

  /** Runs one of the scripts, which must succeed. */
  async done(script: string, args: string[] = [], env: Record<string, string> = {}): Promise<Ended> {
    const ended = await this.run(script, args, env);
    expect(ended.code, ended.said).toBe(0);
    return ended;
  }

  /** `npm start`, once it has greeted; on a port that nobody uses. */
  async serve(args: string[] = [], env: Record<string, string> = {}): Promise<Running & { port: number; url: string }> {
    const port = await freePort();
    const server = this.start("start", args, { PORT: String(port), ...env });
    const url = `http://localhost:${port}`;
    const patience = { timeout: 120_000, interval: 50 };
    await vi.waitFor(() => expect(server.child.exitCode !== null || server.said.includes("API key"), server.said).toBe(true), patience);
    expect(server.child.exitCode, `the server ended:\n${server.said}`).toBe(null);
    return Object.assign(server, { port, url });
  }

  /** Ends what was started, and removes the folder. */
  async close(): Promise<void> {
    for (const { child } of this.#running) child.kill("SIGTERM");
    await Promise.all(this.#running.map(({ ended }) => ended));
    rmSync(this.root, { recursive: true, force: true });
  }
}
