// Following a trace while it runs: the newest step is chosen as it comes, until somebody
// scrolls or chooses one.
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { type Project, useWorker } from "../../support/worker.ts";
import { spanCreate } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const chosen = (page: Page) =>
  page.evaluate(() => (document.querySelector("[data-span-id][aria-selected]") as HTMLElement | null)?.dataset.spanId);
const follows = (page: Page) => page.getByRole("button", { name: "Follow" }).getAttribute("aria-pressed");
const choosing = (page: Page, id: string) => soon(async () => expect(await chosen(page)).toBe(id));

/** A step that began so long ago; one that has an end, if it is not to run. */
const step = (id: string, seconds: number, endTime?: string) =>
  spanCreate({ id, traceId: "t", parentSpanId: "agent", name: id, type: "TOOL", startTime: ago(seconds), endTime }, { timestamp: ago(0) });

/** An agent that runs, with more steps than a screen has rows. */
async function running(): Promise<Project> {
  const project = await worker.project();
  const done = Array.from({ length: 60 }, (_, n) => step(`done-${n}`, 300 - n, ago(299 - n)));
  await project.send(
    spanCreate({ id: "agent", traceId: "t", name: "agent", type: "AGENT", startTime: ago(301), endTime: undefined }, { timestamp: ago(0) }),
    ...done,
  );
  await project.traceWith(61, "t");
  return project;
}

test("the newest step is chosen as it comes, in sight, until one scrolls or chooses a step", async () => {
  const project = await running();
  const who = await member(project);
  const { page } = who;
  await who.go("/traces/t");
  await page.locator("[data-ready=trace]").waitFor();
  expect(await follows(page)).toBe("false");
  await page.keyboard.press("f");
  expect(await follows(page)).toBe("true");
  await choosing(page, "agent");
  for (const [id, seconds] of [
    ["first", 20],
    ["second", 10],
  ] as const) {
    await project.send(step(id, seconds));
    await choosing(page, id);
    const box = await page.locator(`[data-span-id="${id}"]`).boundingBox();
    const tree = await page.getByRole("treegrid", { name: "Spans" }).boundingBox();
    expect(box!.y).toBeGreaterThanOrEqual(tree!.y);
    expect(box!.y + box!.height).toBeLessThanOrEqual(tree!.y + tree!.height);
    expect(await follows(page)).toBe("true");
  }
  // Its end leads back to the newest that still runs.
  await project.send(step("second", 10, ago(0)));
  await choosing(page, "first");

  await page.locator('[data-span-id="first"]').hover();
  await page.mouse.wheel(0, -400);
  await soon(async () => expect(await follows(page)).toBe("false"));
  await project.send(step("third", 5));
  await page.locator('[data-span-id="third"]').waitFor({ state: "attached" });
  expect(await chosen(page)).toBe("first");

  await page.getByRole("button", { name: "Follow" }).click();
  await choosing(page, "third");
  await page.locator('[data-span-id="first"]').click();
  expect(await follows(page)).toBe("false");
  await project.send(step("fourth", 2));
  await page.locator('[data-span-id="fourth"]').waitFor({ state: "attached" });
  expect(await chosen(page)).toBe("first");
});

test("a trace that runs is asked about more than once a second, and cannot be followed once it has ended", async () => {
  const project = await running();
  const who = await member(project);
  const { page } = who;
  await who.page.clock.install();
  await who.go("/traces/t");
  await page.locator("[data-ready=trace]").waitFor();
  const asked = () => who.requested.filter((path) => path.startsWith("/traces/t?span=") || path === "/traces/t").length;
  const before = asked();
  await page.clock.runFor(990);
  await soon(() => expect(asked()).toBeGreaterThan(before));
  await page.keyboard.press("f");
  expect(await follows(page)).toBe("true");
  await page.clock.resume();
  await project.send(
    spanCreate(
      { id: "agent", traceId: "t", name: "agent", type: "AGENT", startTime: ago(301), endTime: ago(0) },
      { timestamp: new Date(Date.now() + 1_000).toISOString() },
    ),
  );
  await soon(async () => expect(await page.getByRole("button", { name: "Follow" }).count()).toBe(0));
});
