// Bindings that answer at once, so that only the Worker's own code takes time,
// and a database that is the real one and adds up what it says of itself.
// Named as the worker crate expects: it looks at the names of the classes.

/** @import { Run, Subject, Told } from "../types.d.ts" */

/** @typedef {{ DB: D1Database, [binding: string]: unknown }} Env */

/** A row that is whatever each Worker asks of its table of keys: the release before knows no
 *  scopes.
 *  @param {string} project
 *  @param {string} sql */
const keyRow = (project, sql) => ({
  json: JSON.stringify([...["k", "0".repeat(64), project, project, "strict", 0], ...(sql.includes("scopes") ? ["ingest,read", null] : [])]),
  project_id: project,
});
const RESULT = { success: true, results: [], meta: { rows_written: 0, duration: 0 } };

/** @param {string} project */
const stubs = (project) => {
  class D1PreparedStatement {
    #sql;
    /** @param {string} sql */
    constructor(sql) {
      this.#sql = sql;
    }
    bind() {
      return new D1PreparedStatement(this.#sql);
    }
    async first() {
      return keyRow(project, this.#sql);
    }
    async run() {
      return RESULT;
    }
    async all() {
      return RESULT;
    }
  }
  class D1Database {
    /** @param {string} sql */
    prepare(sql) {
      return new D1PreparedStatement(sql);
    }
    /** @param {unknown[]} statements */
    async batch(statements) {
      return statements.map(() => RESULT);
    }
  }
  class WorkerQueue {
    async send() {}
  }
  return { DB: new D1Database(), QUEUE: new WorkerQueue(), DEAD: new WorkerQueue(), EVALUATIONS: new WorkerQueue() };
};

/** What nobody has asked the database for yet.
 *  @returns {Omit<Told, "ms" | "memory">} */
export const untold = () => ({ wallMs: 0, durationMs: 0, batches: 0, statements: 0, rowsWritten: 0, rowsRead: 0, size: 0 });

/** The real database. `told` is what its calls came to.
 *  @param {D1Database} inner
 *  @param {ReturnType<typeof untold>} told */
export const recorder = (inner, told) => {
  // Calls that wait at the same time: their time counts once.
  let [waiting, started] = [0, 0];
  /** @template T
   *  @param {Promise<T>} asked */
  const timed = async (asked) => {
    if (waiting++ === 0) started = performance.now();
    try {
      return await asked;
    } finally {
      if (--waiting === 0) told.wallMs += performance.now() - started;
    }
  };
  /** @template {D1Result} R
   *  @param {R[]} results */
  const noted = (results) => {
    told.batches += 1;
    told.statements += results.length;
    for (const { meta } of results) {
      told.durationMs += meta.duration;
      told.rowsWritten += meta.rows_written;
      told.rowsRead += meta.rows_read;
      told.size = meta.size_after;
    }
    return results;
  };
  class D1PreparedStatement {
    /** @param {globalThis.D1PreparedStatement} inner */
    constructor(inner) {
      this.inner = inner;
    }
    /** @param {unknown[]} values */
    bind(...values) {
      return new D1PreparedStatement(this.inner.bind(...values));
    }
    /** One row, of which the database says nothing.
     *  @param {string} column */
    first(column) {
      return timed(this.inner.first(column));
    }
    async run() {
      return noted([await timed(this.inner.run())])[0];
    }
    async all() {
      return noted([await timed(this.inner.all())])[0];
    }
  }
  class D1Database {
    /** @param {string} sql */
    prepare(sql) {
      return new D1PreparedStatement(inner.prepare(sql));
    }
    /** @param {D1PreparedStatement[]} statements */
    async batch(statements) {
      return noted(await timed(inner.batch(statements.map((statement) => statement.inner))));
    }
  }
  return new D1Database();
};

/**
 * The environment for a run. `raw` gives the bytes of a key in R2; `hold` puts
 * off the answers to so many puts until the last of them is there.
 * @param {Env} env
 * @param {Pick<Run & Subject, "project" | "real" | "hold">} options
 * @param {(key: string) => Uint8Array<ArrayBuffer>} raw
 */
export function bindings(env, { project, real, hold = 1 }, raw) {
  const told = untold();
  const { DB, ...queues } = stubs(project);
  const held = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
  let puts = 0;
  // The last that was put: scores are read back at once.
  let last = { key: "", bytes: new Uint8Array() };
  class R2Bucket {
    /** @param {string} key
     *  @param {ArrayBuffer | Uint8Array<ArrayBuffer>} body */
    async put(key, body) {
      last = { key, bytes: body instanceof ArrayBuffer ? new Uint8Array(body) : body };
      if (++puts >= hold) held.resolve();
      await held.promise;
      return {};
    }
    /** @param {string} key
     *  @param {{ range?: { offset: number, length: number } }} [part] */
    async get(key, part) {
      return new R2ObjectBody(key, part?.range);
    }
  }
  // Through a Response, like the platform: reading a body is part of the work.
  class R2ObjectBody {
    #response;
    /** @param {string} key
     *  @param {{ offset: number, length: number }} [range] */
    constructor(key, range) {
      const bytes = key === last.key ? last.bytes : raw(key);
      this.#response = new Response(range ? bytes.subarray(range.offset, range.offset + range.length) : bytes);
    }
    arrayBuffer() {
      return this.#response.arrayBuffer();
    }
    get body() {
      return this.#response.body;
    }
    text() {
      return this.#response.text();
    }
    json() {
      return this.#response.json();
    }
  }
  const { RAW: _, ...vars } = env;
  return { told, env: { ...vars, ...queues, DB: real ? recorder(env.DB, told) : DB, RAW: new R2Bucket() } };
}
