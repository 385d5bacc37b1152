// Test only: the built Worker with an R2 that takes as long to answer as the
// real one, so that requests overlap as they would. At /__memory it says how
// many bytes its wasm has (`wasm`), and the most that there were of these and of
// what JavaScript held of bodies (`peak`), dead bodies that the collector of
// garbage has yet to find included.
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

/** @type {Set<WeakRef<ArrayBufferLike>>} */
const buffers = new Set();
/** @type {WeakSet<ArrayBufferLike>} */
const tracked = new WeakSet();
let peak = 0;

/** Counts a buffer as long as there is anything of it. */
const track = (/** @type {ArrayBufferLike} */ buffer) => {
  if (!tracked.has(buffer)) buffers.add(new WeakRef(buffer));
  tracked.add(buffer);
  let held = 0;
  for (const known of buffers) {
    const bytes = known.deref()?.byteLength ?? 0;
    if (bytes) held += bytes;
    else buffers.delete(known);
  }
  peak = Math.max(peak, held + wasmBytes());
};

const { arrayBuffer } = Request.prototype;
Request.prototype.arrayBuffer = async function () {
  const buffer = await arrayBuffer.call(this);
  track(buffer);
  return buffer;
};
const compressed = Response.prototype.arrayBuffer;
Response.prototype.arrayBuffer = async function () {
  const buffer = await compressed.call(this);
  track(buffer);
  return buffer;
};
const { transfer } = ArrayBuffer.prototype;
ArrayBuffer.prototype.transfer = function (bytes) {
  const buffer = transfer.call(this, bytes);
  track(buffer);
  return buffer;
};

// Named as the binding is, by which the Worker tells it.
class R2Bucket {
  /** @param {globalThis.R2Bucket} inner */
  constructor(inner) {
    this.inner = inner;
  }
  /** @param {Parameters<globalThis.R2Bucket["put"]>} a */
  put(...a) {
    if (a[1] instanceof ArrayBuffer) track(a[1]);
    return late(() => this.inner.put(...a));
  }
  /** @param {[key: string, options?: R2GetOptions]} a */
  async get(...a) {
    const object = await late(() => this.inner.get(...a));
    if (!object) return object;
    const read = async () => {
      const buffer = await object.arrayBuffer();
      track(buffer);
      return buffer;
    };
    return { arrayBuffer: read, body: object.body };
  }
  /** @param {Parameters<globalThis.R2Bucket["list"]>} a */
  list(...a) {
    return this.inner.list(...a);
  }
}

/** @extends {WorkerEntrypoint<{ RAW: globalThis.R2Bucket }>} */
export default class extends WorkerEntrypoint {
  #worker() {
    return new Worker(this.ctx, { ...this.env, RAW: new R2Bucket(this.env.RAW) });
  }

  /** @param {Request} request */
  fetch(request) {
    if (new URL(request.url).pathname === "/__memory") return Response.json({ wasm: wasmBytes(), peak });
    return this.#worker().fetch(request);
  }

  /** @param {MessageBatch} batch */
  queue(batch) {
    return this.#worker().queue(batch);
  }
}
