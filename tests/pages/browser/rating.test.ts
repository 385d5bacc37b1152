// Rating by hand: thumbs and a note on a trace and on a span, with the keyboard, without
// scripts, while the page is asked for again, and as others see it.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { audit, sideways, soon, test, useBrowser } from "../../support/browser.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

async function project(): Promise<Project> {
  const made = await worker.project();
  await made.send(traceCreate({ id: "t", name: "answer" }), spanCreate({ id: "s", traceId: "t", type: "LLM", name: "ask", output: "No." }));
  await made.traceWith(1, "t");
  return made;
}

const scores = async (of: Project) => (await of.get("/api/v1/scores?source=human")).json.data.scores as Record<string, any>[];
const rating = (page: Page, of = "trace") => page.getByRole("form", { name: `Rate the ${of}` });
const button = (page: Page, name: string, of?: string) => rating(page, of).getByRole("button", { name, exact: true });
const summary = (page: Page) => page.locator("header.summary");

test("a thumb is among the scores without a new page, another replaces it, and it can be taken back", async () => {
  const of = await project();
  const { page } = await member(of);
  await page.goto("/traces/t");
  await page.locator("#span h2").waitFor();
  await page.evaluate(() => Object.assign(window, { stays: true }));
  await button(page, "Good").click();
  await soon(async () => expect(await button(page, "Good").getAttribute("aria-pressed")).toBe("true"));
  await summary(page).getByText("1 score").waitFor();
  expect(await summary(page).locator(".scores").innerText()).toMatch(/human\s+good\s+human/);
  await button(page, "Bad").click();
  await soon(async () => expect(await summary(page).locator(".scores").innerText()).toMatch(/human\s+bad/));
  expect(await button(page, "Good").getAttribute("aria-pressed")).toBe("false");
  expect(await scores(of)).toMatchObject([{ traceId: "t", spanId: null, value: 0, label: "bad", evaluatorName: "human" }]);
  await rating(page).locator("summary").click();
  await button(page, "Take back").click();
  await soon(async () => expect(await summary(page).innerText()).not.toContain("score"));
  expect(await page.evaluate(() => (window as any).stays), "the page was not loaded again").toBe(true);
  expect(await scores(of)).toEqual([]);
});

test("a note is written with the keyboard, and stays while more of the trace comes", async () => {
  const of = await project();
  const { page } = await member(of);
  await page.goto("/traces/t?span=s");
  await page.locator("#span h2").waitFor();
  await page.keyboard.press("Shift+S");
  await page.keyboard.type("Too short,");
  await of.send(spanCreate({ id: "s2", traceId: "t", name: "another" }));
  await page.getByRole("treegrid").getByText("another").waitFor();
  await page.keyboard.type(" and wrong.");
  await page.keyboard.press("Control+Enter");
  const scoresOfSpan = page.locator("#span .scores");
  await scoresOfSpan.getByText("Too short, and wrong.").waitFor();
  expect(await scores(of)).toMatchObject([{ spanId: "s", value: null, reasoning: "Too short, and wrong." }]);
  // The same on the trace; Esc folds it away, and nothing is lost or sent.
  await page.keyboard.press("s");
  await page.keyboard.type("Hm");
  await of.send(traceCreate({ id: "t", name: "renamed" }, { timestamp: "2026-03-14T11:00:00.000Z" }));
  await summary(page).getByText("renamed").waitFor();
  await page.keyboard.type("m");
  await page.keyboard.press("Escape");
  const note = rating(page).locator("textarea");
  expect(await note.isVisible()).toBe(false);
  expect(await note.inputValue()).toBe("Hmm");
  expect(await scores(of)).toHaveLength(1);
});

test("two who look see what the other says", async () => {
  const of = await project();
  const [one, two] = [await member(of), await member({ key: await of.newKey() })];
  for (const { page } of [one, two]) {
    await page.goto("/traces/t");
    await page.locator("#span h2").waitFor();
  }
  await button(one.page, "Good").click();
  await summary(two.page).getByText("good").waitFor();
  expect(await button(two.page, "Good").getAttribute("aria-pressed")).toBe("false");
  await button(one.page, "Bad").click();
  await summary(two.page).getByText("bad").waitFor();
  await button(two.page, "Good").click();
  await summary(one.page).getByText("2 scores, 0.5 on average").waitFor();
});

test("without scripts the same form does it, and a page of another origin cannot", async () => {
  const of = await project();
  const { page } = await member(of, { javaScriptEnabled: false });
  await page.goto("/traces/t?span=s");
  await rating(page, "span").locator("summary").click();
  await rating(page, "span").getByRole("textbox").fill("It is wrong.");
  await button(page, "Bad", "span").click();
  await page.waitForURL(/\/traces\/t\?span=s$/);
  expect(await page.locator("#span .scores").innerText()).toMatch(/human\s+bad[\s\S]*It is wrong\./);
  expect(await scores(of)).toMatchObject([{ spanId: "s", value: 0, reasoning: "It is wrong." }]);
  const answer = await page.context().request.post("/traces/t/rating", {
    form: { value: "good" },
    headers: { origin: "https://evil.test", "sec-fetch-site": "cross-site" },
    maxRedirects: 0,
  });
  expect(answer.status()).toBe(403);
  expect(await scores(of)).toHaveLength(1);
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  test.each([320, 390, 1280])("an open note has nothing that axe finds and fits a window of %i px", async (width) => {
    const { page } = await member(await project(), { colorScheme, viewport: { width, height: 800 } });
    await page.goto("/traces/t?span=s");
    await page.locator("#span h2").waitFor();
    for (const of of ["trace", "span"]) {
      await button(page, "Bad", of).click();
      await soon(async () => expect(await button(page, "Bad", of).getAttribute("aria-pressed")).toBe("true"));
    }
    for (const of of ["trace", "span"]) {
      await rating(page, of).locator("summary").click();
      const box = (await rating(page, of).getByRole("textbox").boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(width);
      expect(await audit(page)).toEqual([]);
    }
    expect(await sideways(page)).toBe(0);
  });
});
