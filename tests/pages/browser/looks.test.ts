// What every page must be, whatever is on it: accessible in light and dark
// (axe-core), as wide as the screen and no wider, still while it is updated.
// Whether it is beautiful is for people to judge.
import { gzipSync } from "node:zlib";
import { describe, expect } from "vitest";
import { audit, soon, test, useBrowser, type Visitor } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";

const worker = useWorker();
const { visitor, member } = useBrowser(worker);

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();

test("axe-core would say so", async () => {
  const who = await visitor();
  await who.go("/sign-in");
  expect(await audit(who.page)).toEqual([]);
  await who.page
    .locator("p")
    .first()
    .evaluate((one) => (one.style.color = "#ccc"));
  expect(await audit(who.page)).toEqual([expect.stringMatching(/^color-contrast: /)]);
});

/** A project with some of everything that pages show. */
async function furnished(): Promise<Project> {
  const project = await worker.project();
  const long = "a-name-that-has-no-space-where-it-could-be-broken-and-goes-on-".repeat(4);
  const names = ["support-agent", "research-agent", long, "日本語のエージェント", "extract-invoice"];
  const times = (from: number, to: number) => ({ startTime: ago(from), endTime: ago(to) });
  const events = Array.from({ length: 30 }, (_, n) => {
    const [traceId, failed] = [`t${n}`, n % 4 === 1];
    return [
      traceCreate({
        id: traceId,
        name: names[n % names.length],
        startTime: ago(100 + n * 60),
        tags: ["production", `v${n}`, ...(n % 5 ? [] : [long.slice(0, 120)])],
        sessionId: n % 3 ? "chat-1" : undefined,
        metadata: { user: "u-1", [long.slice(0, 60)]: long },
      }),
      spanCreate({
        id: `root${n}`,
        traceId,
        name: "agent",
        type: "AGENT",
        ...times(100 + n * 60, 90 + n * 60),
        input: { question: "Where is my order?", long },
        output: "On its way.",
      }),
      spanCreate({
        id: `llm${n}`,
        traceId,
        parentSpanId: `root${n}`,
        name: "chat",
        type: "LLM",
        model: "gpt-4o",
        ...times(99 + n * 60, 95 + n * 60),
        modelParameters: { temperature: 0.2 },
        input: [
          { role: "system", content: "Be brief." },
          { role: "user", content: `Where is my order?\n\n${long}` },
        ],
        output: {
          choices: [
            {
              message: {
                role: "assistant",
                content: "Let me look.",
                tool_calls: [{ id: "c", type: "function", function: { name: "get_order", arguments: '{"id":1}' } }],
              },
            },
          ],
        },
        usage: { promptTokens: 123_456, completionTokens: 789, totalTokens: 124_245 },
        cost: 0.1234,
      }),
      spanCreate({
        id: `tool${n}`,
        traceId,
        parentSpanId: `root${n}`,
        name: "get_order",
        type: "TOOL",
        ...times(94 + n * 60, 92 + n * 60),
        input: { id: 1, nested: { list: [1, "two", null, true] } },
        ...(failed && { status: "ERROR", errorMessage: `HTTP 503 ${long}` }),
      }),
      ...(n === 2
        ? [
            spanCreate({
              id: "lost",
              traceId,
              parentSpanId: "never-came",
              name: "lost",
              type: "CUSTOM",
              ...times(93 + n * 60, 92 + n * 60),
            }),
          ]
        : []),
    ];
  }).flat();
  await project.send(...events);
  await soon(async () => expect(await project.spans()).toBe(91));
  return project;
}

