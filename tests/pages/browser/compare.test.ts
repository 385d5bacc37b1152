// What failed, a good run beside a bad one, and a link for somebody without a key, in a browser.
import { describe, expect } from "vitest";
import { expectUsable, test, useBrowser } from "../../support/browser.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member, visitor } = useBrowser(worker);

/** A run that went well, and one that took another way and failed. */
async function project(): Promise<Project> {
  const made = await worker.project();
  const startTime = new Date().toISOString();
  const step = (traceId: string, id: string, more: object) =>
    spanCreate({ traceId, id: `${traceId}-${id}`, name: id, type: "TOOL", startTime, endTime: startTime, ...more });
  const run = (id: string, output: string, more: object) => [
    traceCreate({ id, name: "answer", startTime }),
    step(id, "agent", { type: "AGENT", ...more }),
    step(id, "look", { parentSpanId: `${id}-agent`, output }),
  ];
  await made.send(
    ...run("good", "the parcel is in Graz", {}),
    ...run("bad", "the parcel is in Linz", { status: "ERROR", errorMessage: "no answer after 30 s" }),
    step("bad", "apologize", { parentSpanId: "bad-agent" }),
  );
  await made.listWith(2);
  return made;
}

test("from what failed to how it differs from what went well", async () => {
  const { page } = await member(await project());
  await page.goto("/errors");
  await page.getByRole("link", { name: "no answer after # s" }).click();
  await page.locator("a.name").click();
  await page.getByRole("link", { name: "Compare", exact: true }).click();
  await page.getByRole("link", { name: "good" }).click();
  const rows = page.getByRole("region", { name: "Steps" }).locator("tbody tr");
  expect(await rows.count()).toBe(3);
  expect(await rows.filter({ hasText: "apologize" }).innerText()).toMatch(/apologize\s+A only/);
  await page.getByRole("link", { name: "Compare the texts of look" }).click();
  await page.locator("#texts ins").first().waitFor();
  expect((await page.locator("#texts ins").allInnerTexts()).join("")).toContain("Graz");
  expect((await page.locator("#texts del").allInnerTexts()).join("")).toContain("Linz");
});

test("a link shows its trace to somebody without a key, until it is taken back", async () => {
  const { page } = await member(await project());
  await page.goto("/traces/good");
  await page.locator("details.share summary").click();
  await page.getByRole("button", { name: "Make a link" }).click();
  const link = await page.locator(".share .made code").innerText();
  const guest = await visitor();
  await guest.page.goto(link);
  await guest.page.locator("h1", { hasText: "answer" }).waitFor();
  expect(await guest.page.locator("nav, form[method=post]").count()).toBe(0);
  await guest.page.locator("[data-span-id='good-look']").click();
  await guest.page.getByText("the parcel is in Graz").first().waitFor();
  await page.goto("/settings");
  await page.getByRole("button", { name: "Take back the link to good" }).click();
  await page.getByText("“Share” on the page of a trace makes one.").waitFor();
  await guest.page.reload();
  await guest.page.getByRole("heading", { name: "Sign in" }).waitFor();
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  test.each([320, 390, 1280])("the pages have nothing that axe finds and fit a window of %i px", async (width) => {
    const { page } = await member(await project(), { colorScheme, viewport: { width, height: 800 } });
    for (const path of ["/errors", "/errors?to=2020-01-01", "/compare?a=good", "/compare?a=good&b=bad&spanA=good-look&spanB=bad-look"]) {
      await page.goto(path);
      await page.locator("h1").waitFor();
      await expectUsable(page, path);
    }
  });
});
