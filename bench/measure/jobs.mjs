// Measure 9: what people come to the dashboard for (bench/jobs), in a browser and among 100,000
// traces; a trace of 50,000 spans; and the first answer of each filter of the list of 1,000,000.
// Ours alone: the peer has no pages. Without a browser only the filters are measured.

import { join } from "node:path";
import { chromium } from "playwright-core";
import { ensureBrowser } from "../../scripts/browser.mjs";
import { Consumed, expectStatus, request } from "../client.mjs";
import { JOBS } from "../jobs/jobs.mjs";
import { Person } from "../jobs/person.mjs";
import { SOUGHT, batches, begun, large } from "../jobs/store.mjs";
import { median } from "../stats.mjs";
import { folder, keyOf, start, workers } from "../workers.mjs";
import { visitor } from "./pages.mjs";

/** @import { Browser } from "playwright-core" */
/** @import { JobBatch } from "../jobs/store.mjs" */
/** @import { Bench, Table } from "../report.mjs" */
/** @import { Live } from "../workers.mjs" */

/** @typedef {{ live: Live, consumed: Consumed }} Store */

/** @param {number} n */
const words = (n) => n.toLocaleString("en");
/** Batches that are on their way at once. */
const AT_ONCE = 8;
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking"];

/** Sends batches to a project through the API, until all are in D1.
 *  @param {Store} store
 *  @param {string} project
 *  @param {Iterable<JobBatch>} all */
async function send({ live, consumed }, project, all) {
  const before = consumed.batches;
  let sent = 0;
  /** @type {Set<Promise<unknown>>} */
  const under = new Set();
  for (const { path, events } of all) {
    const body = Buffer.from(JSON.stringify({ batch: events }));
    const status = path === "/api/v1/traces" ? 201 : 207;
    const one = expectStatus(status, request(new URL(path, live.url), { method: "POST", body, project }));
    under.add(one);
    one.then(
      () => under.delete(one),
      () => {},
    );
    sent += 1;
    if (under.size >= AT_ONCE) await Promise.race(under);
  }
  await Promise.all(under);
  await consumed.until(before + sent, 600);
}

/** Gives a project its key, and what the jobs are done on.
 *  @param {Store} store
 *  @param {string} project
 *  @param {{ traces: number, now: number, light?: boolean }} options */
async function fill(store, project, options) {
  const { worker, db } = store.live;
  await db.batch(worker.seed(project).map((sql) => db.prepare(sql)));
  await db.prepare("update api_key set scopes = 'admin' where project = ?1").bind(project).run();
  await send(store, project, batches(options));
  await rollUp(store.live);
}

/** Runs the cron until there is nothing left for it to add up.
 *  @param {Live} live */
async function rollUp({ mf, db }) {
  const worker = await mf.getWorker();
  for (let left = Infinity; ; ) {
    await worker.scheduled({ cron: "* * * * *" });
    const now = Number((await db.prepare("select count(*) as n from delivery").first())?.n);
    if (now === 0 || now >= left) return;
    left = now;
  }
}

/** What narrows a week down, by what it is called.
 *  @type {Record<string, string>} */
const FILTERS = {
  status: "status=error",
  name: "name=find-product",
  user: `user=${SOUGHT.user}`,
  tag: `tag=${SOUGHT.risen.tag}`,
  model: `model=${SOUGHT.costly}`,
  session: `session=${SOUGHT.session}`,
  metadata: "metadata=region%3Dus",
  score: "score=human%3C0.5",
  "error text": "error=shelf+service",
  words: `q=%22${SOUGHT.wrong.words.replace(" ", "+")}%22`,
  "words in outputs": `output=%22${SOUGHT.mentioned.words.replace(" ", "+")}%22`,
};

/** @param {Store} store
 *  @param {Table} table
 *  @param {number} size
 *  @param {boolean} quick */
