// Test only: the built Worker with bindings that fail on command. The command
// is a POST to /__faults with a list of faults; each is used `times` times:
//   on    the call, such as "RAW.put", "QUEUE.send", "DB.batch"
//   after when true the call is made and only its reply is lost
import { WorkerEntrypoint } from "cloudflare:workers";
import Worker from "../../build/index.js";

let faults = [];
const calls = {};

async function call(name, make) {
  calls[name] = (calls[name] ?? 0) + 1;
  const fault = faults.find((fault) => fault.on === name && fault.times-- > 0);
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
  prepare(sql) { return new D1PreparedStatement(this.inner.prepare(sql)); }
  batch(statements) { return call("DB.batch", () => this.inner.batch(statements.map((s) => s.inner))); }
}
class R2Bucket {
  constructor(inner) { this.inner = inner; }
  put(...a) { return call("RAW.put", () => this.inner.put(...a)); }
  get(...a) { return call("RAW.get", () => this.inner.get(...a)); }
}
class WorkerQueue {
  constructor(inner) { this.inner = inner; }
  send(...a) { return call("QUEUE.send", () => this.inner.send(...a)); }
}

export default class extends WorkerEntrypoint {
  #worker() {
    const { DB, RAW, QUEUE, ...vars } = this.env;
    return new Worker(this.ctx, { ...vars, DB: new D1Database(DB), RAW: new R2Bucket(RAW), QUEUE: new WorkerQueue(QUEUE) });
  }

  async fetch(request) {
    if (new URL(request.url).pathname !== "/__faults") return this.#worker().fetch(request);
    if (request.method === "POST") faults = await request.json();
    return Response.json(calls);
  }

  queue(batch) {
    return this.#worker().queue(batch);
  }
}
