// Spans that are not about models: hidden until one asks for them, by mouse, keyboard,
// search and link.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const TRACE = "ab".repeat(16);
const ID = (n: number) => n.toString(16).padStart(16, "0");
const START = BigInt(Date.parse("2026-03-14T10:00:00.000Z")) * 1_000_000n;

const ids = (page: Page, rows: string) =>
  page.locator(rows).evaluateAll((all) => all.map((row) => Number.parseInt((row as HTMLElement).dataset.spanId!, 16)));
const visible = (page: Page) => ids(page, "[data-span-id]:visible");
const others = (page: Page) => page.getByRole("button", { name: /other spans?$/ });

/** A server with an agent in it, whose call of a model is a request; and a query. */
async function shop(): Promise<Project> {
  const project = await worker.project();
  const span = (n: number, parent: number, name: string, attributes: Record<string, string>) => ({
    traceId: TRACE,
    spanId: ID(n),
    parentSpanId: parent ? ID(parent) : "",
    name,
    kind: 3,
    startTimeUnixNano: String(START + BigInt(n) * 1_000_000n),
    endTimeUnixNano: String(START + 90_000_000n),
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } })),
  });
  const spans = [
    span(1, 0, "POST /ask", { "http.route": "/ask" }),
    span(2, 1, "support-agent", { "gen_ai.operation.name": "invoke_agent" }),
    span(3, 2, "chat", { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m" }),
    span(4, 3, "POST api.test", { "http.request.method": "POST" }),
    span(5, 2, "select orders", { "db.system": "sqlite" }),
  ];
  await project.json("POST", "/v1/traces", { resourceSpans: [{ scopeSpans: [{ spans }] }] });
  await project.traceWith(spans.length, TRACE);
  return project;
}

/** Somebody at the page of the trace. */
async function open(project: Project, query = "") {
  const visitor = await member(project);
  await visitor.go(`/traces/${TRACE}${query}`);
  await visitor.page.locator("html[data-ready=trace]").waitFor();
  return visitor.page;
}

describe("spans that are not about models", () => {
  test("come and go with the button and the key, and stay as they were chosen", async () => {
    const page = await open(await shop());
    expect(await visible(page)).toEqual([1, 2, 3]);
    expect(await others(page).textContent()).toBe("2 other spans");
    await others(page).click();
    expect(await visible(page)).toEqual([1, 2, 3, 4, 5]);
    expect(await others(page).getAttribute("aria-pressed")).toBe("true");
    await page.reload();
    await page.locator("html[data-ready=trace]").waitFor();
    expect(await visible(page)).toEqual([1, 2, 3, 4, 5]);
    await page.locator(`[data-span-id="${ID(5)}"]`).click();
    await page.keyboard.press("o");
    expect(await visible(page)).toEqual([1, 2, 3]);
    // Who was at one of them is at another, and the arrows pass them over.
    await page.keyboard.press("End");
    expect(await ids(page, "[data-span-id]:focus")).toEqual([3]);
    await page.keyboard.press("ArrowDown");
    expect(await ids(page, "[data-span-id]:focus")).toEqual([3]);
  });

  test("are shown to who looks for one, or follows a link to one", async () => {
    const project = await shop();
    const page = await open(project);
    await page.getByRole("searchbox", { name: "Search spans" }).fill("select");
    expect(await visible(page)).toContain(5);
    await page.goto(`/traces/${TRACE}?span=${ID(4)}`);
    await page.locator("html[data-ready=trace]").waitFor();
    expect(await visible(page)).toContain(4);
    // Only there: on the next page they are as they were chosen.
    await page.goto(`/traces/${TRACE}`);
    await page.locator("html[data-ready=trace]").waitFor();
    expect(await visible(page)).toEqual([1, 2, 3]);
  });
});
