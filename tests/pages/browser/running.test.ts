// A trace while it runs: that it says so and its time goes on, that what comes is
// put in place without taking anything away from whoever reads, and the axis.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { audit, soon, test, useBrowser, type Visitor } from "../../support/browser.ts";
import { type Project, useWorker } from "../../support/worker.ts";
import { type Fields, spanCreate, traceCreate } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const tree = (page: Page) => page.getByRole("treegrid", { name: "Spans" });
const span = (page: Page, id: string) => page.locator(`[data-span-id="${id}"]`);
const detail = (page: Page) => page.getByRole("region", { name: "Span", exact: true });
const header = (page: Page) => page.locator("header.summary");
/** What the page has counted so far, in seconds: `1 m 42 s`. */
const seconds = (text: string) => {
  const [, minutes = "0", rest] = /(?:(\d+) m )?(\d+) s/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
};

/** An agent that began 120 seconds ago, and a tool that it waits for since 90. */
const AGENT = { id: "agent", traceId: "t", name: "agent", type: "AGENT", startTime: "", endTime: undefined };
async function stuck(): Promise<Project> {
  const project = await worker.project();
  await project.send(
    traceCreate({ id: "t", name: "stuck-agent", startTime: ago(120) }, { timestamp: ago(120) }),
    spanCreate({ ...AGENT, startTime: ago(120) }, { timestamp: ago(120) }),
    spanCreate(
      { id: "llm", traceId: "t", parentSpanId: "agent", name: "plan", type: "LLM", startTime: ago(119), endTime: ago(90) },
      { timestamp: ago(90) },
    ),
    spanCreate(
      {
        id: "tool",
        traceId: "t",
        parentSpanId: "agent",
        name: "look",
        type: "TOOL",
        startTime: ago(90),
        endTime: undefined,
        input: { q: "refunds" },
      },
      { timestamp: ago(90) },
    ),
  );
  await project.traceWith(3, "t");
  return project;
}

const open = async (project: Project, path = "/traces/t", options = {}): Promise<Visitor> => {
  const who = await member(project, options);
  await who.go(path);
  await tree(who.page).waitFor();
  return who;
};

/** The same span as its client sends it when it has ended. */
const ended = (body: Fields = {}) =>
  spanCreate(
    {
      id: "tool",
      traceId: "t",
      parentSpanId: "agent",
      name: "look",
      type: "TOOL",
      startTime: ago(90),
      endTime: ago(0),
      input: { q: "refunds" },
      output: { found: "three refunds" },
      ...body,
    },
    { timestamp: ago(0) },
  );

const bar = (page: Page, id: string) =>
  span(page, id)
    .locator("svg rect")
    .first()
    .evaluate((one) => one.getBoundingClientRect().width);

