// What `npm run release` makes: a folder from which Edgespan is served and deployed where there
// is no Rust, that meets the conventions of the "Deploy to Cloudflare" button, and says what is
// in it. That `npm i` brings wrangler there is the registry's: here it is linked.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unstable_readConfig as readConfig } from "wrangler";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeRelease } from "../../scripts/release.mjs";
import { sumOf, version } from "../../scripts/released.mjs";
import { Checkout } from "../support/checkout.ts";

vi.setConfig({ testTimeout: 120_000 });

const made = mkdtempSync(join(tmpdir(), "edgespan-release-"));
const machines: Checkout[] = [];
let folder = "";
let archive = "";

beforeAll(() => {
  ({ folder, archive } = makeRelease(made));
});
afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.close()));
  rmSync(made, { recursive: true, force: true });
});

const read = (path: string) => readFileSync(join(folder, path), "utf8");
const packageJson = () => JSON.parse(read("package.json"));

function filesIn(path: string): string[] {
  return readdirSync(path).flatMap((name) =>
    statSync(join(path, name)).isDirectory() ? filesIn(join(path, name)).map((file) => `${name}/${file}`) : [name],
  );
}

/** The release on a machine of its own, whose PATH has Node and nothing else. */
function machine(): { release: Checkout; env: Record<string, string> } {
  const release = new Checkout(folder);
  machines.push(release);
  const path = release.path(".path");
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, "node"));
  return { release, env: { PATH: path } };
}

describe("the folder", () => {
  test("has what is deployed, and nothing to build it from", () => {
    const files = filesIn(folder);
    expect(files).toEqual(
      expect.arrayContaining(["build/index.js", "build/index_bg.wasm", "migrations/0001_projects.sql", "wrangler.toml", "LICENSE"]),
    );
    expect(files).toEqual(expect.arrayContaining([".dev.vars.example", "THIRD_PARTY_LICENSES", "README.md"]));
    expect(files.filter((file) => /\.(rs|ts)$|Cargo|^node_modules|^\.edgespan/.test(file))).toEqual([]);
    const here = filesIn("build").sort();
    expect(filesIn(join(folder, "build")).sort()).toEqual(here);
  });

  test("has the commands of the repository, to the byte", () => {
    const scripts = filesIn(join(folder, "scripts"));
    expect(scripts).toEqual(expect.arrayContaining(["deploy.mjs", "keys.mjs", "doctor.mjs"]));
    for (const file of scripts) expect(read(`scripts/${file}`), file).toBe(readFileSync(`scripts/${file}`, "utf8"));
  });

  test("has the checksum of each file, in the form that sha256sum reads", () => {
    const lines = read("SHA256SUMS").trimEnd().split("\n");
    const sums = Object.fromEntries(lines.map((line) => line.split("  ").reverse()));
    const found = filesIn(folder).filter((file) => file !== "SHA256SUMS");
    expect(Object.keys(sums).sort()).toEqual(found.sort());
    for (const file of found) expect(sums[file], file).toBe(sumOf(readFileSync(join(folder, file))));
  });

  test("is the archive unpacked; which is the same bytes each time, and has its checksum beside it", () => {
    const bytes = readFileSync(archive);
    const unpacked = join(made, "unpacked");
    mkdirSync(unpacked);
    execFileSync("tar", ["-xzf", archive, "-C", unpacked]);
    const there = join(unpacked, `edgespan-${version()}`);
    expect(filesIn(there).sort()).toEqual(filesIn(folder).sort());
    for (const file of filesIn(folder)) expect(readFileSync(join(there, file)).equals(readFileSync(join(folder, file))), file).toBe(true);
    expect(readFileSync(`${archive}.sha256`, "utf8")).toBe(`${sumOf(bytes)}  edgespan-${version()}.tar.gz\n`);
    const again = makeRelease(join(made, "again"));
    expect(readFileSync(again.archive).equals(bytes)).toBe(true);
  });

  test("needs wrangler alone, at the version that the tests run with, locked with all that it needs", () => {
    const { wrangler } = JSON.parse(readFileSync("package.json", "utf8")).devDependencies;
    const own = packageJson();
    expect([own.dependencies, own.devDependencies]).toEqual([{ wrangler }, undefined]);
    expect(wrangler).toMatch(/^\d+\.\d+\.\d+$/);
    // Fails where the lock file lacks a package that one of its packages needs.
    const copy = join(made, "locked");
    mkdirSync(copy);
    for (const name of ["package.json", "package-lock.json"]) writeFileSync(join(copy, name), read(name));
    execFileSync("npm", ["ci", "--dry-run", "--offline", "--no-audit", "--no-fund"], { cwd: copy, stdio: "pipe" });
    expect(Object.keys(JSON.parse(read("package-lock.json")).packages)).toContain("node_modules/workerd");
  });

  test("says whose licences are inside, with their texts", () => {
    const licences = read("THIRD_PARTY_LICENSES");
    for (const part of ["serde_json 1.", "worker 0.", "maud 0.", "htmx ", "Rust's standard library 1.", "data in prices"]) {
      expect(licences, part).toContain(part);
    }
    // In which the copyright is, of crates and of the table of prices; and of one without a file of its own.
    for (const holder of ["Jonas Schievink", "Pydantic Services", "Chris Wong", "UNICODE LICENSE V3"]) expect(licences).toContain(holder);
    // What only tests and tools use is not inside.
    for (const other of ["rusqlite", "proptest", "serde_derive"]) expect(licences).not.toMatch(new RegExp(`^ {2}${other} `, "m"));
  });
});

