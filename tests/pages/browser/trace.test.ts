// A trace: the tree with its bars, by mouse, by keyboard and by link, also with
// 5,000 spans; a span's detail; and a session's traces.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";
import { spanCreate, traceCreate, type Fields } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const START = Date.parse("2026-03-14T10:00:00.000Z");
const at = (ms: number) => new Date(START + ms).toISOString();

const tree = (page: Page) => page.getByRole("treegrid", { name: "Spans" });
const span = (page: Page, id: string) => page.locator(`[data-span-id="${id}"]`);
const detail = (page: Page) => page.getByRole("region", { name: "Span", exact: true });
/** The spans that can be seen, from the top: those below closed ones cannot. */
const visible = (page: Page) =>
  page
    .locator("[data-span-id]")
    .evaluateAll((rows) =>
      rows.filter((row) => (row as HTMLElement).offsetParent !== null).map((row) => (row as HTMLElement).dataset.spanId!),
    );
const chosen = (page: Page) => new URL(page.url()).searchParams.get("span");
const current = (page: Page) =>
  page.evaluate(() => (document.activeElement?.closest("[data-span-id]") as HTMLElement | null)?.dataset.spanId);

const step = (id: string, parentSpanId: string | undefined, from: number, to: number, body: Fields = {}) =>
  spanCreate({ id, traceId: "t", parentSpanId, name: `step ${id}`, startTime: at(from), endTime: at(to), ...body });

const MESSAGES = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "Where is my order?" },
];
const COMPLETION = {
  id: "c1",
  object: "chat.completion",
  choices: [
    {
      index: 0,
      finish_reason: "tool_calls",
      message: {
        role: "assistant",
        content: "Let me look.",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "get_order", arguments: '{"order_id":"A-1"}' } }],
      },
    },
  ],
};

/** An agent with two tools at once, one of which fails, and a lost parent. */
async function agent(): Promise<Project> {
  const project = await worker.project();
  await project.send(
    traceCreate({ id: "t", name: "support-agent", startTime: at(0), tags: ["production"], sessionId: "chat 1", metadata: { user: "u-1" } }),
    step("root", undefined, 0, 3_000, { type: "AGENT", input: "Where is my order?", output: "On its way." }),
    step("llm", "root", 100, 1_000, {
      type: "LLM",
      model: "gpt-4o",
      input: MESSAGES,
      output: COMPLETION,
      modelParameters: { temperature: 0.25 },
      usage: { promptTokens: 1_200, completionTokens: 34, totalTokens: 1_234 },
      cost: 0.0042,
    }),
    step("a", "root", 1_000, 2_500, {
      type: "TOOL",
      input: { deep: { down: { here: [1, 2, { needle: "findme" }] } } },
      output: null,
      metadata: { attempt: 1 },
    }),
    step("a1", "a", 1_100, 1_200, { type: "RETRIEVAL" }),
    step("a2", "a", 1_300, 2_400, { type: "TOOL" }),
    step("b", "root", 1_050, 1_500, { type: "TOOL", status: "ERROR", errorMessage: "HTTP 503 from the shop" }),
    step("lost", "never-came", 2_600, 2_700, { type: "CUSTOM" }),
  );
  await project.traceWith(7, "t");
  return project;
}

const open = async (project: Project, path = "/traces/t", options = {}) => {
  const who = await member(project, options);
  await who.go(path);
  await tree(who.page).waitFor();
  return who;
};

