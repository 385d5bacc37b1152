// Where the time goes: V8's sampling profiler on the isolate, wasm functions by
// name.  node bench/profile.mjs [ours|peer] [handler|consumer] [events] [native|otlp.pb|otlp.json] [real]
// `real`: with the local D1 (only the Worker's own isolate is sampled).

import { shape } from "./batches.mjs";
import { sameSpans } from "./measure/otlp.mjs";
import { fresh } from "./stats.mjs";
import { startDriven, workers } from "./workers.mjs";
import { named } from "../scripts/build.mjs";

const [name = "ours", what = "handler", events = "1000", wire = "native", real] = process.argv.slice(2);
const worker = workers.find((worker) => worker.name === name);
if (!worker || (what !== "handler" && what !== "consumer"))
  throw new Error("node bench/profile.mjs [ours|peer] [handler|consumer] [events] [native|otlp.pb|otlp.json] [real]");
const live = await startDriven({ ...worker, modules: () => worker.modules(name === "ours" ? named : undefined) }, { inspectorPort: 0 });
const inspector = await live.mf.getInspectorURL();
/** @type {{ id: string, webSocketDebuggerUrl: string }[]} */
const targets = /** @type {any} */ (await (await fetch(new URL("/json", String(inspector).replace("ws:", "http:")))).json());
const target = targets.find(({ id }) => id.includes("user")) ?? targets[0];
const socket = new WebSocket(String(target?.webSocketDebuggerUrl));
await new Promise((done, fail) => Object.assign(socket, { onopen: done, onerror: fail }));

let calls = 0;
/** @param {string} method
 *  @param {object} [params]
 *  @returns {Promise<any>} */
const ask = (method, params) =>
  new Promise((done) => {
    const id = ++calls;
    /** @param {MessageEvent} event */
    const hear = ({ data }) => {
      const { id: of, result } = JSON.parse(data);
      if (of !== id) return;
      socket.removeEventListener("message", hear);
      done(result);
    };
    socket.addEventListener("message", hear);
    socket.send(JSON.stringify({ id, method, params }));
  });

const made = wire === "native" ? shape(Number(events)) : sameSpans(Number(events)).find((made) => made.wire === wire);
if (!made) throw new Error(`${wire} is none of native, otlp.pb and otlp.json`);
await live.load(made);
const times = Math.min(4_000, Math.max(20, Math.round(400_000 / Number(events))));
const loop = () => live.run({ what, times, from: fresh(times), real: Boolean(real) });
await loop();
await ask("Profiler.enable");
await ask("Profiler.setSamplingInterval", { interval: 200 });
await ask("Profiler.start");
await loop();
/** @type {{ profile: import("node:inspector").Profiler.Profile }} */
const { profile } = await ask("Profiler.stop");

const self = new Map();
const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
let sum = 0;
for (const [at, id] of (profile.samples ?? []).entries()) {
  const { functionName = "", url = "" } = nodes.get(id)?.callFrame ?? {};
  const took = profile.timeDeltas?.[at] ?? 0;
  if (functionName === "(idle)") continue;
  const label = `${functionName || "(anonymous)"}  ${url.split("/").at(-1)}`.replace(/::h[0-9a-f]{16}/, "");
  self.set(label, (self.get(label) ?? 0) + took);
  sum += took;
}
console.log(`${name}, ${what}, ${events} events: ${(sum / 1000 / times).toFixed(3)} ms a turn, the driver's share included`);
for (const [label, time] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 30)) {
  console.log(`${((time / sum) * 100).toFixed(1).padStart(6)} %  ${(time / 1000 / times).toFixed(4).padStart(8)} ms  ${label}`);
}
socket.close();
await live.close();