describe("by the conventions of the Deploy to Cloudflare button", () => {
  test("everything that is bound has a name, and a word on what it is for", () => {
    const { d1_databases, r2_buckets, queues } = readConfig({ config: join(folder, "wrangler.toml") });
    const bound: Record<string, string>[] = [...d1_databases, ...r2_buckets, ...queues.producers];
    const named = bound.map(({ binding, database_name, bucket_name, queue }) => [binding, database_name ?? bucket_name ?? queue]);
    const { bindings } = packageJson().cloudflare;
    expect(named).toHaveLength(5);
    for (const [binding, name] of named) {
      expect(name, binding).toMatch(/^edgespan/);
      expect(bindings[binding!]?.description, binding).toMatch(/\w/);
    }
  });

  test("secrets are asked for, and none has a value that everybody would have", () => {
    const lines = read(".dev.vars.example")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"));
    expect(lines).toEqual(["ADMIN_TOKEN="]);
    expect(packageJson().cloudflare.bindings.ADMIN_TOKEN.description).toMatch(/random/);
  });

  test("`deploy` deploys, and there is nothing to `build`", () => {
    const { scripts } = packageJson();
    expect([scripts.deploy, scripts.build]).toEqual(["node scripts/deploy.mjs", undefined]);
    for (const command of Object.values(scripts) as string[])
      expect(existsSync(join(folder, command.split(" ").at(-1)!)), command).toBe(true);
  });
});

