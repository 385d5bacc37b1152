// The search box: what is typed becomes chips, and chips go.
import { expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";
import { spanCreate } from "../../support/events.ts";
import { ago, shown } from "./list-page.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

test("what is typed into the box is found, and is chips that can be removed", async () => {
  const project = await worker.project();
  const one = (id: string, model: string, input: string) =>
    spanCreate({ traceId: id, name: id, type: "LLM", model, input, startTime: ago(60), endTime: ago(59) });
  await project.send(one("a", "gpt", "a refund for you"), one("b", "opus", "your refund"), one("c", "gpt", "nothing"));
  await project.listWith(3);
  const { page } = await (async () => {
    const who = await member(project);
    await who.go("/traces");
    return who;
  })();
  await page.keyboard.press("/");
  await soon(async () => expect(await page.locator("#offered").innerText()).toContain("gpt 2"));
  await page.keyboard.type("model:gpt refund");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/traces?model=gpt&q=refund");
  expect(await shown(page)).toEqual(["a"]);
  const chips = page.getByRole("list", { name: "What is asked for" }).getByRole("link");
  expect(await chips.allInnerTexts()).toEqual([expect.stringContaining("model: gpt"), expect.stringContaining("refund")]);
  await chips.first().click();
  await page.waitForURL("**/traces?q=refund");
  expect((await shown(page)).sort()).toEqual(["a", "b"]);
  await page.locator("#find").fill("c");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/traces/c");
});
