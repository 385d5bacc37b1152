// What failed: how a trace went as a whole, the steps that failed in it, and the way
// to what made it fail.
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";
import { spanCreate, traceCreate, type Fields } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const START = Date.parse("2026-03-14T10:00:00.000Z");
const at = (ms: number) => new Date(START + ms).toISOString();
const detail = (page: Page) => page.getByRole("region", { name: "Span", exact: true });
const chosen = (page: Page) => page.locator("[data-span-id][aria-selected]").getAttribute("data-span-id");

const step = (traceId: string, id: string, parentSpanId: string | undefined, from: number, body: Fields = {}) =>
  spanCreate({ id, traceId, parentSpanId, name: id, startTime: at(from), endTime: at(from + 50), ...body });
const failed = (errorMessage: string) => ({ status: "ERROR", errorMessage });

test("a failure leads to its cause, and who came through one has not failed", async () => {
  const project = await worker.project();
  await project.send(
    traceCreate({ id: "bad", name: "bad", startTime: at(0) }),
    step("bad", "b-root", undefined, 0, failed("the step failed")),
    step("bad", "b-fine", "b-root", 1),
    step("bad", "b-step", "b-root", 2, failed("the tool failed")),
    step("bad", "b-tool", "b-step", 3, failed("HTTP 503 from the shop")),
    step("bad", "b-late", "b-root", 9, failed("no time left")),
    traceCreate({ id: "through", name: "through", startTime: at(0) }),
    step("through", "t-root", undefined, 0),
    step("through", "t-try", "t-root", 1, failed("busy")),
    step("through", "t-again", "t-root", 2),
  );
  await project.traceWith(5, "bad");
  await project.traceWith(3, "through");
  const who = await member(project);
  const { page } = who;

  // The list: one word for the whole, and what failed beside it.
  await who.go("/traces?range=all");
  const row = (id: string) => page.locator(`tr[data-trace-id="${id}"]`);
  expect(await row("bad").innerText()).toMatch(/Error\s+2 failed steps/);
  expect(await row("through").innerText()).toMatch(/OK\s+1 failed step\b/);
  await who.go("/traces?range=all&status=error");
  expect(await page.locator("tr[data-trace-id]").count()).toBe(1);

  // One that failed opens on what it failed of; the others are passed on.
  await who.go("/traces/bad");
  await soon(async () => expect(await detail(page).innerText()).toContain("HTTP 503 from the shop"));
  expect(await chosen(page)).toBe("b-tool");
  expect(await page.locator(".summary .errors").innerText()).toMatch(/2 failed steps\s*b-tool\s*b-late/);
  expect(await page.locator('[data-span-id="b-root"]').innerText()).toContain("passed on");

  // E goes from cause to cause.
  for (const next of ["b-late", "b-tool", "b-late"]) {
    await page.keyboard.press("e");
    expect(await chosen(page)).toBe(next);
  }

  await who.go("/traces/through");
  await soon(async () => expect(await detail(page).innerText()).toContain("t-root"));
  expect(await chosen(page)).toBe("t-root");
  await page.keyboard.press("e");
  await soon(async () => expect(await detail(page).innerText()).toContain("busy"));
});