describe("the tree", () => {
  test("has every span, in its place, with what it took", async () => {
    const { page } = await open(await agent());
    expect(await page.getByRole("heading", { level: 1 }).innerText()).toContain("support-agent");
    const spans = await visible(page);
    expect(spans.filter((id) => id !== "lost")).toEqual(["root", "llm", "a", "a1", "a2", "b"]);
    expect(spans).toContain("lost");
    const levels = await Promise.all(["root", "llm", "a", "a1", "b"].map((id) => span(page, id).getAttribute("aria-level")));
    expect(levels).toEqual(["1", "2", "2", "3", "2"]);
    const llm = (await span(page, "llm").innerText()).replace(/\s+/g, " ");
    for (const part of ["step llm", "gpt-4o", "$0.0042"]) expect(llm).toContain(part);
    expect(llm).toMatch(/1,234|1\.2k/);
    expect(llm).toMatch(/900 ms/);
    expect(await span(page, "b").innerText()).toMatch(/error/i);
    expect(await span(page, "lost").innerText()).toMatch(/parent/i);
    const header = (await page.locator("main").innerText()).replace(/\s+/g, " ");
    for (const part of ["production", "$0.0042", "3.00 s", "chat 1"]) expect(header).toContain(part);
  });

  test("bars lie on one axis: where and how long, as in time", async () => {
    const { page } = await open(await agent());
    const bar = (id: string) =>
      span(page, id)
        .locator("svg rect")
        .first()
        .evaluate((one) => {
          const { left, right } = one.getBoundingClientRect();
          return { left, right };
        });
    const [root, llm, a, b] = [await bar("root"), await bar("llm"), await bar("a"), await bar("b")];
    const width = root.right - root.left;
    const part = (x: number) => (x - root.left) / width;
    expect(part(llm.left)).toBeCloseTo(100 / 3_000, 1);
    expect(part(llm.right)).toBeCloseTo(1_000 / 3_000, 1);
    expect(part(a.right)).toBeCloseTo(2_500 / 3_000, 1);
    // Those at the same time overlap.
    expect(b.left).toBeLessThan(a.right);
    expect(b.left).toBeGreaterThanOrEqual(a.left);
  });

  test("is closed and opened with the mouse, and everything below with it", async () => {
    const { page } = await open(await agent());
    await span(page, "a").locator("i").first().click();
    await soon(async () => expect(await span(page, "a").getAttribute("aria-expanded")).toBe("false"));
    expect((await visible(page)).filter((id) => id.startsWith("a"))).toEqual(["a"]);
    await span(page, "a").locator("i").first().click();
    await soon(async () => expect((await visible(page)).filter((id) => id.startsWith("a"))).toEqual(["a", "a1", "a2"]));
  });

  test("by keyboard: up, down, into, out of, first, last", async () => {
    const { page } = await open(await agent());
    await page.locator('[data-span-id][tabindex="0"], [data-span-id] [tabindex="0"]').first().focus();
    expect(await current(page)).toBe("root");
    const press = async (key: string, expected: string) => {
      await page.keyboard.press(key);
      await soon(async () => expect(await current(page), key).toBe(expected));
    };
    await press("ArrowDown", "llm");
    await press("ArrowDown", "a");
    await press("ArrowRight", "a1");
    await press("ArrowLeft", "a");
    await press("ArrowLeft", "a");
    await soon(async () => expect(await span(page, "a").getAttribute("aria-expanded")).toBe("false"));
    await press("ArrowDown", "b");
    await press("ArrowUp", "a");
    await press("ArrowRight", "a");
    await soon(async () => expect(await span(page, "a").getAttribute("aria-expanded")).toBe("true"));
    await press("ArrowLeft", "a");
    await press("ArrowLeft", "root");
    const all = await visible(page);
    await press("End", all.at(-1)!);
    await press("Home", "root");
    await press("ArrowDown", "llm");
    await page.keyboard.press("Enter");
    // Which no other span has: the first one's detail may still be there.
    await soon(async () => expect(await detail(page).innerText()).toContain("Let me look."));
    await soon(() => expect(chosen(page)).toBe("llm"));
    expect(await current(page)).toBe("llm");
  });

  test("/ looks for spans, ? shows the keys, and Escape leaves both", async () => {
    const { page } = await open(await agent());
    await page.locator('[data-span-id][tabindex="0"], [data-span-id] [tabindex="0"]').first().focus();
    await page.keyboard.press("/");
    await soon(async () => expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT"));
    await page.keyboard.type("step a2");
    await page.keyboard.press("Enter");
    await soon(async () => expect((await current(page)) ?? chosen(page)).toBe("a2"));
    await page.locator('[data-span-id="root"]').click();
    await page.keyboard.press("?");
    const help = page.getByRole("dialog");
    await help.waitFor();
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "hidden" });
  });
});

