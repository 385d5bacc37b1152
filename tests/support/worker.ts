// The Worker as it is deployed (wrangler.toml and the wasm in build/), started
// in workerd with empty storage of its own, and the ways in: HTTP and bindings.
import { createHash, randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, vi } from "vitest";
import { createTestHarness, unstable_readConfig } from "wrangler";
import { exchange, type Answer, type Outgoing } from "./http.ts";

/** What tests use of the bindings. */
export interface Bindings {
  DB: {
    prepare(sql: string): Statement;
  };
  RAW: {
    list(options?: { prefix?: string; cursor?: string }): Promise<{ objects: { key: string }[]; truncated: boolean; cursor?: string }>;
    get(key: string): Promise<{ arrayBuffer(): Promise<ArrayBuffer> } | null>;
    put(key: string, value: string | Uint8Array): Promise<unknown>;
    delete(key: string): Promise<void>;
  };
  QUEUE: {
    send(message: unknown): Promise<unknown>;
  };
}

interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row = Record<string, any>>(): Promise<{ results: Row[] }>;
  first<Row = Record<string, any>>(): Promise<Row | null>;
  run(): Promise<unknown>;
}

const MINUTE = 60_000;
/** How long anything may take that normally takes a second. */
const PATIENCE = { timeout: 20_000, interval: 25 };

/** Tries until it stops throwing, and gives back what it gave. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, PATIENCE);
}

/** How a Worker differs from the deployed one. */
export interface Variant {
  vars?: Record<string, string>;
  /** Another entry than the built Worker itself. */
  main?: string;
  /** A binding that it has not. */
  without?: "d1_databases" | "r2_buckets";
  /** Whether it has the dataset that a deployment may bind. */
  metrics?: boolean;
  /** Whether another entry is limited in its requests as the Worker itself is. */
  limited?: boolean;
}

type Harness = ReturnType<typeof createTestHarness>;

function harness({ vars, main, without, limited, metrics }: Variant): Harness {
  const configPath = "./wrangler.toml";
  if (!main && !without && !metrics) return createTestHarness({ workers: [{ configPath, vars }] });
  const { name, compatibility_date, d1_databases, r2_buckets, queues, ratelimits, ...file } = unstable_readConfig({ config: configPath });
  const config = { name, compatibility_date, d1_databases, r2_buckets, queues, vars, main: main ?? file.main };
  if (limited) Object.assign(config, { ratelimits });
  if (metrics) Object.assign(config, { analytics_engine_datasets: [{ binding: "METRICS", dataset: "edgespan" }] });
  if (without) config[without] = [];
  return createTestHarness({ workers: [{ config }] });
}

export class TestWorker {
  url!: URL;
  bindings!: Bindings;
  readonly #server: Harness;

  constructor(variant: Variant = {}) {
    this.#server = harness(variant);
  }

  async start(): Promise<void> {
    this.url = (await this.#server.listen()).url;
    const worker = this.#server.getWorker<Bindings & Record<string, any>>();
    await worker.applyD1Migrations("DB" as never);
    this.bindings = (await worker.getEnv()) as Bindings;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Prints the end of the Worker's log, for a test that failed. */
  explain(): void {
    const lines = this.#server.getLogs().slice(-30);
    console.log(["the Worker's log ends so:", ...lines.map(({ level, message }) => `  ${level} ${message}`)].join("\n"));
  }

  /** The Worker's log lines that are JSON objects and have this text in them. */
  logs(having = ""): Record<string, any>[] {
    const lines = this.#server.getLogs().filter(({ message }) => message.startsWith("{") && message.includes(having));
    return lines.map(({ message }) => JSON.parse(message));
  }

  /** All that the Worker printed, whatever it is: for what must not be there. */
  printed(): string {
    return this.#server
      .getLogs()
      .map(({ level, message }) => `${level} ${message}`)
      .join("\n");
  }

  /** One request, exactly as given. */
  request(path: string, outgoing: Outgoing = {}): Promise<Answer> {
    return exchange(new URL(path, this.url), outgoing);
  }

  /** Runs a statement; its rows. */
  async run<Row = Record<string, any>>(sql: string, ...values: unknown[]): Promise<Row[]> {
    const { results } = await this.bindings.DB.prepare(sql)
      .bind(...values)
      .all<Row>();
    return results;
  }

  /** Runs the cron as of so many minutes from now; the line that it logged of this event, the only one. */
  async cron(minutes: number, event: string): Promise<Record<string, any>> {
    const lines = () => this.logs(`"event":"${event}"`);
    const before = lines().length;
    const url = new URL("/cdn-cgi/local/scheduled", this.url);
    url.search = String(new URLSearchParams({ cron: "* * * * *", time: String(Date.now() + minutes * MINUTE) }));
    expect((await fetch(url)).status).toBe(200);
    return eventually(() => {
      expect(lines()).toHaveLength(before + 1);
      return lines().at(-1)!;
    });
  }

  /** A new project with a key: rows as the command line makes them. */
  async project(handling: "strict" | "lenient" = "strict", scopes?: string): Promise<Project> {
    const id = randomBytes(16).toString("hex");
    const insert = "insert into project (id, name, handling, created_ms) values (?, ?, ?, ?)";
    await this.run(insert, id, `project ${id}`, handling, Date.now());
    const project = new Project(this, id);
    project.key = await project.newKey({ scopes });
    return project;
  }
}

/** A tenant, and what it can do over HTTP. */
export class Project {
  key = "";

  constructor(
    readonly worker: TestWorker,
    readonly id: string,
  ) {}

  /** Makes another key for this project. */
  async newKey({ key = `ts_${randomBytes(32).toString("base64url")}`, revoked = false, scopes = "ingest,read" } = {}): Promise<string> {
    const hash = createHash("sha256").update(key).digest("hex");
    const [id, now] = [randomBytes(8).toString("hex"), Date.now()];
    await this.worker.run(
      "insert into api_key (hash, id, project, name, prefix, created_ms, revoked_ms, scopes) values (?, ?, ?, ?, ?, ?, ?, ?)",
      ...[hash, id, this.id, "test", key.slice(0, 8), now, revoked ? now : null, scopes],
    );
    return key;
  }

  /** The same project, as who has this key. */
  as(key: string): Project {
    return Object.assign(new Project(this.worker, this.id), { key });
  }

  /** A request with this project's key, and whatever headers are given. */
  request(path: string, outgoing: Outgoing = {}): Promise<Answer> {
    return this.worker.request(path, {
      ...outgoing,
      headers: { authorization: `Bearer ${this.key}`, ...outgoing.headers },
    });
  }

  /** A request with a body, if there is one, that is this as JSON. */
  json(method: string, path: string, body?: unknown, headers: Outgoing["headers"] = {}): Promise<Answer> {
    return this.request(path, { method, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) });
  }

  /** Posts a body to /api/v1/traces: bytes and text as they are, else as JSON. */
  post(body: unknown, headers: Outgoing["headers"] = {}): Promise<Answer> {
    const bytes = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    return this.request("/api/v1/traces", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: bytes,
    });
  }

