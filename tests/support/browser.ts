// Headless Chromium for the tests of the pages: one browser a file, a context a
// visitor. Every visitor is watched: whatever no test may cause (an error in the
// console, a policy that was broken, a dialog, a request to anybody else, a
// failure of the server) fails the test in which it happened. The browser is
// EDGESPAN_BROWSER, which `npm test` sets.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test as base, vi } from "vitest";
import { eventually, type TestWorker, type Project } from "./worker.ts";

const executablePath = process.env.EDGESPAN_BROWSER ?? process.env.CHROMIUM_PATH;

/** A test that needs a browser. */
// `skip` is chained like the test itself; only its type does not say so.
export const test = (executablePath || process.env.CI ? base : base.skip) as typeof base;

// Browsers are slow where there are more of them than processors.
vi.setConfig({ testTimeout: 120_000 });

/** How long anything on a page may take that normally takes a second. */
const PATIENCE_MS = 20_000;

/** It is someone else's machine: no sandbox as root, no profile, nobody called. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--font-render-hinting=none",
];

/** Written into every page before its own scripts. */
function watch(): void {
  const kept = { shifts: [] as object[], violations: [] as string[] };
  Object.assign(globalThis, { watched: kept });
  addEventListener("securitypolicyviolation", (event) => {
    kept.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as any[]) {
      if (entry.hadRecentInput) continue;
      const sources = entry.sources.map(({ node, previousRect: was, currentRect: is }: any) => ({
        what: (node?.nodeType === 1 ? node : node?.parentElement)?.outerHTML.slice(0, 120) ?? "?",
        inTable: Boolean((node?.nodeType === 1 ? node : node?.parentElement)?.closest("tbody")),
        sideways: Math.abs(is.left - was.left),
        down: Math.abs(is.top - was.top),
      }));
      kept.shifts.push({ value: entry.value, sources });
    }
  }).observe({ type: "layout-shift", buffered: true });
}

export interface Shift {
  value: number;
  sources: { what: string; inTable: boolean; sideways: number; down: number }[];
}

/** Somebody with a browser of their own. */
export class Visitor {
  readonly #problems: string[] = [];
  #forgotten = false;
  /** Paths that were asked for, in order. */
  readonly requested: string[] = [];

  private constructor(
    readonly worker: TestWorker,
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    const { origin } = worker.url;
    context.on("request", (request) => {
      const url = new URL(request.url());
      this.requested.push(url.pathname + url.search);
      if (!["data:", "blob:"].includes(url.protocol) && url.origin !== origin) this.#problems.push(`a request to ${url.href}`);
    });
    context.on("response", (response) => {
      const part = ["script", "stylesheet", "image", "font"].includes(response.request().resourceType());
      if (response.status() >= (part ? 400 : 500)) this.#problems.push(`${response.status()} for ${response.url()}`);
    });
    context.on("console", (message) => {
      const [type, text] = [message.type(), message.text()];
      // Of failed requests it is said above which ones may not fail.
      if (type === "error" ? !text.startsWith("Failed to load resource") : /content security policy/i.test(text))
        this.#problems.push(`console: ${text}`);
    });
    context.on("weberror", (error) => void this.#problems.push(`uncaught: ${error.error()}`));
    context.on("dialog", (dialog) => {
      this.#problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  }

  static async come(browser: Browser, worker: TestWorker, options: BrowserContextOptions): Promise<Visitor> {
    const usual = { baseURL: worker.url.origin, viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "UTC" };
    const context = await browser.newContext({ ...usual, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(watch);
    return new Visitor(worker, context, await context.newPage());
  }

  async go(path: string): Promise<void> {
    await this.page.goto(path);
  }

  /** Signs in, as the form would; the form itself is in sign-in.test.ts. */
  async signIn({ key }: Pick<Project, "key">): Promise<this> {
    const answer = await this.context.request.post("/sign-in", {
      form: { key },
      headers: { origin: this.worker.url.origin },
      maxRedirects: 0,
    });
    expect(answer.status(), await answer.text()).toBe(303);
    return this;
  }

  /** Says that this is meant to happen in this test. */
  expectProblem(like: RegExp): void {
    const at = this.#problems.findIndex((problem) => like.test(problem));
    expect(at, `a problem like ${like} among ${JSON.stringify(this.#problems)}`).toBeGreaterThanOrEqual(0);
    for (let n = this.#problems.length - 1; n >= 0; n--) if (like.test(this.#problems[n]!)) this.#problems.splice(n, 1);
  }

  /** Says that all that happened up to now was meant to. */
  forget(): void {
    this.#problems.length = 0;
    this.#forgotten = true;
  }

  /** What moved by itself since the page was loaded, also by what came just now:
   *  that is known once it has been painted. */
  shifts(): Promise<Shift[]> {
    return this.page.evaluate(async () => {
      for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
      return (globalThis as any).watched.shifts;
    });
  }

  /** What should not have happened, up to now. */
  async problems(): Promise<string[]> {
    const violations =
      this.page.isClosed() || this.#forgotten
        ? []
        : await this.page.evaluate(() => (globalThis as any).watched?.violations ?? []).catch(() => []);
    return [...this.#problems, ...violations];
  }
}

export interface Visitors {
  /** Somebody new, not signed in. */
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
  /** Somebody new, signed in to a project. */
  member(project: Pick<Project, "key">, options?: BrowserContextOptions): Promise<Visitor>;
}

/** Starts a browser before the file's tests and ends it after them. */
export function useBrowser(worker: TestWorker): Visitors {
  let browser: Browser | undefined;
  let visitors: Visitor[] = [];

  beforeAll(async () => {
    if (executablePath) browser = await chromium.launch({ executablePath, args: ARGS });
    else if (process.env.CI) throw new Error("no browser to look at pages with: EDGESPAN_BROWSER is not set");
  });
  afterEach(async ({ task }) => {
    const [met, failed] = [visitors, task.result?.state === "fail"];
    visitors = [];
    const problems: string[] = [];
    for (const visitor of met) {
      problems.push(...(await visitor.problems()));
      if (failed) {
        const seen = await visitor.page
          .locator("body")
          .innerText({ timeout: 1_000 })
          .catch(() => "(nothing)");
        console.log(`${visitor.page.url()} shows:\n${seen.slice(0, 3_000)}`);
      }
      await visitor.context.close();
    }
    expect(problems).toEqual([]);
  });
  afterAll(() => browser?.close());

  const visitor = async (options: BrowserContextOptions = {}) => {
    const made = await Visitor.come(browser!, worker, options);
    visitors.push(made);
    return made;
  };
  return { visitor, member: async (project, options) => (await visitor(options)).signIn(project) };
}

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds on a page that is serious or worse, in a line each. */
export async function audit(page: Page): Promise<string[]> {
  // Evaluated, not added as a script: the page's policy would not have it.
  await page.evaluate(axe);
  const violations: any[] = await page.evaluate(
    async () => (await (globalThis as any).axe.run(document, { resultTypes: ["violations"] })).violations,
  );
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map((node: any) => `${id}: ${node.html.slice(0, 160)} ${node.any[0]?.message ?? node.failureSummary}`),
    );
}

/** How many pixels of a page are to the right of its window: none, unless it scrolls sideways. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Expects that axe-core finds nothing on a page and that it does not scroll sideways. */
export async function expectUsable(page: Page, what = page.url()): Promise<void> {
  expect(await audit(page), what).toEqual([]);
  expect(await sideways(page), what).toBeLessThanOrEqual(0);
}

/** Until the page has what is looked for, without being loaded again. */
export const soon = eventually;
