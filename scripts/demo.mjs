// `npm run demo`: fills a project with what agents do, through the public API,
// for trying the dashboard out; with --live it goes on until it is stopped.
// Leaves out: removing what it sent. Nothing in it is real.

import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "./demo/client.mjs";
import { Schedule } from "./demo/schedule.mjs";
import { LOCAL_KEY } from "./local.mjs";
import { parse } from "./options.mjs";
import { Failed, cli } from "./run.mjs";
import { checkServer, port, urlAt } from "./running.mjs";
import { ensurePackages } from "./setup.mjs";

/** @import { DemoEvent } from "./types.d.ts" */

const USAGE = `Usage: npm run demo -- [--traces N] [--hours N] [--live] [--seed N] [--until TIME] [--url URL] [--key KEY]

  --traces  how many, 0 to 100,000 (600); among the first is one of 5,000 spans
  --hours   over how many hours they are spread, up to now (24)
  --live    then goes on: a new trace every second or so, until it is stopped
  --seed    another number, other traces (1); with --until the very same again
  --until   ISO 8601: another end than now
  --url     another Edgespan than the one that \`npm start\` serves here, on PORT (3000)
  --key     its API key; for that other one the environment's TWOSIGNAL_API_KEY will do
`;

const OPTIONS = /** @type {const} */ ({
  traces: { type: "string", default: "600" },
  hours: { type: "string", default: "24" },
  seed: { type: "string", default: "1" },
  until: { type: "string" },
  url: { type: "string" },
  key: { type: "string" },
  live: { type: "boolean", default: false },
  help: { type: "boolean", short: "h" },
});

await cli(async () => {
  const { url, key, traces, hours, seed, until, live, here } = read();
  if (here) await checkServer("demo", false);
  await ensurePackages();
  const client = new Client(url, key);
  const schedule = new Schedule({ seed, until, hours });
  if (traces > 0) await fill(client, schedule, traces);
  if (live) await follow(client, schedule);
});

/** The command line, every value checked. */
function read() {
  const { values } = parse({ options: OPTIONS }, USAGE);
  /** @param {"traces" | "hours" | "seed"} name
   *  @param {number} least
   *  @param {number} most */
  const whole = (name, least, most) => {
    const value = /^\d{1,15}$/.test(values[name]) ? Number(values[name]) : NaN;
    if (!(value >= least && value <= most)) throw new Failed(`--${name}: a whole number from ${least} to ${most}, found ${values[name]}`);
    return value;
  };
  const until = values.until === undefined ? Date.now() : Date.parse(values.until);
  if (Number.isNaN(until)) throw new Failed(`--until: expected a time such as 2026-03-14T10:00:00Z, found ${values.until}`);
  const url = (values.url ?? urlAt(port)).replace(/\/+$/, "");
  if (!/^https?:\/\/./.test(url)) throw new Failed(`--url: expected http://… or https://…, found ${url}`);
  const key = values.key ?? (values.url === undefined ? LOCAL_KEY : process.env.TWOSIGNAL_API_KEY);
  if (!key) throw new Failed(`--url needs --key, or TWOSIGNAL_API_KEY in the environment\n\n${USAGE}`);
  return {
    url,
    key,
    until,
    live: values.live,
    here: values.url === undefined,
    traces: whole("traces", 0, 100_000),
    hours: whole("hours", 1, 8_784),
    seed: whole("seed", 0, 999_999_999),
  };
}

/** @param {Client} client
 *  @param {Schedule} schedule
 *  @param {number} count */
async function fill(client, schedule, count) {
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  // Lines are left to wrap: cut off, it would leave the terminal so that none do.
  const bar = new SingleBar(
    { format: "{bar} {percentage}% | {value} of {total} traces | {events} events", barsize: 30, linewrap: true },
    Presets.shades_classic,
  );
  bar.start(count, 0, { events: 0 });
  try {
    for (const events of schedule.past(count)) {
      for (const event of events) if (event.at <= schedule.until) await client.add(event);
      bar.increment({ events: client.sent });
    }
    await client.done();
    bar.update({ events: client.sent });
  } finally {
    bar.stop();
  }
  console.log(
    `${count} traces, ${client.sent} events sent. See ${client.url}/traces, with the key ${client.key === LOCAL_KEY ? LOCAL_KEY : "that it was sent with"}.`,
  );
}

/** Sends each event when its time has come, as an agent that runs now would.
 *  @param {Client} client
 *  @param {Schedule} schedule */
async function follow(client, schedule) {
  console.log(`Sending a trace every second or so to ${client.url}; Ctrl-C stops it.`);
  /** @type {DemoEvent[]} */
  let waiting = [];
  for (let next = Date.now(); ; ) {
    const now = Date.now();
    if (now >= next) {
      waiting.push(...schedule.now(now).flat());
      next = now + schedule.chance.around(1_000);
    }
    for (const event of waiting) if (event.at <= now) await client.add(event);
    waiting = waiting.filter((event) => event.at > now);
    await client.done();
    await sleep(200);
  }
}
