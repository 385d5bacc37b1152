// A deployment on its way through releases, in workerd, by the migrations as wrangler applies them:
// a database of the first schema is upgraded to this release, then to one to come, and rolled
// back to this one. All on one state, of which nothing is lost.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { makeRelease } from "../../scripts/release.mjs";
import { Checkout } from "../support/checkout.ts";

const made = mkdtempSync(join(tmpdir(), "edgespan-upgrade-"));
const state = join(made, "state");
const releases: Checkout[] = [];
afterAll(async () => {
  await Promise.all(releases.map((release) => release.close()));
  rmSync(made, { recursive: true, force: true });
});

const headers = { authorization: "Bearer ts_local_development", "content-type": "application/json" };

/** Serves a release on the one state while it sends a trace, and sees that each that was ever sent is there. */
async function serve(release: Checkout, sends: string, ever: string[]): Promise<void> {
  releases.push(release);
  const server = await release.serve([], { STATE_DIR: state });
  const batch = [
    { type: "trace-create", body: { id: sends, name: sends } },
    { type: "span-create", body: { trace_id: sends, id: "step", name: "step", type: "AGENT", output: `of ${sends}` } },
  ];
  const sent = await fetch(`${server.url}/api/v1/traces`, { method: "POST", headers, body: JSON.stringify({ batch }) });
  expect(sent.status, await sent.text()).toBe(201);
  for (const id of ever) {
    await vi.waitFor(async () => {
      const { data } = (await (await fetch(`${server.url}/api/v1/traces/${id}`, { headers })).json()) as any;
      expect(data).toMatchObject({ name: id, spans: [{ output: `of ${id}` }] });
    }, 30_000);
  }
  const list = (await (await fetch(`${server.url}/api/v1/traces?limit=10`, { headers })).json()) as any;
  expect(list.data.traces).toHaveLength(ever.length);
  await release.close();
}

test("the first schema, this release, one to come, and back", { timeout: 600_000 }, async () => {
  const { folder } = makeRelease(made);
  // What the platform's database has after the first migration alone, with a row in it.
  const first = join(made, "first");
  mkdirSync(join(first, "migrations"), { recursive: true });
  cpSync(join(folder, "wrangler.toml"), join(first, "wrangler.toml"));
  cpSync(join(folder, "migrations", "0001_projects.sql"), join(first, "migrations", "0001_projects.sql"));
  const wrangler = (...args: string[]) =>
    execFileSync("wrangler", ["d1", ...args, "--local", "--persist-to", state], {
      cwd: first,
      stdio: "pipe",
      env: { ...process.env, CI: "1", WRANGLER_LOG: "log" },
    });
  wrangler("migrations", "apply", "DB");
  wrangler("execute", "DB", "--command", "insert into project (id, name, created_ms) values ('old', 'old', 1)");

  await serve(new Checkout(folder), "before", ["before"]);

  // Its migration adds what a later release would: columns beside those of each table that is written.
  const toCome = join(made, "to-come");
  cpSync(folder, toCome, { recursive: true });
  const tables = ["project", "api_key", "batch", "trace", "stat", "delivery"];
  const expand = tables.map(
    (table) => `alter table ${table} add column to_come text;\nalter table ${table} add column to_come_too integer not null default 7;`,
  );
  writeFileSync(join(toCome, "migrations", "9999_to_come.sql"), `${expand.join("\n")}\n`);
  await serve(new Checkout(toCome), "upgraded", ["before", "upgraded"]);
  await serve(new Checkout(folder), "rolled-back", ["before", "upgraded", "rolled-back"]);

  const said = JSON.parse(
    String(
      wrangler(
        "execute",
        "DB",
        "--json",
        "--command",
        "select name from project order by name; select name from d1_migrations order by id",
      ),
    ),
  );
  expect(said[0].results).toEqual([{ name: "local" }, { name: "old" }]);
  const applied = [...readdirSync(join(folder, "migrations")).filter((name) => name.endsWith(".sql")), "9999_to_come.sql"];
  expect(said[1].results.map(({ name }: { name: string }) => name)).toEqual(applied);
});
