// Test only: the built Worker with an R2 that takes as long to answer as the
// real one, so that requests overlap as they would; at /__memory it says how
// many bytes its wasm has.
import { wasmBytes } from "./wasm-memory.mjs";
import Worker from "./built.mjs";
import { WorkerEntrypoint } from "cloudflare:workers";

const LATENCY_MS = 50;
/** @template T
 *  @param {() => Promise<T>} made */
const late = async (made) => {
  await new Promise((resume) => setTimeout(resume, LATENCY_MS));
  return made();
};

// Named as the binding is, by which the Worker tells it.
class R2Bucket {
  /** @param {globalThis.R2Bucket} inner */
  constructor(inner) { this.inner = inner; }
  /** @param {Parameters<globalThis.R2Bucket["put"]>} a */
  put(...a) { return late(() => this.inner.put(...a)); }
  /** @param {[key: string, options?: R2GetOptions]} a */
  get(...a) { return late(() => this.inner.get(...a)); }
  /** @param {Parameters<globalThis.R2Bucket["list"]>} a */
  list(...a) { return this.inner.list(...a); }
}

/** @extends {WorkerEntrypoint<{ RAW: globalThis.R2Bucket }>} */
export default class extends WorkerEntrypoint {
  #worker() {
    return new Worker(this.ctx, { ...this.env, RAW: new R2Bucket(this.env.RAW) });
  }

  /** @param {Request} request */
  fetch(request) {
    if (new URL(request.url).pathname === "/__memory") return Response.json({ wasm: wasmBytes() });
    return this.#worker().fetch(request);
  }

  /** @param {MessageBatch} batch */
  queue(batch) {
    return this.#worker().queue(batch);
  }
}
