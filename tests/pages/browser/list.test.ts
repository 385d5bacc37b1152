// The list: what a row says, that it is live without taking anything away from
// whoever reads it, and the filters. Its pages and charts are in list-pages.
import { execFile } from "node:child_process";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { soon, test, useBrowser, type Visitor } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { ago, fresh, past, row, shown } from "./list-page.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

/** Marks the page, so that it can be seen that it is still the same one. */
const mark = (page: Page) => page.evaluate(() => void Object.assign(globalThis, { marked: true }));
const marked = (page: Page) => page.evaluate(() => (globalThis as any).marked === true);

async function listOf(project: Project, path = "/traces"): Promise<Visitor> {
  const who = await member(project);
  await who.go(path);
  return who;
}

describe("a row", () => {
  test("says name, status, start, duration, spans, tokens, cost, tags, input and output", async () => {
    const project = await worker.project();
    const startTime = ago(100);
    const endTime = new Date(Date.parse(startTime) + 1_500).toISOString();
    await project.send(
      traceCreate({ id: "t", name: "support-agent", startTime, tags: ["production", "v2.1"] }),
      spanCreate({
        id: "s",
        traceId: "t",
        type: "LLM",
        startTime,
        endTime,
        status: "ERROR",
        errorMessage: "broke",
        model: "m",
        input: { question: "where?" },
        output: "over there",
        usage: { promptTokens: 12_000, completionTokens: 345, totalTokens: 12_345 },
        cost: 0.0123,
      }),
    );
    await project.traceWith(1, "t");
    const { page } = await listOf(project);
    const table = page.getByRole("table", { name: "Traces" });
    const text = (await table.locator('tr[data-trace-id="t"]').innerText()).replace(/\s+/g, " ");
    for (const part of ["support-agent", "1.50 s", "$0.0123", "production", "v2.1", "where?", "broke"]) expect(text).toContain(part);
    expect(text).toMatch(/error/i);
    expect(text).toMatch(/12,345|12\.3k/);
    const time = row(page, "t").locator("time").first();
    expect(new Date((await time.getAttribute("datetime"))!).toISOString()).toBe(startTime);
    await row(page, "t").getByRole("link", { name: "support-agent" }).click();
    await page.waitForURL(/\/traces\/t$/);
  });
});

describe("an empty project", () => {
  test("shows how to send the first trace, which then appears by itself", async () => {
    const project = await worker.project();
    const who = await member(project, { permissions: ["clipboard-read", "clipboard-write"] });
    const { page } = who;
    await who.go("/traces");
    await soon(async () => expect(await page.locator("main").innerText()).toContain(`${worker.url.origin}/api/v1/traces`));
    // Some copy button has a command in it that works with the key put in.
    const copied: string[] = [];
    for (const button of await page.getByRole("button", { name: /copy/i }).all()) {
      if (!(await button.isVisible())) continue;
      await page.evaluate(() => navigator.clipboard.writeText(""));
      await button.click();
      copied.push(
        await soon(async () => {
          const text = await page.evaluate(() => navigator.clipboard.readText());
          expect(text).not.toBe("");
          return text;
        }),
      );
    }
    expect(copied.join("\n")).toContain(worker.url.origin);
    expect(copied.some((text) => text.startsWith("curl"))).toBe(true);
    await project.send(fresh("first"));
    await row(page, "first").waitFor();
  });

  test("nothing found by a filter says so, and not how to send a first trace", async () => {
    const project = await worker.project();
    await project.send(fresh("t"));
    await project.listWith(1);
    const { page } = await listOf(project, "/traces?name=nothing-like-this");
    const text = await page.locator("main").innerText();
    expect(await shown(page)).toEqual([]);
    expect(text).not.toContain("curl");
    expect(text).toMatch(/no traces|nothing|none/i);
  });
});

