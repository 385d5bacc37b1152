// The list's charts, and its pages while traces arrive.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { soon, test, useBrowser, type Visitor } from "../../support/browser.ts";
import { type Project, useWorker } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { ago, fresh, past, row, shown } from "./list-page.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

async function listOf(project: Project, path = "/traces"): Promise<Visitor> {
  const who = await member(project);
  await who.go(path);
  return who;
}

describe("the chart", () => {
  const says = (page: Page, panel: string) => page.getByRole("img", { name: new RegExp(`^${panel}`) }).getAttribute("aria-label");

  test("adds up what the filter lets through, and a bar leads to what is in it", async () => {
    const project = await worker.project();
    const one = (id: string, minutes: number, lasts: number, status: string, cost: number) => [
      traceCreate({ id, name: id, startTime: ago(minutes * 60) }),
      spanCreate({
        traceId: id,
        startTime: ago(minutes * 60),
        endTime: new Date(Date.parse(ago(minutes * 60)) + lasts).toISOString(),
        status,
        cost,
        usage: { totalTokens: 100 },
      }),
    ];
    await project.send(...one("a1", 10, 1_000, "OK", 0.25), ...one("a2", 10, 2_000, "ERROR", 0.25), ...one("b1", 300, 4_000, "OK", 1));
    await project.listWith(3);
    const { page } = await listOf(project);
    await soon(async () => expect(await says(page, "Traces")).toContain("3 traces, 1 with errors"));
    expect(await says(page, "Tokens")).toContain("300");
    expect(await says(page, "Cost")).toContain("$1.50");
    // The bars' places take the pointer; each says exactly what it stands for.
    const hit = page
      .getByRole("img", { name: /^Traces/ })
      .locator("rect.hit")
      .filter({ hasText: "2 traces, 1 with errors" });
    await hit.click();
    await page.waitForURL(/from=/);
    expect((await shown(page)).sort()).toEqual(["a1", "a2"]);
    await page.goto("/traces?name=b1");
    await soon(async () => expect(await says(page, "Traces")).toContain("1 trace, 0 with errors"));
  });
});

describe("pages", () => {
  test("while traces arrive none is skipped and none shown twice", async () => {
    const project = await worker.project();
    const count = 130;
    await project.send(...past(count));
    await soon(async () => expect((await project.rows("trace")).length).toBe(count));
    const { page } = await listOf(project);
    const seen: string[] = [];
    for (let turn = 0; ; turn++) {
      // The page that was left goes on showing its rows until the next one is there.
      await soon(async () => {
        const ids = await shown(page);
        expect(ids.length).toBeGreaterThan(0);
        expect(ids.filter((id) => seen.includes(id))).toEqual([]);
      });
      // Newer than all, and as new as the last that is shown.
      const last = (await row(page, (await shown(page)).at(-1)!)
        .locator("time")
        .first()
        .getAttribute("datetime"))!;
      await project.send(fresh(`fresh-${turn}`), traceCreate({ id: `between-${turn}`, name: "b", startTime: last }));
      await soon(async () => expect((await project.rows("trace")).length).toBe(count + 2 * (turn + 1)));
      // The newest page takes in what arrives, and its link follows it: what is
      // shown and the click are one step, with no update between them.
      const { ids, more } = await page.evaluate(() => {
        const ids = [...document.querySelectorAll<HTMLElement>("tr[data-trace-id]")].map((one) => one.dataset.traceId!);
        const older = [...document.querySelectorAll("a")].find((one) => /older/i.test(one.innerText));
        older?.click();
        return { ids, more: older !== undefined };
      });
      seen.push(...ids);
      if (!more) break;
      expect(turn).toBeLessThan(20);
    }
    expect(new Set(seen).size).toBe(seen.length);
    const first = seen.filter((id) => id.startsWith("t"));
    expect(first).toEqual(Array.from({ length: count }, (_, n) => `t${n}`));
    await page
      .getByRole("link", { name: /newest/i })
      .first()
      .click();
    await soon(async () => expect((await shown(page))[0]).toMatch(/^fresh-/));
  });

  test("a later page stays as it is while traces arrive", async () => {
    const project = await worker.project();
    await project.send(...past(120));
    await soon(async () => expect((await project.rows("trace")).length).toBe(120));
    const { page } = await listOf(project);
    await page.getByRole("link", { name: /older/i }).click();
    const poll = page.waitForResponse(
      (response) =>
        response.request().headers()["hx-request"] === "true" &&
        new URL(response.url()).pathname === "/traces" &&
        new URL(page.url()).searchParams.has("before"),
    );
    await page.waitForURL(/before=/);
    await soon(async () => expect((await shown(page))[0]).not.toBe("t0"));
    const before = await shown(page);
    // What is new is known from the first look at the newest page on.
    await poll;
    await project.send(fresh("n1"), fresh("n2"), fresh("n3"));
    await page.getByText(/3 new/).first().waitFor();
    expect(await shown(page)).toEqual(before);
  });
});
