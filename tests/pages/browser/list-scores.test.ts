// Scores in the list and over time, as the built Worker answers: its database is not the one
// that the other tests of them run on.
import { describe, expect } from "vitest";
import { expectUsable, soon, test, useBrowser } from "../../support/browser.ts";
import { traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const NAMES = ["a", "b", "c"];

async function project(): Promise<Project> {
  const made = await worker.project();
  const startTime = new Date().toISOString();
  const trace = (id: string) => traceCreate({ id, name: `trace ${id}`, startTime, metadata: { tenant: id }, tags: [id] });
  await made.send(...NAMES.map(trace));
  await made.listWith(3);
  const score = (traceId: string, name: string, value: number) => ({ traceId, name, value });
  const answer = await made.json("POST", "/api/v1/scores", [
    score("a", "helpful", 0.25),
    score("a", "grounded", 1),
    score("b", "helpful", 0.75),
  ]);
  expect(answer.status, answer.text).toBe(201);
  await soon(async () => expect((await made.get("/api/v1/scores")).json.data.scores).toHaveLength(3));
  return made;
}

test("the list has a column of scores, and its filter and the charts agree", async () => {
  const of = await project();
  const { page } = await member(of);
  await page.goto("/traces");
  const cells = page.locator("td.c-score");
  expect((await cells.allInnerTexts()).sort()).toEqual(["", "0.63", "0.75"]);
  expect(await cells.getByText("0.63").getAttribute("title")).toBe("grounded 1\nhelpful 0.25");
  await page.getByLabel("Score").fill("helpful < 0.5");
  await page.getByLabel("Score").press("Enter");
  await page.waitForURL(/score=helpful/);
  expect(await page.locator("a.name").allInnerTexts()).toEqual(["trace a"]);
  await page.getByRole("img", { name: /^Traces per .*: 1 trace,/ }).waitFor();
  expect((await of.list({ evaluator: "helpful", maxScore: "0.5" })).traces.map(({ id }) => id)).toEqual(["a"]);
  expect((await of.list({ "metadata.tenant": "b" })).traces.map(({ id }) => id)).toEqual(["b"]);
  expect((await of.list({ notTags: "a,b" })).traces.map(({ id }) => id)).toEqual(["c"]);
});

test("what is asked for less often is a click away, and stays in sight while it is", async () => {
  const { page } = await member(await project());
  await page.goto("/traces");
  await page.getByText("More", { exact: true }).click();
  await page.getByLabel("Metadata").fill("tenant = b");
  await page.getByLabel("Metadata").press("Enter");
  await page.waitForURL(/metadata=/);
  expect(await page.locator("a.name").allInnerTexts()).toEqual(["trace b"]);
  expect(await page.getByLabel("Metadata").inputValue()).toBe("tenant = b");
  await page.getByRole("img", { name: /^Traces per .*: 1 trace,/ }).waitFor();
  await page.goto("/traces?tag=-a&tag=-b");
  expect(await page.locator("a.name").allInnerTexts()).toEqual(["trace c"]);
});

test("j and k go from row to row, and Enter opens the trace", async () => {
  const { page } = await member(await project());
  await page.goto("/traces");
  const names = await page.locator("a.name").allInnerTexts();
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  const went = [];
  for (const key of ["j", "j", "j", "j", "k"]) {
    await page.keyboard.press(key);
    went.push(await focused());
  }
  expect(went).toEqual([names[0], names[1], names[2], names[2], names[1]]);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/traces/${names[1]!.slice(-1)}$`));
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  test.each([320, 390, 1280])("the pages have nothing that axe finds and fit a window of %i px", async (width) => {
    const { page } = await member(await project(), { colorScheme, viewport: { width, height: 800 } });
    for (const path of ["/scores", "/scores?range=2y", "/scores?to=2020-01-01", "/traces?score=helpful&max_cost=1"]) {
      await page.goto(path);
      await page.locator("h1").waitFor();
      await expectUsable(page, path);
    }
  });
});

test("the page of scores leads to the traces that fail", async () => {
  const { page } = await member(await project());
  await page.goto("/traces");
  await page.getByRole("link", { name: "Scores" }).click();
  const row = page.getByRole("row", { name: /helpful/ });
  expect(await row.innerText()).toMatch(/helpful\s+2\s+0\.5\s+50 %/);
  await row.getByRole("link", { name: "failing" }).click();
  await page.waitForURL(/score=helpful%3C0\.5/);
  expect(await page.locator("a.name").allInnerTexts()).toEqual(["trace a"]);
});
