// `npm run verify` on a server that `npm start` serves: differences that are planted in its
// database are found and named, and mended with --repair; and against a server that fails
// in between: the run goes on where it was. What a step finds is in tests/pipeline/verify.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Checkout } from "../support/checkout.ts";
import { useStub } from "../support/stub.ts";

// Each start takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let checkout: Checkout;
beforeAll(() => {
  checkout = new Checkout();
});
afterAll(() => checkout.close());

describe("of a server that runs", () => {
  let server: Awaited<ReturnType<Checkout["serve"]>>;
  const headers = { authorization: "Bearer ts_local_development", "content-type": "application/json" };
  const verify = (...args: string[]) => checkout.run("verify", args, { PORT: String(server.port) });

  /** Runs statements in the database, as another process has it. */
  function plant(sql: string): void {
    const folder = checkout.path(".edgespan/state/v3/d1/miniflare-D1DatabaseObject");
    const file = readdirSync(folder).find((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")!;
    const database = new DatabaseSync(join(folder, file));
    database.exec(`pragma busy_timeout = 10000; ${sql}`);
    database.close();
  }

  async function send(...batch: object[]): Promise<void> {
    const body = JSON.stringify({ batch });
    expect((await fetch(`${server.url}/api/v1/traces`, { method: "POST", headers, body })).status).toBe(201);
  }

  const span = (traceId: string, id: string, fields: object = {}) => ({
    type: "span-create",
    timestamp: "2026-03-14T10:00:00.000Z",
    body: { traceId, id, name: id, type: "LLM", startTime: "2026-03-14T10:00:00Z", endTime: "2026-03-14T10:00:01Z", ...fields },
  });

  const answers = async () => {
    const list: any = await (await fetch(`${server.url}/api/v1/traces?limit=100`, { headers })).json();
    const ids: string[] = list.data.traces.map((trace: any) => trace.id).sort();
    return Promise.all(ids.map(async (id) => (await fetch(`${server.url}/api/v1/traces/${id}`, { headers })).text()));
  };

  beforeAll(async () => {
    server = await checkout.serve();
    for (let n = 0; n < 12; n++) {
      const trace = { type: "trace-create", body: { id: `t${n}`, name: `trace ${n}`, sessionId: "s", tags: ["a"] } };
      await send(trace, span(`t${n}`, "one", { cost: 0.5, input: n }), span("long", `s${n}`, { usage: { promptTokens: n } }));
    }
    await vi.waitFor(
      async () => {
        const { data } = (await (await fetch(`${server.url}/api/v1/stats`, { headers })).json()) as any;
        expect(data.hours.reduce((sum: number, hour: any) => sum + hour.accepted.batches, 0)).toBe(12);
      },
      { timeout: 60_000, interval: 100 },
    );
  });

  test("nothing differs that is right", async () => {
    const { code, out, said } = await verify("--project", "local");
    expect([code, out.trim()], said).toEqual([0, "12 batches with 36 events, 13 traces: nothing differs"]);
  });

  test("what is planted is found, named, and mended", async () => {
    const before = await answers();
    plant(`
      update trace set tokens = tokens + 1 where id = 't0';
      update trace set name = 'other' where id = 't1';
      update trace set pack = x'00' where id = 't2';
      delete from trace where id = 't3';
      update trace set start_us = start_us - 5000000 where id = 't4';
      update trace set session = 'other' where id = 't5';
      update trace set end_us = end_us + 1 where id = 'long';
      delete from batch where id = (select min(id) from batch);
      create temp table x as select * from trace where id = 't6';
      update x set id = 'stray', key = key + 5000;
      insert into trace select * from x;
      insert into span select key + 9000, 's', 0, 0, pack from trace where id = 't6';
      update trace set tags = '["b"]' where id = 't7';`);
    const { code, out, said } = await verify();
    expect(code, said).toBe(1);
    for (const line of [
      "t0: not what its spans come to: tokens",
      "t1: no raw batch says its name",
      "t2: its row cannot be unpacked",
      "t3: it is not there",
      "t4: something that is said is missing: name, session, tags",
      "t5: no raw batch says its session",
      "long: no raw batch says its end_us",
      "stray: no raw batch mentions it",
      "t7: no raw batch says its tags",
    ]) {
      expect(out).toContain(`local ${line}`);
    }
    expect(out).toMatch(/^local t4: no raw batch says its .*start_us/m);
    expect(out).toMatch(/36 events, 13 traces: 12 differences$/m);
    expect(out).toMatch(/^local batch [0-9a-f]{32}: neither the ledger nor the dead letters know it$/m);
    expect(out).toMatch(/^local key \d+: rows of spans under this key are of no trace$/m);
    expect(out).not.toMatch(/ t(6|8|9|10|11): /);

    const repaired = await verify("--repair");
    expect(repaired.code, repaired.out + repaired.said).toBe(0);
    expect(repaired.out).toMatch(/batches queued/);
    await vi.waitFor(async () => expect(await answers()).toEqual(before), { timeout: 60_000, interval: 200 });
    const again = await verify();
    expect([again.code, again.out], again.said).toEqual([0, expect.stringMatching(/13 traces: nothing differs/)]);
  });
});

describe("of a server that answers as it does", async () => {
  /** What the server answers, one after the other, and what it was asked. */
  let answers: [status: number, data: object][] = [];
  const stub = await useStub((response) => {
    const [status, data] = answers.shift() ?? [500, {}];
    response.writeHead(status).end(JSON.stringify(status === 200 ? { data } : { error: { message: "try again" } }));
  });
  const asked = (): Record<string, any>[] => stub.asked.map(({ path, body }) => ({ path, ...body }));
  const step = (next: string | null, more: object = {}): [number, object] => [
    200,
    { next, reached: Date.parse("2026-03-14T12:00:00Z"), batches: [], events: 0, queued: 0, traces: {}, differences: [], ...more },
  ];
  const rows = (more: object = {}): [number, object] => [
    200,
    { next: null, project: "p", traces: [], batches: [], rows: null, differences: [], ...more },
  ];
  const open = (fields: string[]) => ({ traces: { p: [["t", { fields }, null]] } });

  beforeEach(() => {
    answers = [];
  });
  const verify = (...args: string[]) => checkout.run("verify", args, { EDGESPAN_URL: stub.url, ADMIN_TOKEN: "secret" });
  const since = "2026-03-14T00:00:00.000Z";

  test("a run that was interrupted goes on where it was, and joins what both parts found", async () => {
    answers = [step("raw/a", open(["end_us", "name"])), [503, {}]];
    const first = await verify("--remote", "--since", "2026-03-14", "--repair");
    expect([first.code, first.out]).toEqual([1, ""]);
    expect(first.said).toMatch(/503: try again/);
    expect(first.said).toMatch(/npm run verify -- --resume/);
    // What one step leaves open the next one says, but for the name; another look says no more.
    answers = [step(null, open(["name", "start_us"])), rows(), step(null), [503, {}]];
    const second = await verify("--resume");
    expect(second.out).toMatch(/^p t: no raw batch says its name$/m);
    expect(second.code).toBe(1);
    answers = [
      [200, { traces: ["t"], kept: [], more: true }],
      [200, { traces: ["t"], kept: [], more: false }],
      step("raw/b", { queued: 2 }),
      [503, {}],
    ];
    expect((await verify("--resume")).code).toBe(1);
    answers = [step(null, { queued: 3 })];
    const last = await verify("--resume");
    expect([last.code, last.out], last.said).toEqual([0, expect.stringMatching(/^5 batches queued/m)]);
    const forget = { path: "/api/v1/admin/verify/forget", project: "p", traces: ["t"], keys: [], gone: [] };
    expect(asked()).toMatchObject([
      { path: "/api/v1/admin/verify", since },
      { after: "raw/a" },
      { after: "raw/a" },
      { path: "/api/v1/admin/verify/rows", since },
      { path: "/api/v1/admin/verify" },
      forget,
      forget,
      forget,
      { path: "/api/v1/admin/verify", since, queue: true },
      { after: "raw/b", queue: true },
      { after: "raw/b", queue: true },
    ]);
    expect(await verify("--resume")).toMatchObject({ code: 1, said: expect.stringMatching(/no run was interrupted/) });
  });

  test("what is kept, or that nothing here mends, is told, and the run fails", async () => {
    const wrong = { project: "p", trace: "t", what: "wrong", remedy: "forget" };
    answers = [
      step(null, { batches: [], differences: [wrong] }),
      rows({ batches: ["0123456789abcdef0123456789abcdef"] }),
      step(null),
      [200, { traces: [], kept: [["t", "its batch is gone"]], more: false }],
      step(null),
    ];
    const { code, out } = await verify("--remote", "--repair");
    expect(code).toBe(1);
    expect(out).toMatch(/^p batch 0123456789abcdef0123456789abcdef: the ledger knows it, and R2 has it no more$/m);
    expect(out).toMatch(/^p t: not repaired: its batch is gone$/m);
    expect(asked()[3]).toMatchObject({ gone: ["0123456789abcdef0123456789abcdef"] });
  });

  test.each([
    ["a time that is none", ["--since", "yesterday"], /--since: expected a time/],
    ["a range that ends before it begins", ["--since", "2026-03-14", "--until", "2026-03-13"], /later than --since/],
    ["a project that cannot be one", ["--project", "x'; drop table span"], /--project/],
    ["an option that is none", ["--force"], /--force/],
    ["another option with --resume", ["--resume", "--repair"], /no other option/],
  ])("%s is told in a line, and nothing is asked", async (_, args, message) => {
    const { code, out, said } = await verify("--remote", ...args);
    expect([code, out]).toEqual([1, ""]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^ +at /m);
    expect(asked()).toEqual([]);
  });
});