describe("a trace that runs", () => {
  test("says so, and its clock, its open spans and the line of now go on", async () => {
    const { page } = await open(await stuck());
    expect(await header(page).innerText()).toContain("Running");
    const clock = header(page).locator("[data-elapsed]");
    const first = seconds(await clock.innerText());
    expect(first).toBeGreaterThanOrEqual(120);
    expect(first).toBeLessThan(180);
    for (const id of ["agent", "tool"]) expect(await span(page, id).innerText()).toMatch(/running/);
    expect(await span(page, "llm").innerText()).not.toMatch(/running/);
    const tool = seconds(await span(page, "tool").locator(".d").innerText());
    expect(tool).toBeGreaterThanOrEqual(90);
    expect(tool).toBeLessThan(first);
    expect(await page.locator(".head svg text.now").textContent()).toBe("now");
    // What is open reaches to now, and what has ended does not.
    // All in one look: an update that comes between two would take an element away.
    const right = await page.evaluate(() => {
      const of = (one: string) => document.querySelector(one)!.getBoundingClientRect().right;
      const rect = (id: string) => of(`[data-span-id="${id}"] svg rect`);
      return { now: of(".lines .now"), agent: rect("agent"), tool: rect("tool"), llm: rect("llm") };
    });
    for (const open of [right.agent, right.tool]) expect(Math.abs(open - right.now)).toBeLessThan(3);
    expect(right.llm).toBeLessThan(right.now - 20);

    const [llm, toolBar] = [await bar(page, "llm"), await bar(page, "tool")];
    await soon(async () => expect(seconds(await clock.innerText())).toBeGreaterThanOrEqual(first + 3));
    await soon(async () => expect(seconds(await span(page, "tool").locator(".d").innerText())).toBeGreaterThan(tool));
    // The axis ends now: what has ended takes a smaller part of it, what is open a larger one.
    await soon(async () => expect(await bar(page, "llm")).toBeLessThan(llm));
    await soon(async () => expect((await bar(page, "tool")) / (await bar(page, "llm"))).toBeGreaterThan((toolBar / llm) * 1.02));
  });

  test("by the server's time, whatever the browser's clock says", async () => {
    const project = await stuck();
    const who = await member(project);
    await who.page.clock.install({ time: Date.now() - 3_600_000 });
    await who.go("/traces/t");
    await tree(who.page).waitFor();
    await who.page.clock.runFor(2_000);
    const shown = seconds(await header(who.page).locator("[data-elapsed]").innerText());
    expect(shown).toBeGreaterThanOrEqual(120);
    expect(shown).toBeLessThan(300);
  });

  test("ends before one's eyes: status, duration, bars", async () => {
    const project = await stuck();
    const { page } = await open(project);
    await project.send(ended(), spanCreate({ ...AGENT, startTime: ago(120), endTime: ago(0) }, { timestamp: ago(0) }));
    await soon(async () => expect(await header(page).innerText()).toContain("OK"));
    // The chosen span's detail is renewed by itself.
    await soon(async () => expect(await page.locator("[data-elapsed], .lines .now, .running").count()).toBe(0));
    expect(await tree(page).innerText()).not.toContain("running");
  });

  test("axe-core finds nothing on it, in light and dark, and nothing moves by itself where that is not wanted", async () => {
    const project = await stuck();
    for (const colorScheme of ["light", "dark"] as const) {
      const { page } = await open(project, "/traces/t?span=tool", { colorScheme, reducedMotion: "reduce" });
      expect(await audit(page)).toEqual([]);
      expect(await page.evaluate(() => document.getAnimations().length)).toBe(0);
    }
  });
});

test("a trace that went silent is unfinished, and says since when", async () => {
  const project = await worker.project();
  await project.send(spanCreate({ id: "a", traceId: "t", startTime: ago(86_400), endTime: undefined }, { timestamp: ago(86_400) }));
  await project.traceWith(1, "t");
  const { page } = await open(project);
  expect((await header(page).innerText()).replace(/\s+/g, " ")).toMatch(/Unfinished.*Duration never ended.*Last heard of \d{4}-/);
  expect(await span(page, "a").innerText()).toContain("never ended");
  expect(await page.locator("[data-elapsed], .lines .now").count()).toBe(0);
});

