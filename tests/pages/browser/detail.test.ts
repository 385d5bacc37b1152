// A span's detail as one reads it: what matters of a message is beside it, deep
// JSON stays readable, copying gives what one sees, and a search says what it saw.
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { audit, soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";
import { spanCreate, traceCreate, type Fields } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const detail = (page: Page) => page.getByRole("region", { name: "Span", exact: true });

async function project(body: Fields): Promise<Project> {
  const project = await worker.project();
  const times = { startTime: "2026-03-14T10:00:00.000Z", endTime: "2026-03-14T10:00:01.000Z" };
  await project.send(traceCreate({ id: "t", ...times }), spanCreate({ id: "s", traceId: "t", type: "LLM", ...times, ...body }));
  await project.traceWith(1, "t");
  return project;
}

async function open(body: Fields, options = {}) {
  const who = await member(await project(body), options);
  await who.go("/traces/t?span=s");
  await detail(who.page).waitFor();
  return who;
}

const nested = (levels: number, inside: unknown) => {
  let value = inside;
  for (let level = levels; level > 0; level--) value = level % 2 ? { [`level ${level}`]: value } : [value];
  return value;
};

const CHAT = [
  { role: "user", content: "Where is my order?" },
  { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "get_order", input: { id: "A-1" } }] },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "t1",
        is_error: true,
        content: [
          { type: "text", text: "The shop is closed." },
          { type: "text", text: "Try again." },
        ],
      },
    ],
  },
];
const ANSWER = {
  id: "m1",
  type: "message",
  role: "assistant",
  content: [{ type: "text", text: "It is on" }],
  stop_reason: "max_tokens",
  usage: { output_tokens: 4711 },
};

test("why a model stopped and that a tool failed stand beside the message, the rest is a click away", async () => {
  const { page } = await open({ input: CHAT, output: ANSWER });
  const output = detail(page).locator("#part-output");
  const text = (await output.innerText()).replace(/\s+/g, " ");
  expect(text).toContain("stop reason max_tokens");
  expect(text).not.toContain("4711");
  await output.getByText("Other fields").click();
  expect((await output.innerText()).replace(/\s+/g, " ")).toContain("4711");
  expect((await detail(page).locator("#part-input").innerText()).replace(/\s+/g, " ")).toMatch(
    /is error true.*The shop is closed\. Try again\./,
  );
});

describe("deep JSON", () => {
  test("is readable to its core, in a pane that scrolls by itself", async () => {
    const { page } = await open({ output: nested(400, { core: "the very core" }) });
    const part = detail(page).locator("#part-output");
    await part.locator("details").evaluateAll((all) => all.forEach((one) => ((one as HTMLDetailsElement).open = true)));
    const core = part.getByText("the very core");
    await core.scrollIntoViewIfNeeded();
    const measured = await part.evaluate((part) => {
      const json = part.querySelector(".json")!;
      const rows = [...json.querySelectorAll("summary, p")].map((row) => row.getBoundingClientRect());
      const left = json.getBoundingClientRect().left;
      return {
        pane: json.clientWidth,
        content: json.scrollWidth,
        indent: Math.max(...rows.map((row) => row.left - left)),
        narrowest: Math.min(...rows.map((row) => row.width)),
        scrolls: getComputedStyle(json).overflowX,
        page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      };
    });
    expect(measured.indent, "the indent is bounded").toBeLessThan(400);
    expect(measured.narrowest, "text has room").toBeGreaterThan(150);
    expect(measured.scrolls).toBe("auto");
    expect(measured.content, "what is pushed out can be scrolled to").toBeGreaterThan(measured.pane);
    expect(measured.page, "and the page does not scroll sideways").toBe(0);
  });

  test.each(["light", "dark"] as const)("has nothing that axe-core finds, %s", async (colorScheme) => {
    const numbers = Array.from({ length: 3_100 }, (_, n) => n);
    const { page } = await open(
      {
        input: CHAT,
        output: ANSWER,
        metadata: nested(24, { core: [1, "two"] }) as Fields,
        modelParameters: { numbers, a: { b: { c: [{ d: 1 }, { e: 2 }] } } },
      },
      { colorScheme },
    );
    await soon(async () => expect(await detail(page).innerText()).toContain("This is not all of it"));
    // Not the three thousand numbers: what is folded is not looked at, which saves a minute.
    await detail(page)
      .locator(":is(#part-metadata, .chat) details")
      .evaluateAll((all) => all.forEach((one) => ((one as HTMLDetailsElement).open = true)));
    expect(await audit(page)).toEqual([]);
    // A rule that is off unless it is asked for: what one clicks is large enough, or far from others.
    const small = await page.evaluate(async () => {
      const { violations } = await (globalThis as any).axe.run("#span", { runOnly: ["target-size"] });
      return violations.flatMap(({ nodes }: any) => nodes.map((node: any) => node.html.slice(0, 160)));
    });
    expect(small).toEqual([]);
  });
});

describe("copying", () => {
  const copied = async (page: Page, part: string) => {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await detail(page).locator(`#part-${part}`).getByRole("button", { name: "Copy", exact: true }).click();
    return soon(async () => {
      const text = await page.evaluate(() => navigator.clipboard.readText());
      expect(text).not.toBe("");
      return text;
    });
  };

  test("of a text gives the text, of JSON the JSON as it was sent", async () => {
    const text = '# Weather\n\nIt is **21 °C** and "mild" \\ dry.';
    const { page } = await open(
      { input: { question: "Weather?", é: 1 }, output: text, status: "ERROR", errorMessage: '"quoted"' },
      { permissions: ["clipboard-read", "clipboard-write"] },
    );
    expect(await copied(page, "output")).toBe(text);
    expect(await copied(page, "input")).toBe('{"question":"Weather?","é":1}');
    expect(await copied(page, "error")).toBe('"quoted"');
  });

  test("of a text that is JSON gives that JSON", async () => {
    const { page } = await open({ output: '{"a": [1]}' }, { permissions: ["clipboard-read", "clipboard-write"] });
    expect(await copied(page, "output")).toBe('{"a": [1]}');
  });
});

describe("finding", () => {
  const find = async (page: Page, text: string) => {
    await detail(page).getByRole("searchbox").fill(text);
    return detail(page).locator("[data-found]");
  };

  test("says so where it saw only a part", async () => {
    const items = Array.from({ length: 4_000 }, (_, n) => `item ${n}`);
    const { page } = await open({ input: "small", output: items, metadata: { note: "x".repeat(70_000) } });
    const found = await find(page, "item 299");
    // The item itself and ten more that begin so; "item 2999" is beyond what is there.
    await soon(async () =>
      expect(await found.innerText()).toBe("10 found; searched the first 3,000 values of output; searched none of metadata"),
    );
  });

  test("says nothing of the kind where it saw all", async () => {
    const { page } = await open({ input: { a: "needle" }, output: "needle" });
    const found = await find(page, "needle");
    await soon(async () => expect(await found.innerText()).toBe("2 found"));
  });
});
