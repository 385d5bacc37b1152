// `npm run doctor` against the built Worker: well, and with faults planted in its database; and
// what it says of facts that no test can plant.
import { execFile } from "node:child_process";
import { beforeEach, describe, expect, test } from "vitest";
import { judge } from "../../scripts/doctor/checks.mjs";
import { root } from "../../scripts/run.mjs";
import { useWorker } from "../support/worker.ts";

const SECRET = "the-operators";
const worker = useWorker({ vars: { ADMIN_TOKEN: SECRET } });

type Check = ReturnType<typeof judge>[number];

/** Runs the command; its exit code, and what it says of each part. */
function doctor(args: string[] = [], secret = SECRET): Promise<{ code: number; out: string; said: string }> {
  const env = { ...process.env, EDGESPAN_URL: worker.url.origin, ADMIN_TOKEN: secret };
  return new Promise((done) => {
    execFile("node", ["scripts/doctor.mjs", "--remote", ...args], { cwd: root, env, timeout: 60_000 }, (error, out, said) =>
      done({ code: error ? Number(error.code) : 0, out, said }),
    );
  });
}

/** What failed, by its name, and the exit code. */
async function failures(...args: string[]): Promise<[number, Record<string, Check>]> {
  const { code, out, said } = await doctor(["--json", ...args]);
  expect(out, said).not.toBe("");
  const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Check[] };
  expect(ok).toBe(code === 0);
  return [code, Object.fromEntries(checks.filter((check) => check.verdict === "failed").map((check) => [check.name, check]))];
}

const MINUTE = 60_000;

describe("against a Worker", { timeout: 60_000 }, () => {
  beforeEach(() => worker.run("update sweep set ran_ms = ?", Date.now()));

  test("that is well it finds nothing, and sends a trace that no other project has", async () => {
    const project = await worker.project();
    const { code, out, said } = await doctor();
    expect(code, out + said).toBe(0);
    expect(out).toMatch(/^ok {4}round trip +a test trace could be read \d+ ms after it was sent$/m);
    expect(out).toMatch(/^ok {4}queue/m);
    expect(out).toMatch(/^ok {4}database +[\d.]+ MB/m);
    expect((await project.request("/api/v1/traces")).json.data.traces).toEqual([]);
    const keys =
      "select k.id from api_key as k join project as p on p.id = k.project where p.name = 'edgespan-doctor' and revoked_ms is null";
    expect(await worker.run(keys)).toEqual([]);
  });

  test.each<[string, string, RegExp, string[], string[]]>([
    [
      "a dead letter",
      "dead letters",
      /npm run replay/,
      ["insert into dead_letter values ('p', 'b', 'o', 'why', 1, 1)"],
      ["delete from dead_letter"],
    ],
    [
      "a batch that waits for an hour",
      "oldest unwritten",
      /queued again/,
      [`insert into overdue values ('p', 'b', 'o', ${Date.now() - 60 * MINUTE}, 1, ${Date.now() + 60 * MINUTE})`],
      ["delete from overdue"],
    ],
    ["a sweeper that stands", "last sweep", /cron/, [`update sweep set ran_ms = ${Date.now() - 60 * MINUTE}`], []],
    [
      "a migration that is not applied",
      "migrations",
      /npm run deploy/,
      ["create table kept as select * from d1_migrations", "delete from d1_migrations where name > '0009'"],
      ["delete from d1_migrations", "insert into d1_migrations select * from kept", "drop table kept"],
    ],
    [
      "a table that takes no trace",
      "round trip",
      /log/,
      ["create trigger fault before insert on trace begin select raise(abort, 'fault'); end"],
      ["drop trigger fault"],
    ],
  ])("finds %s, and says what to do", async (_, name, remedy, plant, mend) => {
    for (const sql of plant) await worker.run(sql);
    try {
      // Only a trace that never comes is not worth waiting for.
      const [code, failed] = await failures(...(name === "round trip" ? ["--wait", "3"] : []));
      expect([code, Object.keys(failed)]).toEqual([1, [name]]);
      expect(failed[name]?.remedy).toMatch(remedy);
    } finally {
      for (const sql of mend) await worker.run(sql);
    }
  });

  test("whose secret is another it says so", async () => {
    expect(await doctor([], "wrong")).toMatchObject({ code: 1, said: expect.stringMatching(/answered 401/) });
  });
});

describe("what is said of facts", () => {
  const now = "2026-11-22T06:20:00.000Z";
  const rows = { sweptAt: now, unwritten: 0, oldestUnwrittenAt: null, deadLetters: 0, newestDeadLetterAt: null };
  const facts = {
    version: "1",
    now,
    bindings: { DB: true, METRICS: false },
    rows,
    databaseBytes: 1e6,
    migrations: { count: 2, newest: "0002" },
    newestMigration: "0002",
    queue: { messages: 0, oldestAt: null },
  };
  const measured = { version: "1", now: Date.parse(now), took: 10, roundTrip: { visibleMs: 100 } };
  const wrong = (facts: Parameters<typeof judge>[0], measure: Partial<typeof measured> = {}) =>
    judge(facts, { ...measured, ...measure })
      .filter(({ verdict }) => verdict !== "ok")
      .map(({ name, verdict, remedy }) => [name, verdict, Boolean(remedy)]);

  test("nothing is wrong with what is well", () => expect(wrong(facts)).toEqual([]));

  test.each<[string, string, Parameters<typeof judge>[0], Partial<typeof measured>]>([
    ["database", "warning", { ...facts, databaseBytes: 7e9 }, {}],
    ["database", "failed", { ...facts, databaseBytes: 9.6e9 }, {}],
    ["database", "failed", { ...facts, rows: null }, {}],
    ["bindings", "failed", { ...facts, bindings: { DB: false } }, {}],
    ["migrations", "failed", { ...facts, migrations: null }, {}],
    ["last sweep", "warning", { ...facts, rows: { ...rows, sweptAt: "2026-11-22T06:16:00.000Z" } }, {}],
    ["last sweep", "failed", { ...facts, rows: { ...rows, sweptAt: null } }, {}],
    ["queue", "warning", { ...facts, queue: null }, {}],
    ["queue", "warning", { ...facts, queue: { messages: 20_000, oldestAt: now } }, {}],
    ["oldest unwritten", "warning", { ...facts, queue: { messages: 1, oldestAt: "2026-11-22T06:18:00.000Z" } }, {}],
    ["clock", "warning", facts, { now: Date.parse(now) + 60_000 }],
    ["clock", "failed", facts, { now: Date.parse(now) - 600_000 }],
    ["version", "warning", facts, { version: "2" }],
    ["round trip", "warning", facts, { roundTrip: { visibleMs: 9_000 } }],
  ])("%s: %s", (name, verdict, facts, measure) => expect(wrong(facts, measure)).toEqual([[name, verdict, true]]));

  test("a schema that is newer than the code, after a rollback, is well", () => {
    expect(wrong({ ...facts, newestMigration: "0001" })).toEqual([]);
  });
});
