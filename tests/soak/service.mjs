// The built Worker in workerd with bindings that fail on command, one project
// in it, and the means of a soak: faults, sweeps, messages sent by hand.
import { createHash, randomBytes } from "node:crypto";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { until } from "./client.mjs";

/** @import { D1Database, Queue, R2Bucket } from "@cloudflare/workers-types" */
/** @import { Fault } from "../support/types.d.ts" */

/** @typedef {{ DB: D1Database, RAW: R2Bucket, QUEUE: Queue, DEAD: Queue }} Bindings */
/** @import { TestHarness, WorkerHandle } from "wrangler" */

const MINUTE = 60_000;
const OPERATOR = "operator";

export class Service {
  project = randomBytes(16).toString("hex");
  key = `ts_${randomBytes(32).toString("base64url")}`;
  #harness;
  #worker;

  /** @param {TestHarness} harness
   *  @param {WorkerHandle<Bindings>} worker
   *  @param {URL} url
   *  @param {Bindings} bindings */
  constructor(harness, worker, url, bindings) {
    this.#harness = harness;
    this.#worker = worker;
    this.url = url;
    this.bindings = bindings;
  }

  static async start() {
    const { name, compatibility_date, d1_databases, r2_buckets, queues } = unstable_readConfig({ config: "./wrangler.toml" });
    const config = { name, compatibility_date, d1_databases, r2_buckets, queues, main: "./tests/support/faulty-entry.mjs" };
    const harness = createTestHarness({ workers: [{ config: { ...config, vars: { ADMIN_TOKEN: OPERATOR } } }] });
    const { url } = await harness.listen();
    /** @type {WorkerHandle<Bindings>} */
    const worker = harness.getWorker();
    await worker.applyD1Migrations("DB");
    const service = new Service(harness, worker, url, await worker.getEnv());
    const now = Date.now();
    await service.run("insert into project (id, name, created_ms) values (?, ?, ?)", service.project, "soak", now);
    const hash = createHash("sha256").update(service.key).digest("hex");
    const insert = "insert into api_key (hash, id, project, name, prefix, created_ms) values (?, 'key', ?, 'soak', 'ts_', ?)";
    await service.run(insert, hash, service.project, now);
    return service;
  }

  close() {
    return this.#harness.close();
  }

  /** The rows of a statement.
   *  @param {string} sql
   *  @param {unknown[]} values
   *  @returns {Promise<any[]>} */
  async run(sql, ...values) {
    const { results } = await this.bindings.DB.prepare(sql)
      .bind(...values)
      .all();
    return results;
  }

  /** From here on these faults, and that no delay of a retry is kept: a soak
   *  has no minutes to wait.
   *  @param {Fault[]} faults */
  async inject(...faults) {
    const body = JSON.stringify([{ on: "retry" }, ...faults]);
    const response = await fetch(new URL("/__faults", this.url), { method: "POST", body });
    if (!response.ok) throw new Error(`faults: ${response.status}`);
  }

  /** A run of the sweeper as of so many minutes from now; what it logged, or
   *  nothing when it panicked.
   *  @param {number} minutes
   *  @returns {Promise<Record<string, any> | undefined>} */
  async sweep(minutes) {
    const swept = () => this.#harness.getLogs().filter(({ message }) => message.includes('"event":"swept"'));
    const before = swept().length;
    const { outcome } = await this.#worker.scheduled({ cron: "* * * * *", scheduledTime: new Date(Date.now() + minutes * MINUTE) });
    if (outcome !== "ok") return undefined;
    const line = await until("the sweep's line in the log", () => swept()[before]);
    return JSON.parse(line.message);
  }

  /** Has everything in R2 queued again. */
  async replay() {
    const request = { since: "2020-01-01T00:00:00Z", until: "2100-01-01T00:00:00Z" };
    const headers = { authorization: `Bearer ${OPERATOR}`, "content-type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(request) };
    // In bad weather it fails; that is for the end to make good.
    await (await fetch(new URL("/api/v1/admin/replay", this.url), options)).text();
  }

  /** The keys of all raw batches in R2. */
  async objects() {
    /** @type {string[]} */
    const keys = [];
    for (let cursor = /** @type {string | undefined} */ (undefined); ; ) {
      /** @type {{ objects: { key: string }[], truncated: boolean, cursor?: string }} */
      const page = await this.bindings.RAW.list({ prefix: "raw/", cursor });
      keys.push(...page.objects.map((object) => object.key));
      if (!page.truncated) return keys;
      cursor = page.cursor;
    }
  }
}
