// Test only: the built Worker with bindings that fail on command. The command
// is a POST to /__faults with a list of faults; each is used `times` times:
//   on    the call, such as "RAW.put", "QUEUE.send", "DB.batch"
//   after when true the call is made and only its reply is lost
//   ms    how long it hangs first
// A fault on "DB.prepare" makes the Worker panic: the worker crate takes it for
// impossible.
import { WorkerEntrypoint } from "cloudflare:workers";
import Worker from "../../build/index.js";

let faults = [];
const calls = {};

async function call(name, make) {
  calls[name] = (calls[name] ?? 0) + 1;
  const fault = faults.find((fault) => fault.on === name && fault.times-- > 0);
  if (fault?.ms) await new Promise((resume) => setTimeout(resume, fault.ms));
  if (fault && !fault.after) throw new Error(`injected: ${name} failed`);
  const result = await make();
  if (fault) throw new Error(`injected: the reply of ${name} was lost`);
  return result;
}

// The worker crate checks the names of the classes of its bindings.
class D1PreparedStatement {
  constructor(inner) { this.inner = inner; }
  bind(...values) { return new D1PreparedStatement(this.inner.bind(...values)); }
  first(...a) { return call("DB.first", () => this.inner.first(...a)); }
  run() { return call("DB.run", () => this.inner.run()); }
  all() { return call("DB.all", () => this.inner.all()); }
  raw(...a) { return call("DB.raw", () => this.inner.raw(...a)); }
}
class D1Database {
  constructor(inner) { this.inner = inner; }
  prepare(sql) {
    const fault = faults.find((fault) => fault.on === "DB.prepare" && fault.times-- > 0);
    if (fault) throw new Error("injected: DB.prepare failed");
    return new D1PreparedStatement(this.inner.prepare(sql));
  }
  batch(statements) { return call("DB.batch", () => this.inner.batch(statements.map((s) => s.inner))); }
}
class R2Bucket {
  constructor(inner) { this.inner = inner; }
  put(...a) { return call("RAW.put", () => this.inner.put(...a)); }
  get(...a) { return call("RAW.get", () => this.inner.get(...a)); }
  list(...a) { return call("RAW.list", () => this.inner.list(...a)); }
}
class WorkerQueue {
  constructor(inner, name) { Object.assign(this, { inner, name }); }
  send(...a) { return call(`${this.name}.send`, () => this.inner.send(...a)); }
  sendBatch(...a) { return call(`${this.name}.sendBatch`, () => this.inner.sendBatch(...a)); }
}

export default class extends WorkerEntrypoint {
  #worker() {
    const { DB, RAW, QUEUE, DEAD, ...rest } = this.env;
    return new Worker(this.ctx, {
      ...rest,
      DB: new D1Database(DB),
      RAW: new R2Bucket(RAW),
      QUEUE: new WorkerQueue(QUEUE, "QUEUE"),
      DEAD: new WorkerQueue(DEAD, "DEAD"),
    });
  }

  async fetch(request) {
    if (new URL(request.url).pathname !== "/__faults") return this.#worker().fetch(request);
    if (request.method === "POST") faults = await request.json();
    return Response.json(calls);
  }

  queue(batch) {
    return this.#worker().queue(batch);
  }

  scheduled(event) {
    return this.#worker().scheduled(event);
  }
}