describe("a span's detail", () => {
  test("comes when it is chosen, is in the address, and comes again by that", async () => {
    const project = await agent();
    const { page } = await open(project);
    await span(page, "b").click();
    await soon(async () => expect(await detail(page).innerText()).toContain("HTTP 503 from the shop"));
    await soon(() => expect(chosen(page)).toBe("b"));
    const link = page.url();

    const again = await open(project, new URL(link).pathname + new URL(link).search);
    expect(await detail(again.page).innerText()).toContain("HTTP 503 from the shop");
    expect(await span(again.page, "b").getAttribute("aria-selected")).toBe("true");
    expect(await again.page.locator('[aria-selected="true"]').count()).toBe(1);
  });

  test("one that the trace does not have: the trace is shown all the same", async () => {
    const project = await agent();
    const { page } = await open(project, "/traces/t?span=none");
    expect((await visible(page)).length).toBe(7);
    expect(await page.locator("main").innerText()).toMatch(/no span none|not there|not found/i);
    const part = await page.request.get(new URL("/traces/t/spans/none", worker.url).href, { headers: { "hx-request": "true" } });
    expect(part.status()).toBe(404);
  });

  test("a chat is shown as a conversation, with its tools, parameters and usage", async () => {
    const { page } = await open(await agent(), "/traces/t?span=llm");
    const text = (await detail(page).innerText()).replace(/\s+/g, " ");
    for (const part of ["Be brief.", "Where is my order?", "Let me look.", "get_order", "temperature", "0.25", "gpt-4o"])
      expect(text).toContain(part);
    expect(text.toLowerCase()).toMatch(/assistant.*system.*user/);
    // The rest of the completion is not in the way.
    expect(text).not.toContain("finish_reason");
  });

  test("raw is a click away, and byte for byte what was sent", async () => {
    const project = await worker.project();
    const input = '{"b":1.50,"a":[1e3, "\\u00e9"],  "big":12345678901234567890}';
    await project.sendText(
      `{"batch":[{"type":"span-create","body":{"id":"s","traceId":"t","name":"n","type":"LLM","input":${input},"output":"o"}}]}`,
      1,
    );
    await project.traceWith(1, "t");
    const { page } = await open(project, "/traces/t?span=s");
    const [raw] = await Promise.all([
      page.waitForEvent("popup"),
      detail(page).locator("#part-input").getByRole("link", { name: /raw/i }).click(),
    ]);
    await soon(async () => expect(await raw.locator("body").evaluate((one) => one.textContent)).toBe(input));
  });

  test("is copied with a click", async () => {
    const { page } = await open(await agent(), "/traces/t?span=a", { permissions: ["clipboard-read", "clipboard-write"] });
    await detail(page).getByRole("button", { name: /copy/i }).first().waitFor();
    const copied: string[] = [];
    for (const button of await detail(page).getByRole("button", { name: /copy/i }).all()) {
      if (!(await button.isVisible())) continue;
      await page.evaluate(() => navigator.clipboard.writeText(""));
      await button.click();
      copied.push(
        await soon(async () => {
          const text = await page.evaluate(() => navigator.clipboard.readText());
          expect(text).not.toBe("");
          return text;
        }),
      );
    }
    expect(copied).toContain('{"deep":{"down":{"here":[1,2,{"needle":"findme"}]}}}');
  });

  test("JSON is folded and can be searched", async () => {
    const { page } = await open(await agent(), "/traces/t?span=a");
    const region = detail(page);
    expect(await region.locator("details").count()).toBeGreaterThan(0);
    await region.getByRole("searchbox").first().fill("findme");
    await soon(async () => expect(await region.getByText("findme").first().isVisible()).toBe(true));
  });

  test("what is large comes only when it is asked for, whole", async () => {
    const project = await worker.project();
    const output = `begin ${"0123456789".repeat(30_000)} the-very-end`;
    await project.send(traceCreate({ id: "t" }), step("s", undefined, 0, 10, { input: "small", output }));
    await project.traceWith(1, "t");
    const { page } = await open(project, "/traces/t?span=s");
    expect(await detail(page).innerText()).toContain("small");
    expect(await page.content()).not.toContain("the-very-end");
    expect((await page.content()).length).toBeLessThan(200_000);
    await detail(page)
      .getByRole("button", { name: /load|show|all|whole|full/i })
      .or(detail(page).getByRole("link", { name: /load|show|all|whole|full/i }))
      .first()
      .click();
    await soon(async () => expect(await page.content()).toContain("the-very-end"));
  });
});

