// The benchmark: ours against the peer and the release before, everything in one
// run. Started by scripts/bench.mjs, which has built ours. With --quick it takes two
// minutes, measures little and writes nothing: it shows that all of it runs.
// With names of parts (cpu, otlp, sdks, judging, cost, flow, memory, growth, pages, jobs, traffic) only those
// are run, and nothing is written; nor is it where something else stands for ours.

import os from "node:os";
import { COMMIT, isBuilt } from "./before.mjs";
import { measureCost } from "./measure/cost.mjs";
import { measureCpu } from "./measure/cpu.mjs";
import { measureFlow } from "./measure/flow.mjs";
import { measureGrowth } from "./measure/growth.mjs";
import { measureJobs } from "./measure/jobs.mjs";
import { measureJudging } from "./measure/judging.mjs";
import { measureMemory } from "./measure/memory.mjs";
import { measureOtlp } from "./measure/otlp.mjs";
import { measureSdks } from "./measure/sdks.mjs";
import { measurePages } from "./measure/pages.mjs";
import { measureTraffic } from "./measure/traffic.mjs";
import { Table, print, save } from "./report.mjs";
import { startDriven, workers } from "./workers.mjs";

/** @import { Bench } from "./report.mjs" */

const quick = process.argv.includes("--quick");
const MOST_MINUTES = quick ? 4 : 20; // a slow machine may be slow

const started = performance.now();
const seconds = () => (performance.now() - started) / 1000;
setTimeout(() => {
  console.error(`the benchmark took longer than ${MOST_MINUTES} min: is the machine busy with something else?`);
  process.exit(1);
}, MOST_MINUTES * 60_000).unref();

const table = new Table();
table.load = os.loadavg()[0] ?? 0;
/** @type {Record<string, [what: string, measure: (bench: Bench) => Promise<void>]>} */
const PARTS = {
  cpu: ["CPU of handler and consumer, D1's time", measureCpu],
  otlp: ["OpenTelemetry, beside the native API", measureOtlp],
  sdks: ["the SDKs of other services, beside the native API", measureSdks],
  judging: ["judging an output, beside the least that a request can be; and a large trace", measureJudging],
  cost: ["rows, bytes, dollars", measureCost],
  flow: ["end to end", measureFlow],
  memory: ["memory, size, cold start", measureMemory],
  growth: ["growth", measureGrowth],
  pages: ["the dashboard's pages", measurePages],
  jobs: ["what people come to the dashboard for", measureJobs],
  traffic: ["traffic, against the release before", measureTraffic],
};
/** Those that start what they measure. */
const ALONE = ["flow", "memory", "pages", "jobs", "traffic"];
const asked = process.argv.slice(2).filter((word) => Object.hasOwn(PARTS, word));
const whole = asked.length === 0 && !quick && !process.env.EDGESPAN_BENCH_OURS;

if (!isBuilt()) console.error(`the release before (${COMMIT}) is not built: ours stands in for it`);
for (const [name, [what, measure]] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.error(`${seconds().toFixed(0).padStart(4)} s: ${what}`);
  // Started anew for each part: what one leaves to be collected, gigabytes of requests'
  // bodies, is not the next one's.
  const driven = [];
  for (const worker of ALONE.includes(name) ? [] : workers) driven.push(await startDriven(worker));
  await measure({ driven, table, quick });
  for (const live of driven) await live.close();
}

print(table);
if (whole) save(table, seconds());
const end = quick ? "done; with --quick the numbers mean nothing" : whole ? "written to bench/RESULTS.md" : "done";
console.error(`${seconds().toFixed(0).padStart(4)} s: ${end}`);