  /** Sends events that must all be accepted. */
  send(...events: object[]): Promise<void> {
    return this.sendText(JSON.stringify({ batch: events }), events.length);
  }

  /** Sends a body, as text, whose events must all be accepted. */
  async sendText(text: string, accepted: number): Promise<void> {
    const answer = await this.post(text);
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted } });
  }

  /** What the consumer logged of each message of this project that it was through with. */
  consumed(): Record<string, any>[] {
    return this.worker.logs(this.id).filter((line) => line.event === "consumed" && line.outcome === "ack");
  }

  /** Waits until the consumer is through with so many messages of this project. */
  async settled(messages: number): Promise<void> {
    await eventually(() => expect(this.consumed().length).toBeGreaterThanOrEqual(messages));
    expect(this.consumed()).toHaveLength(messages);
  }

  get(path: string): Promise<Answer> {
    return this.request(path);
  }

  /** GET /api/v1/traces/{id}. */
  trace(id: string): Promise<Answer> {
    return this.get(`/api/v1/traces/${encodeURIComponent(id)}`);
  }

  /** The trace, once it has as many spans as this, from all parts of it. */
  async traceWith(spans: number, id: string): Promise<Record<string, any>> {
    const trace = await eventually(async () => {
      const answer = await this.trace(id);
      expect(answer.status, answer.text).toBe(200);
      const { data } = answer.json;
      expect(data.nextSpanCursor === null ? data.spans.length : data.spanCount, `spans of ${id}`).toBe(spans);
      return data;
    });
    while (trace.nextSpanCursor !== null) {
      const next = await this.get(`/api/v1/traces/${encodeURIComponent(id)}?cursor=${trace.nextSpanCursor}`);
      expect(next.status, next.text).toBe(200);
      trace.spans.push(...next.json.data.spans);
      trace.nextSpanCursor = next.json.data.nextSpanCursor;
    }
    expect(trace.spans, `spans of ${id}`).toHaveLength(spans);
    return trace;
  }

  /** GET /api/v1/traces: its `data`. */
  async list(query: Record<string, string> = {}): Promise<{ traces: Record<string, any>[]; nextCursor: string | null }> {
    const answer = await this.get(`/api/v1/traces?${new URLSearchParams(query)}`);
    expect(answer.status, answer.text).toBe(200);
    return answer.json.data;
  }

  /** The list, once it has as many traces as this. */
  listWith(traces: number, query: Record<string, string> = {}): Promise<Record<string, any>[]> {
    return eventually(async () => {
      const list = await this.list({ limit: "100", ...query });
      expect(list.traces).toHaveLength(traces);
      return list.traces;
    });
  }

  /** The keys of this project's raw batches in R2, oldest first. */
  async objects(): Promise<string[]> {
    const keys: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await this.worker.bindings.RAW.list({ prefix: "raw/", cursor });
      keys.push(...page.objects.map((object) => object.key).filter((key) => key.includes(`/${this.id}/`)));
      if (!page.truncated) return keys;
      cursor = page.cursor;
    }
  }

  /** This project's rows of a table. */
  rows(table: "batch" | "trace"): Promise<Record<string, any>[]> {
    const own = table === "trace" ? "(select number from tenant where project = ?)" : "?";
    return this.worker.run(`select * from ${table} where project = ${own}`, this.id);
  }

  /** How many spans its traces have in the index. */
  async spans(): Promise<number> {
    return (await this.rows("trace")).reduce((sum, { spans }) => sum + spans, 0);
  }
}

/** Starts a Worker before the file's tests and stops it after them. */
export function useWorker(variant: Variant = {}): TestWorker {
  const worker = new TestWorker(variant);
  beforeAll(() => worker.start());
  afterEach((context) => {
    if (context.task.result?.state === "fail") worker.explain();
  });
  afterAll(() => worker.close());
  return worker;
}