/** Every page, and what must be there before it is looked at. */
const PAGES: [string, string, (who: Visitor) => Promise<unknown>][] = [
  [
    "the list",
    "/traces",
    ({ page }) => Promise.all([page.locator("tr[data-trace-id]").first().waitFor(), page.locator("svg[role=img]").first().waitFor()]),
  ],
  ["the list, filtered to nothing", "/traces?name=nothing-like-this", ({ page }) => page.locator("main").waitFor()],
  ["a trace", "/traces/t1", ({ page }) => page.getByRole("treegrid").waitFor()],
  ["a trace with a chat chosen", "/traces/t2?span=llm2", ({ page }) => page.getByRole("region", { name: "Span", exact: true }).waitFor()],
  [
    "a trace with an error chosen",
    "/traces/t1?span=tool1",
    ({ page }) => page.getByRole("region", { name: "Span", exact: true }).waitFor(),
  ],
  ["a session", "/sessions/chat-1", ({ page }) => page.getByRole("heading", { level: 1 }).waitFor()],
  ["what is not there", "/traces/none", ({ page }) => page.getByRole("heading", { level: 1 }).waitFor()],
];

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  test("axe-core finds nothing serious on any page", async () => {
    const who = await member(await furnished(), { colorScheme });
    const found: Record<string, string[]> = {};
    for (const [name, path, ready] of PAGES) {
      await who.go(path);
      await ready(who);
      const problems = await audit(who.page);
      if (problems.length > 0) found[name] = problems;
    }
    const guest = await visitor({ colorScheme });
    await guest.go("/sign-in");
    const problems = await audit(guest.page);
    if (problems.length > 0) found["signing in"] = problems;
    const empty = await member(await worker.project(), { colorScheme });
    await empty.go("/traces");
    const more = await audit(empty.page);
    if (more.length > 0) found["an empty project"] = more;
    expect(found).toEqual({});
  });
});

test("dark where the system is dark, light where it is light, by itself", async () => {
  const project = await furnished();
  const paper = async (colorScheme: "light" | "dark") => {
    const who = await member(project, { colorScheme });
    const seen: [number, number][] = [];
    for (const [, path, ready] of PAGES) {
      await who.go(path);
      await ready(who);
      seen.push(
        await who.page.evaluate(() => {
          const light = (color: string) => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d")!;
            canvas.fillStyle = color;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
            return (r! * 2 + g! * 5 + b!) / 8;
          };
          const root = getComputedStyle(document.documentElement).backgroundColor;
          const body = getComputedStyle(document.body).backgroundColor;
          return [light(body === "rgba(0, 0, 0, 0)" ? root : body), light(getComputedStyle(document.querySelector("h1, h2")!).color)];
        }),
      );
    }
    return seen;
  };
  for (const [paperOf, ink] of await paper("light")) expect(paperOf - ink).toBeGreaterThan(100);
  for (const [paperOf, ink] of await paper("dark")) expect(ink - paperOf).toBeGreaterThan(100);
});

test("the other theme for whoever asks for it, on every page from then on", async () => {
  const who = await member(await furnished(), { colorScheme: "light" });
  await who.go("/traces");
  const paper = () => who.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await who.page.getByRole("button", { name: /theme/i }).click();
  const dark = await paper();
  expect(dark).not.toBe(light);
  await who.go("/traces/t1");
  expect(await paper()).toBe(dark);
  expect(await audit(who.page)).toEqual([]);
});

