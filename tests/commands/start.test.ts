// `npm start` as somebody uses it who sees it for the first time: what is left on
// the screen, what the other commands do when they would meet another server or
// database than the one that runs, and that a build does not end it.
import { execFileSync } from "node:child_process";
import { appendFileSync, closeSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { putInPlace } from "../../scripts/build.mjs";
import { Checkout } from "../support/checkout.ts";
import { freePort } from "../support/ports.mjs";

// Each start takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const LOCAL_KEY = "ts_local_development";
let checkout: Checkout;
/** One as it is by default but for its port, and one that says what it does, elsewhere. */
let quiet: Awaited<ReturnType<Checkout["serve"]>>;
let verbose: typeof quiet;
const VERBOSE_STATE = "other state";

beforeAll(async () => {
  checkout = new Checkout();
  quiet = await checkout.serve();
  verbose = await checkout.serve(["--verbose"], { STATE_DIR: VERBOSE_STATE });
});
afterAll(() => checkout.close());

const soon = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 120_000, interval: 50 });
const local = { headers: { authorization: `Bearer ${LOCAL_KEY}` } };
const read = async (path: string, { url } = quiet): Promise<any> => (await fetch(`${url}/api/v1${path}`, local)).json();
const lines = (text: string) => text.split("\n").filter((line) => line.trim());

