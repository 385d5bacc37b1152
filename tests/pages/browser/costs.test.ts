// Costs by model and tag in a browser, read before anything is added up by hour: what the cron
// adds up is in tests/pipeline/rollup.rs.
import { describe, expect } from "vitest";
import { expectUsable, soon, test, useBrowser } from "../../support/browser.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

async function project(): Promise<Project> {
  const made = await worker.project();
  const startTime = new Date().toISOString();
  const call = (traceId: string, model: string, cost: number) => [
    traceCreate({ id: traceId, name: `trace ${traceId}`, startTime, tags: [traceId, "a tag that is rather long, as some are"] }),
    spanCreate({
      traceId,
      id: traceId,
      name: "chat",
      type: "LLM",
      startTime,
      endTime: startTime,
      model,
      cost,
      usage: { promptTokens: 9, completionTokens: 1 },
    }),
  ];
  await made.send(...call("a", "large", 0.5), ...call("b", "small", 0.25), ...call("c", "small", 0.125));
  await made.listWith(3);
  return made;
}

test("from the list to what each model costs, and to the traces of one", async () => {
  const { page } = await member(await project());
  await page.goto("/traces");
  await page.getByRole("link", { name: "Costs" }).click();
  const rows = page.getByRole("table", { name: "Costs by model" }).locator("tbody tr");
  expect(await rows.first().innerText()).toMatch(/^large\s+1\s+9\s+1\s+0\s+\$0\.50/);
  expect(await rows.count()).toBe(2);
  await page.locator("select[name=by]").selectOption("tag");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.getByRole("table", { name: "Costs by tag" }).waitFor();
  await page.getByRole("link", { name: "c", exact: true }).click();
  await soon(async () => expect(await page.locator("a.name").allInnerTexts()).toEqual(["trace c"]));
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  test.each([320, 390, 1280])("the page has nothing that axe finds and fits a window of %i px", async (width) => {
    const { page } = await member(await project(), { colorScheme, viewport: { width, height: 800 } });
    for (const path of ["/costs", "/costs?by=tag", "/costs?range=2y", "/costs?to=2020-01-01"]) {
      await page.goto(path);
      await page.locator("h1").waitFor();
      await expectUsable(page, path);
    }
  });
});