describe("a span's detail", () => {
  test("is renewed when the span has ended, without losing one's place", async () => {
    const project = await stuck();
    const who = await open(project, "/traces/t?span=tool");
    const { page } = who;
    expect(await detail(page).innerText()).not.toContain("three refunds");
    const find = detail(page).getByRole("searchbox");
    await find.fill("refunds");
    // Marked, to see that what has not changed stays the same element.
    await detail(page)
      .locator("#part-input")
      .evaluate((one) => void Object.assign(one, { marked: true }));
    const before = who.requested.filter((path) => path === "/traces/t/spans/tool").length;
    await project.send(ended());
    await soon(async () => expect(await detail(page).innerText()).toContain("three refunds"));
    expect(
      await detail(page)
        .locator("#part-input")
        .evaluate((one) => (one as any).marked),
    ).toBe(true);
    expect(await find.inputValue()).toBe("refunds");
    expect(await find.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(await detail(page).locator("header").first().innerText()).not.toMatch(/running/i);
    expect(who.requested.filter((path) => path === "/traces/t/spans/tool").length).toBe(before + 1);
  });

  test("keeps what is unfolded in a part that changes", async () => {
    const project = await stuck();
    const { page } = await open(project, "/traces/t?span=tool");
    await project.send(ended({ output: { one: { two: [1, 2] }, list: [1, 2, 3] } }));
    const output = detail(page).locator("#part-output");
    await output.waitFor();
    const folds = () => output.locator("details").evaluateAll((all) => all.map((one) => (one as HTMLDetailsElement).open));
    await output
      .locator("details")
      .first()
      .evaluate((one) => void one.toggleAttribute("open"));
    const were = await folds();
    await project.send({
      ...ended({ output: { one: { two: [1, 2] }, list: [1, 2, 4] } }),
      timestamp: new Date(Date.now() + 1_000).toISOString(),
    });
    await soon(async () => expect(await output.evaluate((one) => one.textContent)).toMatch(/4/));
    expect(await folds()).toEqual(were);
  });

  test("that has changed is loaded anew by choosing it again, though nothing is asked about any more", async () => {
    const project = await worker.project();
    const old = (output: string, timestamp: string) =>
      spanCreate(
        { id: "a", traceId: "t", startTime: "2026-03-14T10:00:00.000Z", endTime: "2026-03-14T10:00:01.000Z", output },
        { timestamp },
      );
    await project.send(old("first answer", "2026-03-14T10:00:01.000Z"));
    await project.traceWith(1, "t");
    const who = await member(project);
    const { page } = who;
    await page.clock.install();
    await who.go("/traces/t?span=a");
    await tree(page).waitFor();
    // No timer goes off from here on: at a time that has not passed when it gets there.
    await page.clock.pauseAt(Date.now() + 10_000);
    await project.send(old("second answer", "2026-03-14T10:00:02.000Z"));
    await soon(async () => expect((await project.trace("t")).text).toContain("second answer"));
    await span(page, "a").click();
    await soon(async () => expect(await detail(page).innerText()).toContain("second answer"));
  });
});

test("a trace without spans shows its tree when the first one comes", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "t", name: "just begun", startTime: ago(1) }, { timestamp: ago(1) }));
  await project.listWith(1);
  const who = await member(project);
  await who.go("/traces/t");
  expect(await who.page.locator("main").innerText()).toContain("No span of this trace has come yet.");
  await project.send(spanCreate({ id: "a", traceId: "t", startTime: ago(1), endTime: ago(0) }));
  await span(who.page, "a").waitFor();
  // As a tree that works, not only as one that is seen: its page was loaded anew,
  // and is seen before its scripts have run.
  await who.page.waitForLoadState();
  await span(who.page, "a").click();
  await soon(() => expect(new URL(who.page.url()).searchParams.get("span")).toBe("a"));
});

describe("the axis", () => {
  const at = (ms: number) => new Date(Date.parse("2026-03-14T10:00:00.000Z") + ms).toISOString();

  /** The labels that are seen, from left to right. */
  const labels = (page: Page) =>
    page.locator(".head svg text").evaluateAll((all) =>
      all
        .map((one) => ({ ...one.getBoundingClientRect().toJSON(), text: one.textContent }))
        .filter(({ width }) => width > 0)
        .sort((a, b) => a.left - b.left),
    );

  test.for([1_280, 1_920, 390])("no label is printed over another one, however one zooms, at %i px", async (width) => {
    const project = await worker.project();
    const times = [
      [0, 90_061_000],
      [100, 1_900],
      [61_000, 3_722_345],
      [3_600_000, 3_600_777],
      [7_200_000, 7_200_003],
      [89_000_000, 90_061_000],
      [45_000_000, 45_030_000],
      [500, 86_400_500],
    ];
    await project.send(...times.map(([from, to], n) => spanCreate({ id: `s${n}`, traceId: "t", startTime: at(from!), endTime: at(to!) })));
    await project.traceWith(times.length, "t");
    const { page } = await open(project, "/traces/t", { viewport: { width, height: 800 } });
    for (const [n] of times.entries()) {
      await span(page, `s${n}`).click();
      await page.keyboard.press("z");
      const seen = await labels(page);
      expect(seen.length, `labels at s${n}`).toBeGreaterThan(0);
      for (const [at, { left, text }] of seen.entries()) {
        const before = seen[at - 1];
        if (before) expect(left, `${before.text} and ${text} of s${n}`).toBeGreaterThanOrEqual(before.right);
      }
    }
    await page.keyboard.press("0");
    expect(await tree(page).getAttribute("class")).not.toContain("zoomed");
  });
});