describe("on a machine without Rust", () => {
  test("it serves, takes a trace and shows it; its commands manage it", { timeout: 300_000 }, async () => {
    const { release, env } = machine();
    for (const tool of ["cargo", "rustc", "rustup"]) expect(() => execFileSync(tool, { env, stdio: "pipe" })).toThrow(/ENOENT/);
    const server = await release.serve([], env);
    const headers = { authorization: "Bearer ts_local_development", "content-type": "application/json" };
    const batch = [
      { type: "trace-create", body: { id: "released", name: "from-a-release" } },
      { type: "span-create", body: { trace_id: "released", id: "step", name: "step", type: "AGENT", output: "kept" } },
    ];
    const sent = await fetch(`${server.url}/api/v1/traces`, { method: "POST", headers, body: JSON.stringify({ batch }) });
    expect(sent.status, await sent.text()).toBe(201);
    await vi.waitFor(async () => {
      const { data } = (await (await fetch(`${server.url}/api/v1/traces/released`, { headers })).json()) as any;
      expect(data).toMatchObject({ name: "from-a-release", spans: [{ output: "kept" }] });
    }, 20_000);
    const health = await fetch(`${server.url}/api/v1/health`);
    expect(await health.json()).toEqual({ status: "ok", version: packageJson().version });
    const script = /="(\/assets\/[^"]+)"/.exec(await (await fetch(`${server.url}/sign-in`)).text())?.[1];
    expect((await fetch(server.url + script)).status).toBe(200);

    const local = { ...env, PORT: String(server.port) };
    const doctor = await release.run("doctor", ["--json"], local);
    expect(doctor.code, doctor.said).toBe(0);
    expect(JSON.parse(doctor.out).checks).toContainEqual(expect.objectContaining({ name: "version", verdict: "ok" }));
    const keys = await release.run("keys", ["create", "--project", "shop"], local);
    expect([keys.code, keys.out], keys.said).toEqual([0, expect.stringMatching(/^ts_/m)]);
    const replay = await release.run("replay", ["--since", "2026-01-01", "--dry-run"], local);
    expect([replay.code, replay.out], replay.said).toEqual([0, expect.stringMatching(/^\d+ batch/)]);
  });

  describe("`npm run deploy`", () => {
    /** A machine with a stand-in for wrangler that notes what it is asked. */
    function withStandIn() {
      const { release, env } = machine();
      // No `cat` there: it is a script for Node.
      const standIn = `#!${process.execPath}
        const { appendFileSync, readFileSync, writeFileSync } = require("node:fs");
        const asked = process.argv.slice(2).join(" ");
        appendFileSync("asked", asked + "\\n");
        if (asked === "d1 info DB") process.exitCode = 1;
        if (asked === "deploy") writeFileSync(process.env.WRANGLER_OUTPUT_FILE_PATH, '{"type":"deploy","targets":["https://shop.acme.workers.dev"]}\\n');
        if (asked.startsWith("secret list")) console.log("[]");
        if (asked.startsWith("secret put")) writeFileSync("secret", readFileSync(0));
      `;
      const path = release.path("node_modules/.bin/wrangler");
      rmSync(path);
      writeFileSync(path, standIn);
      chmodSync(path, 0o755);
      const asked = () => (existsSync(release.path("asked")) ? readFileSync(release.path("asked"), "utf8").trim().split("\n") : []);
      return { release, env, asked };
    }
    const LAST = ["d1 migrations apply DB --remote", "deploy", "secret list --format json"];

    test("does what it does in the repository, under the names that whoever deploys has chosen", async () => {
      const { release, env, asked } = withStandIn();
      const toml = readFileSync(release.path("wrangler.toml"), "utf8");
      writeFileSync(
        release.path("wrangler.toml"),
        toml.replace('database_name = "edgespan"', 'database_name = "of-acme"').replace('name = "edgespan"', 'name = "shop"'),
      );
      const { code, said } = await release.run("deploy", [], env);
      expect(code, said).toBe(0);
      expect(asked()).toEqual(["whoami --json", "d1 info DB", "d1 create of-acme", ...LAST, "secret put ADMIN_TOKEN"]);
      const token = readFileSync(release.path("secret"), "utf8");
      expect(JSON.parse(readFileSync(release.path(".edgespan/deployment.json"), "utf8"))).toEqual({
        token,
        url: "https://shop.acme.workers.dev",
      });
      expect(said).toContain(`version ${packageJson().version} is deployed at https://shop.acme.workers.dev`);
    });

    test("on the platform's build machine makes no secret that nobody would ever see", async () => {
      const { release, env, asked } = withStandIn();
      const { code, said } = await release.run("deploy", [], { ...env, WORKERS_CI: "1" });
      expect(code, said).toBe(0);
      expect(asked().slice(-3)).toEqual(LAST);
      expect(said).toMatch(/set ADMIN_TOKEN/);
    });

    test.each(["build/index_bg.wasm", "migrations/0002_index.sql"])("refuses a %s that is not the release's", async (path) => {
      const { release, env, asked } = withStandIn();
      appendFileSync(release.path(path), " ");
      const { code, said } = await release.run("deploy", [], env);
      expect([code, asked()], said).toEqual([1, ["whoami --json"]]);
      expect(said).toContain(`${path} is not the one of this release`);
    });

    test("says that wrangler is to be installed", async () => {
      const { release, env } = machine();
      rmSync(release.path("node_modules"), { recursive: true });
      const { code, said } = await release.run("deploy", [], env);
      expect([code, said]).toEqual([1, expect.stringMatching(/run `npm i` first/)]);
    });
  });
});