/** The database of a state, as another process has it. */
function open(state: string): DatabaseSync {
  const folder = join(state, "v3", "d1", "miniflare-D1DatabaseObject");
  const file = readdirSync(folder).find((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")!;
  return new DatabaseSync(join(folder, file));
}

describe("the screen", () => {
  test("address and key are the last things on it, also after requests", async () => {
    for (const path of ["/traces", "/nothing", "/health"]) await fetch(`${quiet.url}/api/v1${path}`, local);
    // A line for each request would be here by the time that it has been answered, and its sweep's.
    expect(await read("/stats")).toMatchObject({ error: null });
    const [address, key] = lines(quiet.said).slice(-2);
    expect(address).toContain(quiet.url);
    expect(key).toContain(LOCAL_KEY);
    expect(quiet.said).not.toMatch(/wrangler|warning|binding|"event"|GET /i);
  });

  test("commands in it say where they mean, wherever they have to", async () => {
    expect(quiet.said).toContain(`PORT=${quiet.port} npm run demo`);
    expect(quiet.said).toContain(`PORT=${quiet.port} npm run keys -- create`);
    expect(verbose.said).toContain(`PORT=${verbose.port} STATE_DIR='${VERBOSE_STATE}' npm run keys -- create`);
  });

  test("its first command works as pasted: a trace with a duration, tokens, a model", async () => {
    const command = /^curl .*?^.*\}'\)"$/ms.exec(quiet.said)![0];
    execFileSync("bash", ["-c", command], { stdio: "pipe" });
    const [{ id }] = await soon(async () => {
      const { data } = await read("/traces");
      expect(data.traces).toMatchObject([{ status: "OK", durationMs: 900, totalTokens: 200 }]);
      return data.traces;
    });
    const { data } = await read(`/traces/${id}`);
    expect(data.spans.map(({ model }: any) => model)).toContain("gpt-4o-mini");
  });

  test("what goes wrong is still said", async () => {
    const database = open(checkout.path(".edgespan/state"));
    database.exec("alter table trace rename to not_there");
    try {
      expect((await fetch(`${quiet.url}/api/v1/traces`, local)).status).toBeGreaterThanOrEqual(500);
      await soon(() => expect(quiet.said).toMatch(/"event":"request".*"fault":"/));
    } finally {
      database.exec("alter table not_there rename to trace");
      database.close();
    }
    expect((await fetch(`${quiet.url}/api/v1/traces`, local)).status).toBe(200);
  });

  test("--verbose: what wrangler says, and a line for each request", async () => {
    await fetch(`${verbose.url}/api/v1/traces`, local);
    await soon(() => expect(verbose.said).toMatch(/"event":"request".*"route":"list-traces"/));
    expect(verbose.said).toMatch(/wrangler/);
  });

  test("what ends it while it starts is shown", async () => {
    const broken = new Checkout();
    try {
      // The database is of no matter here.
      broken.program("wrangler", "#!/bin/sh\necho []\n");
      const config = readFileSync(broken.path("wrangler.toml"), "utf8");
      writeFileSync(broken.path("wrangler.toml"), config.replace(/^main = .*$/m, 'main = "build/not-there.js"'));
      const { code, said } = await broken.run("start", [], { PORT: String(await freePort()) });
      expect(code).toBe(1);
      expect(said).toMatch(/not-there\.js/);
      expect(said).toMatch(/npm start -- --verbose/);
    } finally {
      await broken.close();
    }
  });

  test("an option that is none is told in a line", async () => {
    const { code, said } = await checkout.run("start", ["--loud"]);
    expect(code).toBe(1);
    expect(said).toMatch(/--loud/);
    expect(said).not.toMatch(/^ +at /m);
  });
});

describe("a second one", () => {
  test("on the same state is refused, and told where the first one is", async () => {
    const { code, said } = await checkout.run("start", [], { PORT: String(await freePort()) });
    expect([code, said]).toEqual([1, expect.stringContaining(quiet.url)]);
  });

  test("on the same port is refused, too", async () => {
    const { code, said } = await checkout.run("start", [], { PORT: String(quiet.port), STATE_DIR: "third" });
    expect(code).toBe(1);
    expect(said).toContain(`PORT=${quiet.port + 1} STATE_DIR=third npm start`);
  });
});

describe("keys", () => {
  const create = ["create", "--project", "shop"];

  test("of the server that is named, with the secret of its state", async () => {
    for (const [server, env] of [
      [quiet, {}],
      [verbose, { STATE_DIR: VERBOSE_STATE }],
    ] as [typeof quiet, Record<string, string>][]) {
      const { out } = await checkout.done("keys", create, { PORT: String(server.port), ...env });
      const headers = { authorization: `Bearer ${out.trim()}` };
      await soon(async () => expect((await fetch(`${server.url}/api/v1/traces`, { headers })).status).toBe(200));
    }
  });

  test("says where servers run when none does where it looks, and makes nothing there", async () => {
    const { code, said } = await checkout.run("keys", create, { PORT: String(await freePort()), STATE_DIR: "a-third" });
    expect(code).toBe(1);
    for (const { port } of [quiet, verbose]) expect(said).toContain(`PORT=${port} `);
    expect(said).toContain(`STATE_DIR='${VERBOSE_STATE}' npm run keys`);
    expect(existsSync(checkout.path("a-third"))).toBe(false);
  });
});

describe("demo", () => {
  test("says where a server runs when none does where it looks", async () => {
    const { code, said } = await checkout.run("demo", ["--traces", "1"], { PORT: String(await freePort()) });
    expect(code).toBe(1);
    expect(said).toMatch(/does not answer/);
    expect(said).toContain(`PORT=${quiet.port} npm run demo`);
  });

  test("does not fill another state than STATE_DIR says", async () => {
    const { code, said } = await checkout.run("demo", ["--traces", "1"], { PORT: String(quiet.port), STATE_DIR: VERBOSE_STATE });
    expect(code).toBe(1);
    expect(said).toContain(`PORT=${verbose.port} STATE_DIR='${VERBOSE_STATE}' npm run demo`);
  });

  test("fills the one that it is told", async () => {
    const { said } = await checkout.done("demo", ["--traces", "2"], { PORT: String(verbose.port) });
    expect(said).toContain(LOCAL_KEY);
  });
});

describe("replay", () => {
  const range = ["--since", "2026-03-14", "--dry-run"];

  test("asks the server that has the state", async () => {
    const { out } = await checkout.done("replay", range, { PORT: String(verbose.port), STATE_DIR: VERBOSE_STATE });
    expect(out).toMatch(/batches would be queued/);
  });

  test("says which state a server has when it is not the one that it would read", async () => {
    const { code, out, said } = await checkout.run("replay", range, { PORT: String(verbose.port) });
    expect([code, out]).toEqual([1, ""]);
    expect(said).toContain(`PORT=${verbose.port} STATE_DIR='${VERBOSE_STATE}' npm run replay`);
  });
});

describe("a build in the same folder", () => {
  /** A build as it is made beside the one that is served: another one each time. */
  function made(n: number): string {
    const folder = checkout.path(`made-${n}`);
    cpSync(checkout.path("build"), join(folder, "build"), { recursive: true });
    appendFileSync(join(folder, "build/index.js"), `\nconsole.log("this is build ${n}");\n`);
    writeFileSync(join(folder, `build/public/assets/of-build-${n}.js`), "");
    return folder;
  }

  test("is served as soon as it is there, and ends no server", async () => {
    for (const n of [1, 2]) {
      putInPlace(made(n), checkout.root);
      await soon(async () => {
        expect((await fetch(`${verbose.url}/api/v1/health`)).status).toBe(200);
        expect(verbose.said).toContain(`this is build ${n}`);
        expect((await fetch(`${quiet.url}/assets/of-build-${n}.js`)).status).toBe(200);
      });
    }
    expect([quiet.child.exitCode, verbose.child.exitCode]).toEqual([null, null]);
    expect((await read("/traces")).error).toBeNull();
  });

  test("is put in place by renaming, and what it has no more is removed", () => {
    const [from, to] = [checkout.path("from"), checkout.path("to")];
    const openapi = "build/public/api/v1/openapi.json";
    const files = ["build/public/assets/new.js", "build/public/_headers", openapi, "build/index_bg.wasm", "build/index.js"];
    for (const folder of [from, to]) mkdirSync(join(folder, "build/public/assets"), { recursive: true });
    for (const folder of [from, to]) mkdirSync(join(folder, "build/public/api/v1"), { recursive: true });
    for (const file of files) writeFileSync(join(from, file), "new");
    for (const file of ["build/public/assets/old.js", ...files.slice(1)]) writeFileSync(join(to, file), "old");
    // Whoever had the old file open, or maps it, still has all of it.
    const open = openSync(join(to, "build/index_bg.wasm"), "r");
    putInPlace(from, to);
    expect(readFileSync(open, "utf8")).toBe("old");
    closeSync(open);
    expect(files.map((file) => readFileSync(join(to, file), "utf8"))).toEqual(files.map(() => "new"));
    expect(readdirSync(join(to, "build/public/assets"))).toEqual(["new.js"]);
  });
});
