// The way of somebody who has just started it: in with the local key, on a page
// that says how to send a trace, to that trace.
import { execFileSync } from "node:child_process";
import { describe, expect } from "vitest";
import { audit, soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";

const LOCAL_KEY = "ts_local_development";

describe("locally", () => {
  const worker = useWorker({ vars: { EDGESPAN_LOCAL: "1" } });
  const { visitor } = useBrowser(worker);

  test("Enter signs in with the local key; the copied command makes a trace with all that a row shows", async () => {
    const project = await worker.project();
    project.key = await project.newKey({ key: LOCAL_KEY });
    const who = await visitor({ permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = who;
    await who.go("/");
    const button = page.getByRole("button", { name: "Use the local key" });
    await button.waitFor();
    expect(await page.locator("main").getByRole("button").first().innerText()).toBe("Use the local key");
    expect(await page.getByLabel("API key").isVisible()).toBe(true);
    expect(await audit(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/traces$/);

    await page.getByRole("heading", { name: "Send the first trace" }).waitFor();
    await page.getByRole("button", { name: "Copy" }).first().click();
    const command = await soon(async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).not.toBe("");
      return text;
    });
    execFileSync("bash", ["-c", command], { stdio: "pipe" });
    const row = page.locator("tr[data-trace-id]");
    await row.waitFor();
    const text = await row.innerText();
    for (const shown of ["support-agent", "OK", /900\s*ms/, "200", "Where is my order?", "On its way."]) expect(text).toMatch(shown);
  });
});

describe("deployed", () => {
  const worker = useWorker();
  const { visitor } = useBrowser(worker);

  test("there is no local key, and the hint makes a key in the deployed database", async () => {
    const who = await visitor();
    await who.go("/sign-in");
    expect(await who.page.getByRole("button", { name: "Use the local key" }).count()).toBe(0);
    expect(await who.page.locator("main").innerText()).toContain("npm run keys -- create --project shop --remote");
    expect(await who.page.getByLabel("API key").evaluate((input) => input === document.activeElement)).toBe(true);
  });
});