describe("live", () => {
  const python = process.env.EDGESPAN_PYTHON;

  test.skipIf(!python && !process.env.CI)("a trace that the real client sends appears without reloading", async () => {
    const project = await worker.project();
    await project.send(...past(3));
    await project.listWith(3);
    const { page } = await listOf(project);
    await mark(page);
    const script = `
from twosignal import TwoSignal
from twosignal.decorator import observe
client = TwoSignal()
@observe(name="answer from python")
def answer(question):
    return "On its way."
answer("Where is my order?")
client.shutdown()`;
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1", TWOSIGNAL_BASE_URL: worker.url.origin, TWOSIGNAL_API_KEY: project.key };
    await new Promise<void>((done, fail) =>
      execFile(python!, ["-W", "ignore", "-c", script], { env, timeout: 60_000 }, (error, _, said) =>
        error ? fail(new Error(said)) : done(),
      ),
    );
    const link = page.getByRole("table", { name: "Traces" }).getByRole("link", { name: "answer from python" });
    await link.waitFor();
    expect((await shown(page)).slice(1)).toEqual(["t0", "t1", "t2"]);
    expect(await marked(page)).toBe(true);
    // Its span came after it, and is in the row, too.
    await soon(async () => expect(await page.locator("tr[data-trace-id]").first().innerText()).toContain("On its way."));
  });

  test("a row changes when its spans come", async () => {
    const project = await worker.project();
    await project.send(fresh("t"));
    await project.listWith(1);
    const { page } = await listOf(project);
    await row(page, "t").waitFor();
    await project.send(
      spanCreate({ traceId: "t", startTime: ago(3), endTime: ago(1), cost: 1.25, input: "the question", status: "ERROR" }),
    );
    await soon(async () => expect(await row(page, "t").innerText()).toMatch(/\$1\.25.*the question|the question.*\$1\.25/s));
    expect(await row(page, "t").innerText()).toMatch(/error/i);
  });

  test("what has the focus, what is selected and what was typed stay", async () => {
    const project = await worker.project();
    await project.send(...past(8));
    await project.listWith(8);
    const { page } = await listOf(project);
    const link = row(page, "t3").getByRole("link", { name: "agent t3" });
    await link.focus();
    await page.evaluate(() => {
      const cell = [...document.querySelectorAll('tr[data-trace-id="t5"] td, tr[data-trace-id="t5"] th')].find((one) =>
        one.textContent?.includes("agent t5"),
      )!;
      getSelection()!.selectAllChildren(cell);
    });
    const selected = await page.evaluate(() => String(getSelection()));
    expect(selected).toContain("agent t5");
    await project.send(fresh("new"));
    await row(page, "new").waitFor();
    expect(await shown(page)).toEqual([
      "new",
      ...past(8)
        .filter((_, n) => n % 2 === 0)
        .map(({ body }) => body.id),
    ]);
    expect(await link.evaluate((one) => one === document.activeElement)).toBe(true);
    expect(await page.evaluate(() => String(getSelection()))).toBe(selected);

    const name = page.getByLabel("Name", { exact: true });
    await name.fill("half a na");
    await project.send(fresh("newer"));
    await row(page, "newer").waitFor();
    expect(await name.inputValue()).toBe("half a na");
    expect(await name.evaluate((one) => one === document.activeElement)).toBe(true);
  });

  test("scrolled down nothing moves; a button says how many are new, and shows them", async () => {
    const project = await worker.project();
    await project.send(...past(50));
    await project.listWith(50);
    const { page } = await listOf(project);
    // The charts come after the list, above it.
    await page.locator("svg[role=img]").first().waitFor();
    await row(page, "t40").scrollIntoViewIfNeeded();
    const place = () => row(page, "t40").evaluate((one) => one.getBoundingClientRect().top);
    const [before, scroll] = [await place(), await page.evaluate(() => scrollY)];
    expect(scroll).toBeGreaterThan(100);
    await project.send(fresh("n1"), fresh("n2"));
    const button = page.getByRole("button", { name: /2 new/ }).or(page.getByRole("link", { name: /2 new/ }));
    await button.waitFor();
    expect([await place(), await page.evaluate(() => scrollY)]).toEqual([before, scroll]);
    await button.click();
    await soon(async () => expect(await page.evaluate(() => scrollY)).toBe(0));
    await row(page, "n1").waitFor();
    expect((await shown(page)).slice(0, 2).sort()).toEqual(["n1", "n2"]);
    await soon(async () => expect(await button.isVisible()).toBe(false));
  });

  test("it is asked for only while somebody looks, and answered in full only when something changed", async () => {
    const project = await worker.project();
    await project.send(...past(3));
    await project.listWith(3);
    const [hidden, other] = [await listOf(project), await listOf(project)];
    await other.page.waitForResponse((response) => new URL(response.url()).pathname === "/traces" && response.status() === 304);
    await hidden.page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
      Object.defineProperty(document, "hidden", { value: true, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    // One that was under way may still come.
    await other.page.waitForResponse((response) => response.status() === 304);
    const before = hidden.requested.length;
    await project.send(fresh("new"));
    await row(other.page, "new").waitFor();
    await other.page.waitForResponse((response) => response.status() === 304);
    await other.page.waitForResponse((response) => response.status() === 304);
    expect(hidden.requested.slice(before)).toEqual([]);
    await hidden.page.evaluate(() => {
      Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
      Object.defineProperty(document, "hidden", { value: false, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    });
    await row(hidden.page, "new").waitFor();
  });
});

describe("filters", () => {
  /** Traces that differ in all that can be asked for. */
  async function varied() {
    const project = await worker.project();
    const one = (id: string, seconds: number, lasts: number, trace: object, span: object) => {
      const times = { startTime: ago(seconds), endTime: ago(seconds - lasts) };
      return [
        traceCreate({ id, name: id, ...times, endTime: undefined, ...trace }),
        spanCreate({ traceId: id, type: "LLM", ...times, ...span }),
      ];
    };
    await project.send(
      ...one("quick", 60, 0.2, { tags: ["a"], sessionId: "s1" }, { model: "gpt-4o", cost: 0.001 }),
      ...one("slow", 300, 20, { tags: ["a", "b c"], sessionId: "s1" }, { model: "gpt-4o-mini", cost: 0.5 }),
      ...one("broken", 600, 2, { tags: ["b c"] }, { model: "gpt-4o", status: "ERROR" }),
      ...one("old agent", 30 * 3_600, 5, {}, { model: "claude", cost: 2 }),
      ...one("older agent", 20 * 86_400, 5, { tags: ["a"] }, {}),
    );
    await project.listWith(5);
    return project;
  }

  test("each, as the address says", async () => {
    const project = await varied();
    const who = await member(project);
    for (const [query, expected] of [
      ["", ["quick", "slow", "broken"]],
      ["range=1h", ["quick", "slow", "broken"]],
      ["range=7d", ["quick", "slow", "broken", "old agent"]],
      ["range=30d", ["quick", "slow", "broken", "old agent", "older agent"]],
      ["range=all", ["quick", "slow", "broken", "old agent", "older agent"]],
      [`from=${encodeURIComponent(ago(400))}&to=${encodeURIComponent(ago(200))}`, ["slow"]],
      ["status=error", ["broken"]],
      ["status=ok", ["quick", "slow"]],
      ["name=ROK", ["broken"]],
      ["range=all&name=agent", ["old agent", "older agent"]],
      ["tag=a", ["quick", "slow"]],
      ["tag=a&tag=b%20c", ["slow"]],
      ["tag=b+c", ["slow", "broken"]],
      ["session=s1", ["quick", "slow"]],
      ["model=gpt-4O", ["quick", "slow", "broken"]],
      ["model=gpt-4o-mini", ["slow"]],
      ["range=all&model=claude", ["old agent"]],
      ["min_duration=1s", ["slow", "broken"]],
      ["min_duration=500ms", ["slow", "broken"]],
      ["min_duration=1m", []],
      ["min_cost=0.4", ["slow"]],
      ["range=all&min_cost=0.4", ["slow", "old agent"]],
      ["range=all&status=ok&tag=a&min_duration=100ms&session=s1&model=gpt-4o&min_cost=0.001&name=qu", ["quick"]],
      ["name=%00%22%27%3C", []],
    ] as const) {
      const text = await (await who.context.request.get(`/traces?${query}`)).text();
      expect(
        [...text.matchAll(/data-trace-id="([^"]*)"/g)].map(([, id]) => id),
        query,
      ).toEqual(expected);
    }
  });

  test.each([
    ["Status", "select", "error", "status", ["broken"]],
    ["Time range", "select", "7d", "range", ["quick", "slow", "broken", "old agent"]],
    ["Name", "fill", "slo", "name", ["slow"]],
    ["Tag", "fill", "b c", "tag", ["slow", "broken"]],
    ["Session", "fill", "s1", "session", ["quick", "slow"]],
    ["Model", "fill", "4o-mini", "model", ["slow"]],
    ["Min. duration", "fill", "1s", "min_duration", ["slow", "broken"]],
    ["Min. cost", "fill", "0.4", "min_cost", ["slow"]],
  ] as const)("%s, with the form", async (label, how, value, param, expected) => {
    const { page } = await listOf(await varied());
    const field = page.getByRole(how === "select" ? "combobox" : "textbox", { name: label, exact: true });
    if (how === "select") await field.selectOption(value);
    else {
      await field.fill(value);
      await field.press("Enter");
    }
    await soon(async () => expect(await shown(page)).toEqual(expected));
    expect(new URL(page.url()).searchParams.get(param)).toBe(value);
    // The address is enough to have it again, and shows in the form.
    await page.reload();
    expect(await shown(page)).toEqual(expected);
    expect(await field.inputValue()).toBe(value);
    await page.goBack();
    await soon(async () => expect(await shown(page)).toEqual(["quick", "slow", "broken"]));
  });

  test("stay while the list is live: what does not match does not appear", async () => {
    const project = await varied();
    const { page } = await listOf(project, "/traces?name=new&tag=x");
    await project.send(
      traceCreate({ id: "other", name: "new", startTime: ago(0) }),
      traceCreate({ id: "match", name: "new", tags: ["x"], startTime: ago(0) }),
    );
    await row(page, "match").waitFor();
    expect(await shown(page)).toEqual(["match"]);
  });

  test("what cannot be read is told, and never a failure of the server", async () => {
    const who = await listOf(await varied());
    for (const query of [
      "range=x",
      "status=x",
      "min_duration=x",
      "min_duration=-1s",
      "min_duration=99999999999999999999s",
      "min_cost=x",
      "min_cost=-1",
      "min_cost=1e999",
      "min_cost=NaN",
      "from=x",
      "to=x",
      "from=2026-02-30",
      "from=9999-12-31T23:59:59Z",
      "to=0001-01-01",
      "before=x",
      "before=%ff%fe",
      "before=",
      "name=%ff",
      "name=%",
      "tag=",
      "tag=%00",
      "session=",
      "model=",
      `name=${"x".repeat(5_000)}`,
      Array(300).fill("tag=a").join("&"),
      "range=1h&range=7d",
      "%=%&&=&a",
      "from=2026-01-02&to=2026-01-01",
    ]) {
      const answer = (await who.page.goto(`/traces?${query}`))!;
      expect(answer.status(), query).toBeLessThan(500);
      expect(answer.headers()["content-type"], query).toMatch(/^text\/html/);
    }
  });
});

describe("by keyboard alone", () => {
  test("a filter is set and a trace is opened, with the focus to be seen", async () => {
    const project = await worker.project();
    await project.send(...past(4));
    await project.listWith(4);
    const { page } = await listOf(project);
    const focused = () =>
      page.evaluate(() => {
        const one = document.activeElement as HTMLElement;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
        return {
          name: one.getAttribute("name") ?? one.textContent?.trim(),
          seen: (outlineStyle !== "none" && outlineWidth !== "0px") || boxShadow !== "none",
          body: one === document.body,
        };
      });
    const reach = async (name: string) => {
      for (let n = 0; n < 60; n++) {
        await page.keyboard.press("Tab");
        const now = await focused();
        if (!now.body) expect(now.seen, `the focus on ${now.name}`).toBe(true);
        if (now.name === name) return;
      }
      throw new Error(`60 times Tab do not lead to ${name}`);
    };
    await reach("name");
    await page.keyboard.type("t2");
    await page.keyboard.press("Enter");
    await soon(async () => expect(await shown(page)).toEqual(["t2"]));
    await reach("agent t2");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/traces\/t2$/);
  });
});