describe("5,000 spans", () => {
  const SPANS = 5_000;

  /** 50 branches of 99, four levels deep. */
  async function large(): Promise<Project> {
    const project = await worker.project();
    const spans = [step("s0", undefined, 0, 60_000, { type: "AGENT" })];
    for (let branch = 0; spans.length < SPANS; branch++) {
      const from = branch * 1_000;
      const [root, middle] = [`s${spans.length}`, `s${spans.length + 1}`];
      spans.push(step(root, "s0", from, from + 990, { type: "CHAIN" }), step(middle, root, from, from + 980));
      for (let n = 0; n < 98 && spans.length < SPANS; n++)
        spans.push(step(`s${spans.length}`, middle, from + n * 10, from + n * 10 + 8, { type: "LLM", model: "gpt-4o" }));
    }
    for (let sent = 0; sent < SPANS; sent += 1_000) await project.send(...spans.slice(sent, sent + 1_000));
    await soon(async () => expect((await project.rows("trace"))[0]).toMatchObject({ spans: SPANS }));
    return project;
  }

  test("open, are walked through, closed and linked to", async () => {
    const project = await large();
    const who = await open(project);
    const { page } = who;
    expect(await page.locator("[data-span-id]").count()).toBe(SPANS);
    const loaded = await page.evaluate(() => {
      const [timing] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
      return { interactive: timing!.domInteractive, transferred: timing!.transferSize, decoded: timing!.decodedBodySize };
    });
    console.log(`5,000 spans: interactive after ${Math.round(loaded.interactive)} ms, ${Math.round(loaded.decoded / 1024)} KiB of HTML`);

    await page.locator('[data-span-id][tabindex="0"], [data-span-id] [tabindex="0"]').first().focus();
    await page.keyboard.press("End");
    await soon(async () => expect(await current(page)).toBe(`s${SPANS - 1}`));
    await soon(async () =>
      expect(
        await span(page, `s${SPANS - 1}`).evaluate((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }),
        "the last is scrolled to",
      ).toBe(true),
    );
    await page.keyboard.press("ArrowUp");
    await soon(async () => expect(await current(page)).toBe(`s${SPANS - 2}`));
    await page.keyboard.press("Home");
    await soon(async () => expect(await current(page)).toBe("s0"));
    await page.keyboard.press("ArrowLeft");
    await soon(async () => expect(await visible(page)).toEqual(["s0"]));
    await page.keyboard.press("ArrowRight");
    await soon(async () => expect((await visible(page)).length).toBeGreaterThan(1));

    await page.goto("/traces/t?span=s3210");
    await tree(page).waitFor();
    await soon(async () => expect(await detail(page).innerText()).toContain("step s3210"));
    await soon(async () =>
      expect(
        await span(page, "s3210").evaluate((one) => {
          const { top, bottom } = one.getBoundingClientRect();
          return top >= 0 && bottom <= innerHeight;
        }),
        "the one that is linked to is scrolled to",
      ).toBe(true),
    );
  });
});

describe("a trace that is still running", () => {
  test("can be opened before any span has come", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t", name: "just begun" }));
    await project.listWith(1);
    const who = await member(project);
    await who.go("/traces/t");
    expect(await who.page.getByRole("heading", { level: 1 }).innerText()).toContain("just begun");
    expect(await who.page.locator("[data-span-id]").count()).toBe(0);
  });

  test("odd trees: circles, own parents, ids that need escaping, no times", async () => {
    const project = await worker.project();
    await project.send(
      step("a/b?c=1&d#e", undefined, 0, 10),
      step("x", "y", 0, 10),
      step("y", "x", 0, 10),
      step("self", "self", 0, 10),
      spanCreate({ id: "timeless", traceId: "t", startTime: undefined, endTime: undefined }),
      step("backwards", undefined, 10, 0),
    );
    await project.traceWith(6, "t");
    const { page } = await open(project);
    expect(new Set(await visible(page))).toEqual(new Set(["a/b?c=1&d#e", "x", "y", "self", "timeless", "backwards"]));
    await span(page, "a/b?c=1&d#e").click();
    await soon(() => expect(chosen(page)).toBe("a/b?c=1&d#e"));
    await soon(async () => expect(await detail(page).innerText()).toContain("step a/b?c=1&d#e"));
    await page.reload();
    expect(await detail(page).innerText()).toContain("step a/b?c=1&d#e");
  });
});

describe("a session", () => {
  test("has its traces in order, each linked", async () => {
    const project = await worker.project();
    const turn = (n: number) => traceCreate({ id: `turn ${n}`, name: `turn-${n}`, sessionId: "chat/1 é", startTime: at(n * 60_000) });
    await project.send(turn(2), turn(0), turn(1), traceCreate({ id: "other", name: "other", sessionId: "chat/2" }));
    await project.listWith(4);
    const who = await member(project);
    await who.go(`/traces/${encodeURIComponent("turn 1")}`);
    await who.page.getByRole("link", { name: "chat/1 é" }).first().click();
    await who.page.waitForURL(/\/sessions\//);
    const links = await who.page
      .locator("main a[href^='/traces/']")
      .evaluateAll((all) => all.map((one) => decodeURIComponent((one as HTMLAnchorElement).pathname)));
    expect([...new Set(links)]).toEqual(["/traces/turn 0", "/traces/turn 1", "/traces/turn 2"]);
  });

  test("that has none is not found, or empty, and no failure", async () => {
    const who = await member(await worker.project());
    const answer = await who.page.goto("/sessions/none");
    expect([200, 404]).toContain(answer!.status());
  });
});
