// Measure 8: the list as a page, and the chart above it, in a small project and
// in a large one; and what a first visit transfers. Ours alone: the peer has
// no pages.

import http from "node:http";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { rounds } from "../stats.mjs";
import { folder, keyOf, startDriven, workers } from "../workers.mjs";
import { START_MS, fillProject } from "./fill.mjs";

/** @import { Bench } from "../report.mjs" */
/** @import { Live } from "../workers.mjs" */

/** @typedef {{ status: number, headers: http.IncomingHttpHeaders, text: string, ms: number }} Answer */

/** @param {number} n */
const words = (n) => n.toLocaleString("en");
const agent = new http.Agent({ keepAlive: true });

/** @param {URL} url
 *  @param {{ method?: string, headers?: http.OutgoingHttpHeaders, body?: string }} options
 *  @returns {Promise<Answer>} */
function exchange(url, { method = "GET", headers = {}, body }) {
  return new Promise((done, fail) => {
    const started = performance.now();
    const sent = http.request(url, { method, headers, agent }, (answer) => {
      /** @type {Buffer[]} */
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", fail);
      answer.on("end", () => {
        const text = Buffer.concat(parts).toString();
        done({ status: answer.statusCode ?? 0, headers: answer.headers, text, ms: performance.now() - started });
      });
    });
    sent.on("error", fail);
    sent.end(body);
  });
}

/** Signs in to a project; gets pages, or with other headers parts of them, as a browser does.
 *  @param {Pick<Live, "url">} live
 *  @param {string} project */
export async function visitor(live, project) {
  const body = new URLSearchParams({ key: keyOf(project) }).toString();
  const headers = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length, origin: live.url.origin };
  const { status, headers: given } = await exchange(new URL("/sign-in", live.url), { method: "POST", headers, body });
  if (status !== 303) throw new Error(`signing in answered ${status}`);
  const cookie = given["set-cookie"]?.[0]?.split(";")[0];
  return async (/** @type {string} */ path, /** @type {http.OutgoingHttpHeaders} */ more = {}) => {
    const answer = await exchange(new URL(path, live.url), { headers: { cookie, accept: "text/html", ...more } });
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer;
  };
}

/** What a browser that has been nowhere yet receives: page, chart, files.
 *  @param {string} page
 *  @param {string} chart */
function transfer(page, chart) {
  const files = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) =>
    readFileSync(join(folder, "build/public", String(path))),
  );
  return [Buffer.from(page), Buffer.from(chart), ...files].reduce((sum, part) => sum + gzipSync(part).length, 0) / 1000;
}

/** @param {Bench} bench */
export async function measurePages({ table, quick }) {
  const [ours] = workers;
  const live = await startDriven(ours);
  const sizes = quick ? [1_000] : [1_000, 1_000_000];
  const cases = [];
  for (const size of sizes) {
    const project = `pages-${size}`;
    await fillProject(live, project, size);
    const get = await visitor(live, project);
    // All that there is: the densest that a range can be.
    const range = new URLSearchParams({ from: new Date(START_MS).toISOString(), to: new Date(START_MS + size).toISOString() });
    cases.push({ size, what: "list", get, path: `/traces?${range}` });
    cases.push({ size, what: "rare", get, path: `/traces?${range}&name=nothing` });
    cases.push({ size, what: "chart", get, path: `/chart?${range}` });
    const [page, chart] = [(await get(`/traces?${range}`)).text, (await get(`/chart?${range}`)).text];
    if (!page.includes("data-trace-id=")) throw new Error("the list is empty");
    if (size === sizes.at(-1)) table.add("pages/first", "first load of the list, gzip, all of it", "KB", transfer(page, chart), null);
  }
  const results = await rounds(cases, { most: quick ? 1 : 9, seconds: 30 }, async ({ get, path }) => {
    const times = [];
    for (let n = 0; n < 5; n++) times.push((await get(path)).ms);
    return { ms: Math.min(...times) };
  });
  const titles = { list: "the list's page", rare: "the same, for a name that no trace has", chart: "the chart" };
  for (const [what, title] of Object.entries(titles)) {
    for (const size of sizes) {
      const measured = results[cases.findIndex((one) => one.what === what && one.size === size)];
      table.add(`pages/${what}/${size}`, `${title}, ${words(size)} traces`, "ms", measured?.ms ?? NaN, null);
    }
  }
  await live.close();
}
