// A process that dies right after its 201s, with every message still in its
// queue, which is in memory: the next one, on what the first left on disk, has
// all of it after one sweep. Here the process is workerd, ended without warning;
// the whole local server under load is `npm run crash` (crash.test.ts).
import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { eventually } from "../support/worker.ts";
import { spansOf } from "../support/events.ts";

const KEY = "ts_of_a_test";
const MINUTE = 60_000;
const NEVER_S = 60;

let state = "";
let running: Miniflare | undefined;

/** A process on the state; its queue delivers after so many seconds. */
async function start(delivery: number): Promise<Miniflare> {
  const config = unstable_readConfig({ config: "./wrangler.toml" });
  const contents = (path: string) => readFileSync(path);
  const queues = config.queues.consumers!.map(({ queue, max_retries, dead_letter_queue }: Record<string, unknown>) => [
    queue,
    { maxBatchSize: 100, maxBatchTimeout: delivery, maxRetries: max_retries, deadLetterQueue: dead_letter_queue },
  ]);
  running = new Miniflare(
    convertV4MiniflareOptions({
      compatibilityDate: config.compatibility_date,
      modules: [
        { type: "ESModule", path: "index.js", contents: contents("build/index.js").toString() },
        { type: "CompiledWasm", path: "index_bg.wasm", contents: contents("build/index_bg.wasm") },
      ],
      d1Databases: { DB: "db" },
      r2Buckets: { RAW: "raw" },
      queueProducers: Object.fromEntries(
        config.queues.producers!.map(({ binding, queue }: Record<string, unknown>) => [binding, { queueName: queue }]),
      ),
      queueConsumers: Object.fromEntries(queues),
      resourcePersistencePath: state,
    } as any),
  );
  await running.ready;
  return running;
}

/** Ends it: workerd is killed, and what its queue held is gone. */
async function die(): Promise<void> {
  await running?.dispose();
  running = undefined;
}

const database = () => running!.getD1Database("DB");

async function count(table: string): Promise<number> {
  return (await (await database()).prepare(`select count(*) as n from ${table}`).first<{ n: number }>())!.n;
}

async function setUp(): Promise<void> {
  const db = await database();
  for (const file of readdirSync("migrations")
    .filter((name) => name.endsWith(".sql"))
    .sort()) {
    const sql = readFileSync(join("migrations", file), "utf8").replace(/--.*$/gm, "");
    for (const statement of sql.split(";").filter((text) => text.trim())) await db.prepare(statement).run();
  }
  await db.prepare("insert into project (id, name, created_ms) values ('p', 'p', 0)").run();
  const hash = createHash("sha256").update(KEY).digest("hex");
  await db
    .prepare("insert into api_key (hash, id, project, name, prefix, created_ms) values (?, 'k', 'p', 'n', 'ts_', 0)")
    .bind(hash)
    .run();
}

const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };

async function send(trace: string): Promise<void> {
  const body = JSON.stringify({ batch: spansOf(trace, 3) });
  const response = await running!.dispatchFetch("http://edge/api/v1/traces", { method: "POST", headers, body });
  expect(response.status, await response.text()).toBe(201);
}

/** How many spans all traces have in the index. */
async function spans(): Promise<number> {
  return (await (await database()).prepare("select sum(spans) as n from trace").first<{ n: number }>())!.n;
}

async function spansIn(trace: string): Promise<number> {
  const response = await running!.dispatchFetch(`http://edge/api/v1/traces/${trace}`, { headers });
  const { data } = (await response.json()) as any;
  if (data) expect(data.spanCount).toBe(data.spans.length);
  return data?.spans.length ?? 0;
}

/** A run of the sweeper as of so many minutes from now. */
async function sweep(minutes: number): Promise<void> {
  const worker = await running!.getWorker();
  const scheduledTime = new Date(Date.now() + minutes * MINUTE);
  expect(await (worker as any).scheduled({ cron: "* * * * *", scheduledTime })).toMatchObject({ outcome: "ok" });
}

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "edgespan-"));
});

afterEach(async () => {
  await die();
  rmSync(state, { recursive: true, force: true });
});

test("what was acknowledged is there after a restart and a sweep, once", async () => {
  const traces = Array.from({ length: 20 }, () => randomUUID());
  await start(NEVER_S);
  await setUp();
  await Promise.all(traces.map(send));
  expect(await count("batch")).toBe(0);
  await die();

  await start(0);
  expect(await count("batch"), "its messages are gone").toBe(0);
  await sweep(5);
  await eventually(async () => expect(await count("batch")).toBe(20));
  for (const trace of traces) expect(await spansIn(trace)).toBe(3);
  await sweep(60);
  expect([await count("overdue"), await spans(), await count("batch")]).toEqual([0, 60, 20]);
});

test("also when it dies again before what was swept is delivered", async () => {
  const [written, lost] = [randomUUID(), randomUUID()];
  await start(0);
  await setUp();
  await send(written);
  await eventually(async () => expect(await count("batch")).toBe(1));
  await die();

  await start(NEVER_S);
  await send(lost);
  await die();
  await start(NEVER_S);
  await sweep(5);
  expect(await count("overdue")).toBe(1);
  await die();

  await start(0);
  // It is due again after five minutes, and then after ten.
  await sweep(11);
  await eventually(async () => expect(await count("batch")).toBe(2));
  expect([await spansIn(written), await spansIn(lost)]).toEqual([3, 3]);
});
