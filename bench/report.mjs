// The table of what was measured: on the terminal, and as bench/RESULTS.md
// with the machine, the versions and the date.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { COMMIT } from "./before.mjs";
import { judge } from "./goals.mjs";
import { clock } from "./process.mjs";

/** @import { Driven } from "./workers.mjs" */

/** What each part of the benchmark is given.
 *  @typedef {object} Bench
 *  @property {Driven[]} driven
 *  @property {Table} table
 *  @property {boolean} quick */

const root = join(import.meta.dirname, "..");

export class Table {
  /** The machine's load before it began. */
  load = 0;
  /** @type {{ text: string, unit: string, ours: number, peer: number | null, floor: number | null }[]} */
  rows = [];
  /** What was measured against the release before.
   *  @type {{ text: string, unit: string, ours: number, before: number }[]} */
  releases = [];
  /** @type {Map<string, { ours: number, peer?: number | null, before?: number }>} */
  values = new Map();

  /** `floor` is what a Worker takes that only makes the bindings' calls.
   *  @param {string} id
   *  @param {string} text
   *  @param {string} unit
   *  @param {number} ours
   *  @param {number | null} peer
   *  @param {number | null} [floor] */
  add(id, text, unit, ours, peer, floor = null) {
    this.values.set(id, { ours, peer });
    this.rows.push({ text, unit, ours, peer, floor });
    console.error(`  ${text}: ${figure(ours)} ${unit}, peer ${figure(peer)}`);
  }

  /** @param {string} id
   *  @param {string} text
   *  @param {string} unit
   *  @param {number} ours
   *  @param {number} before */
  against(id, text, unit, ours, before) {
    this.values.set(id, { ours, before });
    this.releases.push({ text, unit, ours, before });
    console.error(`  ${text}: ${figure(ours)} ${unit}, before ${figure(before)}`);
  }

  /** @param {string} id */
  ours = (id) => this.values.get(id)?.ours ?? NaN;
  /** @param {string} id */
  peer = (id) => this.values.get(id)?.peer ?? NaN;
  /** @param {string} id */
  before = (id) => this.values.get(id)?.before ?? NaN;
}

/** Three figures that mean something.
 *  @param {number | null} value */
function figure(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}

/** @param {string[]} heads
 *  @param {string[][]} lines */
const grid = (heads, lines) => {
  const all = [heads, ...lines];
  const widths = heads.map((_, at) => Math.max(...all.map((line) => line[at]?.length ?? 0)));
  /** @param {string[]} line */
  const text = (line) => `| ${line.map((cell, at) => (at ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join(" | ")} |`;
  const rule = `|${widths.map((width, at) => (at ? `${"-".repeat(width + 1)}:` : "-".repeat(width + 2))).join("|")}|`;
  return [text(heads), rule, ...lines.map(text)].join("\n");
};

/** @param {Table} table */
function tables(table) {
  /** @param {number} ours
   *  @param {number | null} other */
  const ratio = (ours, other) => (other !== null && ours > 0 && other > 0 ? `${(ours / other).toFixed(2)} ×` : "–");
  const measured = table.rows.map(({ text, unit, ours, peer, floor }) => [
    `${text} (${unit})`,
    figure(ours),
    figure(peer),
    ratio(ours, peer),
    figure(floor),
  ]);
  const releases = table.releases.map(({ text, unit, ours, before }) => [
    `${text} (${unit})`,
    figure(ours),
    figure(before),
    ratio(ours, before),
  ]);
  const goals = judge(table).map(({ text, goal, measured, verdict }) => [text, goal, measured, verdict]);
  return {
    measured: grid(["measure", "ours", "peer", "ours / peer", "bindings alone"], measured),
    releases: grid(["measure", "ours", "before", "ours / before"], releases),
    goals: grid(["goal", "is", "measured", "verdict"], goals),
  };
}

/** @param {Table} table */
export function print(table) {
  const { measured, releases, goals } = tables(table);
  if (table.rows.length > 0) console.log(`\n${measured}`);
  if (table.releases.length > 0) console.log(`\n${releases}`);
  console.log(`\n${goals}\n`);
}

