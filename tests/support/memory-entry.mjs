// Test only: the built Worker with an R2 that takes as long to answer as the
// real one, so that requests overlap as they would; at /__memory it says how
// many bytes its wasm has.
import { wasmBytes } from "./wasm-memory.mjs";
import Worker from "../../build/index.js";
import { WorkerEntrypoint } from "cloudflare:workers";

const LATENCY_MS = 50;
const late = async (made) => {
  await new Promise((resume) => setTimeout(resume, LATENCY_MS));
  return made();
};

// Named as the binding is, by which the Worker tells it.
class R2Bucket {
  constructor(inner) { this.inner = inner; }
  put(...a) { return late(() => this.inner.put(...a)); }
  get(...a) { return late(() => this.inner.get(...a)); }
  list(...a) { return this.inner.list(...a); }
}

export default class extends WorkerEntrypoint {
  #worker() {
    return new Worker(this.ctx, { ...this.env, RAW: new R2Bucket(this.env.RAW) });
  }

  fetch(request) {
    if (new URL(request.url).pathname === "/__memory") return Response.json({ wasm: wasmBytes() });
    return this.#worker().fetch(request);
  }

  queue(batch) {
    return this.#worker().queue(batch);
  }
}