async function filters(store, table, size, quick) {
  await fill(store, "million", { traces: size, now: Date.now(), light: true });
  const get = await visitor(store.live, "million");
  let slowest = 0;
  for (const [name, query] of Object.entries(FILTERS)) {
    const path = `/traces?range=7d&${query}`;
    const times = [];
    for (let n = 0; n < (quick ? 1 : 5); n++) times.push((await get(path)).ms);
    const first = median(times);
    slowest = Math.max(slowest, first);
    table.add(`jobs/filter/${name}`, `first answer to a filter by ${name}, ${words(size)} traces`, "ms", first, null);
    let { ms, text } = await get(path);
    let found = text.split("data-trace-id=").length - 1;
    for (let next = further(text); next; next = further(text)) {
      const part = await get(next, { "hx-request": "true" });
      ms += part.ms;
      text = part.text;
      found += text.split("data-trace-id=").length - 1;
    }
    table.add(`jobs/whole/${name}`, `a filter by ${name}, until ${found} are found (50, or all of a week)`, "s", ms / 1000, null);
  }
  table.add("jobs/filter", `the slowest of these first answers, ${words(size)} traces`, "ms", slowest, null);
}

/** Where a page looks on by itself.
 *  @param {string} html */
const further = (html) => html.match(/class="further" hx-get="([^"]+)"/)?.[1]?.replaceAll("&amp;", "&");

/** Somebody at the start page of a project, with a browser of their own.
 *  @param {Browser} browser
 *  @param {Live} live */
async function comes(browser, live) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "UTC" });
  // The platform serves these; the benchmark's does not.
  await context.route("**/assets/*", (route) =>
    route.fulfill({ path: join(folder, "build/public", new URL(route.request().url()).pathname) }),
  );
  const person = new Person(await context.newPage());
  return { person, page: person.page, signIn: (/** @type {string} */ project) => person.signIn(live.url.origin, keyOf(project)), context };
}

/** @param {Store} store
 *  @param {Browser} browser
 *  @param {Table} table
 *  @param {{ size: number, spans: number, times: number }} options */
async function jobs(store, browser, table, { size, spans, times }) {
  const { live } = store;
  await fill(store, "jobs", { traces: size, now: Date.now() });
  for (const job of JOBS) {
    const seconds = [];
    let actions = 0;
    for (let n = 0; n < times; n++) {
      const [one, other] = [await comes(browser, live), await comes(browser, live)];
      await one.signIn("jobs");
      const started = performance.now();
      await job.do({ ...one, guest: async () => other.person });
      seconds.push((performance.now() - started) / 1000);
      actions = one.person.actions;
      await one.context.close();
      await other.context.close();
    }
    const text = `job ${job.number}, ${job.what}, in ${actions} actions, ${words(size)} traces`;
    table.add(`jobs/${job.number}`, text, "s", median(seconds), null);
  }
  const watcher = await comes(browser, live);
  await watcher.signIn("jobs");
  const seconds = [];
  for (let n = 0; n < times; n++) {
    const started = performance.now();
    await send(store, "jobs", [begun(`begun-${n}`, Date.now())]);
    await watcher.person.sees(watcher.page.locator(`tr[data-trace-id="begun-${n}"]`).getByText("Running"), "that it runs");
    seconds.push((performance.now() - started) / 1000);
  }
  table.add("jobs/running", "from sending a trace that runs until an open list says so", "s", median(seconds), null);
  await send(store, "jobs", large("large", spans, Date.now() - 3_600_000));
  const opened = [];
  for (let n = 0; n < times; n++) {
    const started = performance.now();
    await watcher.page.goto(`${live.url.origin}/traces/large`);
    await watcher.person.click(watcher.page.getByRole("treegrid").getByText("page 11", { exact: true }));
    await watcher.person.sees(watcher.page.locator("#span h2").getByText("page 11"), "a step's detail");
    opened.push((performance.now() - started) / 1000);
  }
  table.add("jobs/large", `from opening a trace of ${words(spans)} spans until a chosen step is shown`, "s", median(opened), null);
  await watcher.context.close();
}

/** @param {Bench} bench */
export async function measureJobs({ table, quick }) {
  const consumed = new Consumed();
  const live = await start(workers[0], consumed.hear);
  const store = { live, consumed };
  const executablePath = process.env.EDGESPAN_BROWSER ?? (await ensureBrowser());
  if (executablePath) {
    const browser = await chromium.launch({ executablePath, args: ARGS });
    await jobs(store, browser, table, quick ? { size: 300, spans: 1_000, times: 1 } : { size: 100_000, spans: 50_000, times: 3 });
    await browser.close();
  }
  await filters(store, table, quick ? 1_000 : 1_000_000, quick);
  await live.close();
}