describe.each([360, 768, 2_560])("%i px", (width) => {
  test("no page is wider than the screen, and nothing that is pressed is out of reach", async () => {
    const who = await member(await furnished(), { viewport: { width, height: 800 } });
    for (const [name, path, ready] of PAGES) {
      await who.go(path);
      await ready(who);
      const wide = await who.page.evaluate(() => document.documentElement.scrollWidth);
      const cause = await who.page.evaluate(
        (width) =>
          [...document.querySelectorAll("body *")]
            .filter((one) => one.getBoundingClientRect().right > width + 1)
            .slice(0, 5)
            .map((one) => one.outerHTML.slice(0, 100)),
        width,
      );
      expect(wide, `${name}: ${cause.join("\n")}`).toBeLessThanOrEqual(width);
    }
    const guest = await visitor({ viewport: { width, height: 800 } });
    await guest.go("/sign-in");
    expect(await guest.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  });
});

describe("while it is updated", () => {
  test("the list stands still but for rows that make room for new ones", async () => {
    const project = await furnished();
    const who = await member(project);
    const { page } = who;
    await who.go("/traces");
    await page.locator("svg[role=img]").first().waitFor();
    const before = (await who.shifts()).length;
    const columns = () =>
      page
        .locator("th")
        .evaluateAll((cells) =>
          cells.map((cell) => [Math.round(cell.getBoundingClientRect().left), Math.round(cell.getBoundingClientRect().width)]),
        );
    const were = await columns();
    await project.send(
      traceCreate({
        id: "new",
        name: "a name that is a good deal longer than all of the others are, and more",
        startTime: ago(0),
        tags: ["production", "another"],
      }),
      spanCreate({
        id: "s",
        traceId: "new",
        startTime: ago(5),
        endTime: ago(0),
        cost: 12_345.678,
        usage: { totalTokens: 123_456_789 },
        input: "in",
        output: "out",
      }),
    );
    await page.locator('tr[data-trace-id="new"]').waitFor();
    await soon(async () => expect(await page.locator('tr[data-trace-id="new"]').innerText()).toContain("12,345"));
    expect(await columns()).toEqual(were);
    for (const { sources } of (await who.shifts()).slice(before)) {
      for (const { what, inTable, sideways } of sources) {
        expect(inTable, `moved: ${what}`).toBe(true);
        expect(sideways, `moved sideways: ${what}`).toBe(0);
      }
    }
  });

  test("scrolled down nothing moves at all", async () => {
    const project = await furnished();
    const who = await member(project, { viewport: { width: 1_280, height: 500 } });
    const { page } = who;
    await who.go("/traces");
    await page.locator("svg[role=img]").first().waitFor();
    await page.locator('tr[data-trace-id="t25"]').scrollIntoViewIfNeeded();
    const before = (await who.shifts()).length;
    // A row that is looked at changes in its place.
    await project.send(spanCreate({ id: "late", traceId: "t25", startTime: ago(1_600), endTime: ago(1_599), cost: 7 }));
    await soon(async () => expect(await page.locator('tr[data-trace-id="t25"]').innerText()).toContain("$7.12"));
    await project.send(traceCreate({ id: "new", startTime: ago(0) }));
    await page.getByText(/1 new/).first().waitFor();
    // A number that has changed may have another width; nothing else has moved.
    for (const { value, sources } of (await who.shifts()).slice(before)) {
      expect(value).toBeLessThan(0.0005);
      for (const { down, what } of sources) expect(down, `moved: ${what}`).toBe(0);
    }
  });

  test("a page does not jump while it is loaded", async () => {
    const who = await member(await furnished());
    for (const [name, path, ready] of PAGES) {
      await who.go(path);
      await ready(who);
      const shifts = await who.shifts();
      expect(
        shifts.reduce((sum, { value }) => sum + value, 0),
        `${name}: ${JSON.stringify(shifts)}`,
      ).toBeLessThan(0.05);
    }
  });
});

test("times are shown where the reader is, with the exact one on hover", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "t", startTime: "2026-03-14T22:30:00.125Z" }));
  await project.listWith(1);
  for (const [timezoneId, shows] of [
    ["Asia/Kolkata", /04:00/],
    ["America/New_York", /18:30/],
  ] as const) {
    const { page } = await member(project, { timezoneId, locale: "en-GB" });
    await page.goto("/traces/t");
    const time = page.locator("time").first();
    await soon(async () => expect(await time.innerText()).toMatch(shows));
    expect(await time.getAttribute("datetime")).toBe("2026-03-14T22:30:00.125Z");
    expect(await time.getAttribute("title")).toMatch(/22:30:00\.125|04:00:00\.125|18:30:00\.125/);
  }
});

test("without animations where they are not wanted", async () => {
  const project = await furnished();
  const who = await member(project, { reducedMotion: "reduce" });
  await who.go("/traces");
  await project.send(traceCreate({ id: "new", startTime: ago(0) }));
  await who.page.locator('tr[data-trace-id="new"]').waitFor();
  const moving = await who.page.evaluate(
    () => document.getAnimations().filter((one) => Number(one.effect?.getComputedTiming().duration) > 1).length,
  );
  expect(moving).toBe(0);
});

test("first load: under 60 KB for the list, all of it", async () => {
  const who = await member(await furnished());
  // As it would be sent: compressed at the edge, which the local one leaves out.
  const sizes: Promise<number>[] = [];
  who.page.on(
    "response",
    (response) =>
      void sizes.push(
        response.body().then(
          (body) => gzipSync(body).length + 300,
          () => 0,
        ),
      ),
  );
  await who.go("/traces");
  await who.page.locator("svg[role=img]").first().waitFor();
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(bytes).toBeLessThan(60_000);
});