function versions() {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  /** @param {string} name */
  const of = (name) => `${name} ${lock[`node_modules/${name}`]?.version ?? "?"}`;
  const rust = execFileSync("rustc", ["--version"], { encoding: "utf8" }).split(" ")[1];
  return [`Node ${process.version}`, ...["workerd", "miniflare", "hono", "zod"].map(of), `rustc ${rust}`].join(", ");
}

/** @param {Table} table
 *  @param {number} seconds */
export function save(table, seconds) {
  const { measured, releases, goals } = tables(table);
  const [cpu] = os.cpus();
  const text = `# What was measured

Written by \`npm run bench\`; do not edit. Ours and a peer in TypeScript
(\`bench/peer\`: Hono, Zod, D1 \`batch()\` of prepared statements), in the same
workerd through Miniflare, in one run of interleaved rounds; medians.

- date: ${new Date().toISOString().slice(0, 10)}, ${Math.round(seconds)} s
- machine: ${cpu?.model}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, ${os.type()} ${os.release()}
- load before it began: ${table.load.toFixed(2)}
- versions: ${versions()}

## Goals

${goals}

## Measures

${measured}

## Against the release before

\`${COMMIT}\`, built from its own sources (\`bench/before.mjs\`), with the traffic of \`bench/traffic.mjs\`.

${releases}

## How

- **Batches**: events of about 1.1 KB in the SDK's spelling, one in 12 a trace's own, some of the text beyond ASCII; new ids in every batch.
- **CPU**: ${clock}, over a loop inside the isolate that calls the Worker with bindings that answer at once; the same loop without the Worker is subtracted. Not the isolate's clock, which is too coarse, and not the wall's, which counts what else the machine does. V8's helper threads are in it, which the platform may not bill.
- **D1**: the consumer inside the isolate with the real local D1; the time of its \`batch()\` calls on the wall, transport and commit included. \`meta.duration\` is D1's own sum for the statements.
- **Throughput**: 8 kept-alive connections on the loopback; "in D1" and "visible" are when the consumer logs that D1 has committed, counted from the arrival at the edge. All rows are counted at the end. "Bindings alone" is a Worker that decodes nothing: one R2 put, one queue message, one R2 get, and one idle \`batch()\` for a delivery; the local platform's own share, and what no Worker of this design can pass.
- **Memory** here is of eight concurrent uploads; of 64, and of reading large traces, the tests measure it: [JOURNAL.md](JOURNAL.md#memory-as-the-tests-measure-it).
- **Bytes**: growth of the database's size (\`meta.size_after\`), indexes with it.
- **Dollars**: list prices beyond what plans include, storage for one month, raw batches uncompressed; one consumer invocation a delivery, which against the peer is a batch.
- **Traffic**: 8 processes with 4 traces each at a time, lognormal with 12 spans on average, a batch as soon as there are 100 (or 1,000) events; a batch has spans of some 11 traces, most of which others have, too. "Pairs": each span comes twice, at its start and at its end. Counts are of 20,000 spans (pairs: 10,000) in an empty database; times are the consumer's whole invocation inside the isolate, R2 answering at once and D1 being the real one, after 200 batches.
- **Everything again**: all of the traffic's raw batches, the last first, in other deliveries.
- **Memory**: the wasm instance's memory, which never shrinks; and the process's resident memory, which also counts the eight bodies themselves.
- **Cold start**: from starting workerd to the first answer, less the same for a Worker that does nothing.
- **Growth**: the consumer writes what is there before; ours has the rows of 2,000 traces multiplied to a million, the peer rows put in with SQL. A batch that is added to at most 1,000 spans has a trace of its own. Times of listing and opening are a client's, on the loopback.
- **Pages**: as growth; the range holds all traces of the project. A first load is the page, the chart and the files that they name.
- **Jobs** (\`bench/jobs\`): a week of traces sent through the API, the cron run until it has nothing left to do, and headless Chromium, which clicks and types as fast as it can: seconds are the machine's, from the start page until what is looked for is in sight; actions are what a person does, and \`npm test\` holds each job to them. A filter's first answer is a client's time of the list's page; where that has not looked through all of the week, it says how far it is and asks on by itself, and "all of it" is the sum of those answers.
`;
  writeFileSync(join(root, "bench", "RESULTS.md"), text);
}