describe("the way back", () => {
  const back = (page: Page) => page.getByRole("navigation", { name: "Back" }).getByRole("link");
  const backTo = (page: Page) => back(page).evaluate((one) => (one as HTMLAnchorElement).pathname + (one as HTMLAnchorElement).search);

  test("leads to the list as one left it: from a trace, its session, after a reload, while it grows", async () => {
    const project = await stuck();
    await project.send(traceCreate({ id: "t", name: "stuck-agent", startTime: ago(120), sessionId: "chat" }, { timestamp: ago(60) }));
    await soon(async () => expect((await project.trace("t")).json.data.sessionId).toBe("chat"));
    const who = await member(project);
    const { page } = who;
    const filter = "/traces?range=7d&name=stuck";
    await who.go(filter);
    await page.getByRole("link", { name: "stuck-agent" }).click();
    await tree(page).waitFor();
    await soon(async () => expect(await backTo(page)).toBe(filter));
    await page.reload();
    await tree(page).waitFor();
    await project.send(spanCreate({ id: "new", traceId: "t", startTime: ago(1), endTime: ago(0) }));
    await span(page, "new").waitFor();
    await page.getByRole("link", { name: "chat", exact: true }).click();
    await page.waitForURL(/\/sessions\/chat/);
    expect(await backTo(page)).toBe(filter);
    await page.goBack();
    await back(page).click();
    await page.waitForURL(`**${filter}`);
    // The list without a filter is one, too.
    await who.go("/traces");
    await who.go("/traces/t");
    expect(await backTo(page)).toBe("/traces");
  });

  test("leads to the whole list from a link that somebody sent, and nowhere else whatever is tried", async () => {
    const project = await stuck();
    const { page } = await open(project, "/traces/t?back=//evil.example&to=https://evil.example");
    expect(await backTo(page)).toBe("/traces");
    await page.evaluate(() => sessionStorage.setItem("list", "//evil.example/"));
    await page.reload();
    expect(await back(page).evaluate((one) => (one as HTMLAnchorElement).href)).toBe(new URL("/traces", worker.url).href);
  });
});

test("names, tags and sessions of any length leave room for the rest, and are all there when asked for", async () => {
  const project = await worker.project();
  const long = (text: string, length: number) => text.repeat(length).slice(0, length);
  await project.send(
    traceCreate({
      id: "t",
      name: long("a name with words ", 10_000),
      sessionId: long("session-", 200),
      deploymentId: long("d", 200),
      tags: Array.from({ length: 50 }, (_, n) => `tag-${n}`),
    }),
    spanCreate({ id: "a", traceId: "t", name: long("unbroken", 10_000), status: "ERROR", errorMessage: "the cause of it" }),
  );
  await project.traceWith(1, "t");
  for (const width of [1_280, 390]) {
    const { page } = await open(project, "/traces/t?span=a", { viewport: { width, height: 800 } });
    const height = (of: ReturnType<Page["locator"]>) => of.evaluate((one) => one.getBoundingClientRect().height);
    expect(await height(header(page))).toBeLessThan(width > 1_000 ? 240 : 420);
    const heading = detail(page).getByRole("heading", { level: 2 });
    expect(await height(heading)).toBeLessThan(60);
    const [box, error] = [await detail(page).boundingBox(), await detail(page).getByText("the cause of it").boundingBox()];
    expect(error!.y - box!.y).toBeLessThan(320);
    await detail(page)
      .getByText(/^unbroken/)
      .first()
      .click();
    await soon(async () => expect(await height(heading)).toBeGreaterThan(1_000));
    expect(await heading.evaluate((one) => one.scrollHeight - one.clientHeight)).toBeLessThan(5);
    await page.getByText("42 more tags").click();
    expect(await page.getByRole("link", { name: "tag-49" }).isVisible()).toBe(true);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
    expect(await audit(page)).toEqual([]);
  }
});

test("a trace can be handed on: its address with the span, and a command that gets it", async () => {
  const { page } = await open(await stuck(), "/traces/t", { permissions: ["clipboard-read", "clipboard-write"] });
  await span(page, "llm").click();
  await soon(async () => expect(await page.title()).toBe("plan · stuck-agent · t · Edgespan"));
  const copied = async (name: string) => {
    await page.getByRole("button", { name, exact: true }).click();
    return soon(async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).not.toBe("");
      return text;
    });
  };
  expect(await copied("Copy link")).toBe(new URL("/traces/t?span=llm", worker.url).href);
  await page.evaluate(() => navigator.clipboard.writeText(""));
  expect(await copied("Copy as curl")).toContain(`'${worker.url.origin}/api/v1/traces/t'`);
});
