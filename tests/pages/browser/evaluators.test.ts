// The page of evaluators: one is tried on a trace, saved, judges what comes, is changed,
// switched off and deleted; and what somebody sees who may change nothing.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { expectUsable, soon, test, useBrowser } from "../../support/browser.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const ended = { startTime: "2026-03-14T10:00:00Z", endTime: "2026-03-14T10:00:01Z" };
const send = (of: Project, id: string) =>
  of.send(
    traceCreate({ id, name: "answer" }),
    spanCreate({ id: `${id}-s`, traceId: id, type: "AGENT", name: "run", output: "Yes, please.", ...ended }),
  );

async function project(): Promise<Project> {
  const made = await worker.project("strict", "ingest,read,admin");
  await send(made, "t");
  await made.traceWith(1, "t");
  return made;
}

const open = (page: Page) => page.goto("/evaluators");
const table = (page: Page) => page.getByRole("table", { name: "Evaluators" });

test("an evaluator is tried, saved, judges what comes, and is switched off and deleted", async () => {
  const of = await project();
  const { page } = await member(of);
  await page.goto("/traces");
  await page.getByRole("link", { name: "Evaluators" }).click();
  await page.getByText("No evaluators yet").waitFor();
  await page.getByLabel("Name").fill("polite");
  await page.getByLabel("Configuration").fill('{"value": "refund"}');
  await page.getByLabel("Try it on").fill("t");
  await page.getByRole("button", { name: "Try", exact: true }).click();
  await page.getByRole("status").getByText("not saved").waitFor();
  expect(await page.getByRole("status").innerText()).toMatch(/0\s*fail.*refund/s);
  // What was typed is still there.
  expect(await page.getByLabel("Name").inputValue()).toBe("polite");
  await page.getByLabel("Configuration").fill('{"value": "please"}');
  await page.getByRole("button", { name: "Create" }).click();
  await table(page).getByText("polite").waitFor();
  expect(await table(page).innerText()).toMatch(/CONTAINS\s+traces\s+on every trace/);

  await send(of, "u");
  await soon(async () => expect((await of.trace("u")).json.data.scores).toMatchObject([{ evaluatorName: "polite", value: 1 }]));
  await page.goto("/traces/u");
  await page.locator("header.summary").getByText("polite").waitFor();

  await open(page);
  await page.getByRole("link", { name: "Edit polite" }).click();
  expect(await page.getByLabel("Configuration").inputValue()).toBe('{"value": "please"}');
  await page.getByLabel("Judges").selectOption("span");
  await page.getByRole("button", { name: "Save" }).click();
  await table(page).getByText("v2").waitFor();
  await page.getByRole("button", { name: "Switch off polite" }).click();
  await table(page).getByText("off", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Switch on polite" }).click();
  await table(page).getByText("on every trace").waitFor();
  await page.locator("summary", { hasText: "Delete" }).click();
  await page.getByRole("button", { name: "Delete it; its scores stay" }).click();
  await page.getByText("No evaluators yet").waitFor();
  expect((await of.trace("u")).json.data.scores).toHaveLength(1);
});

test("what is wrong is said where it was typed, and nothing is lost", async () => {
  const { page } = await member(await project());
  await open(page);
  await page.getByLabel("Name").fill("odd");
  await page.getByLabel("Type").selectOption("REGEX_MATCH");
  await page.getByLabel("Configuration").fill('{"pattern": "(?=a)"}');
  await page.getByRole("button", { name: "Create" }).click();
  expect(await page.getByRole("alert").innerText()).toContain("config.pattern");
  expect(await page.getByLabel("Configuration").inputValue()).toBe('{"pattern": "(?=a)"}');
  await page.getByLabel("Configuration").fill("{");
  await page.getByRole("button", { name: "Create" }).click();
  expect(await page.getByRole("alert").innerText()).toContain("config: expected a JSON object");
  await page.getByText("No evaluators yet").waitFor();
});

test("a key that may only look sees them and changes nothing", async () => {
  const of = await project();
  const made = await of.json("POST", "/api/v1/evaluators", { name: "<b>bold</b>", type: "LENGTH", config: { max: 5 } });
  expect(made.status, made.text).toBe(201);
  of.key = await of.newKey();
  const { page } = await member(of);
  await open(page);
  await table(page).getByText("<b>bold</b>").waitFor();
  expect(await page.getByRole("button", { name: /Create|Switch/ }).count()).toBe(0);
  const refused = await page.evaluate(async () => (await fetch("/evaluators", { method: "POST", body: "action=delete&id=x" })).status);
  expect(refused).toBe(403);
});

describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
  test.each([390, 1280])("it can be used by all at a width of %i", async (width) => {
    const of = await project();
    const evaluator = { name: "a name that is rather long for a table", type: "LATENCY", config: { max_ms: 5 }, sampleRate: 0.25 };
    await of.json("POST", "/api/v1/evaluators", evaluator);
    const { page } = await member(of, { colorScheme, viewport: { width, height: 800 } });
    await open(page);
    await table(page).getByText("on 25 % of traces").waitFor();
    await expectUsable(page);
  });
});
