// What the list says, and whether it can be read: numbers, times, titles, on
// narrow screens; and what somebody reads whose session ended.
import { describe, expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const COSTS = [0.0024, 0.000178, 0.00000012, 0, 1.5, 12_345.678];

/** A trace for each cost, the first the newest, a minute apart. */
async function priced(): Promise<Project> {
  const project = await worker.project();
  await project.send(
    ...COSTS.flatMap((cost, n) => {
      const times = { startTime: ago(60 * (n + 1)), endTime: ago(60 * n) };
      return [
        traceCreate({ id: `t${n}`, name: "agent", startTime: times.startTime }),
        spanCreate({ id: `s${n}`, traceId: `t${n}`, ...times, cost, usage: { totalTokens: 123_456_789 }, output: { answer: "العربية" } }),
      ];
    }),
  );
  await project.listWith(COSTS.length);
  return project;
}

test("costs are whole, stand with their points in a line, and are exact on hover", async () => {
  const who = await member(await priced());
  await who.go("/traces");
  const costs = who.page.locator("tbody .cost");
  expect(await costs.allInnerTexts()).toEqual(["$0.0024", "$0.0002", "<$0.0001", "$0", "$1.50", "$12,345.68"]);
  expect(await costs.evaluateAll((all) => all.map((one) => (one as HTMLElement).title))).toEqual([
    "$0.0024",
    "$0.000178",
    "$0.00000012",
    "$0",
    "$1.5",
    "$12345.678",
  ]);
  const places = await costs.evaluateAll((all) =>
    all.map((one) => {
      const text = one.firstChild as Text;
      const range = document.createRange();
      const at = text.data.includes(".") ? text.data.indexOf(".") : text.length;
      range.setStart(text, 0);
      range.setEnd(text, at);
      const cell = one.closest("td")!;
      return { point: range.getBoundingClientRect().right, cut: cell.scrollWidth > cell.clientWidth };
    }),
  );
  const points = places.map(({ point }) => point);
  expect(Math.max(...points) - Math.min(...points), JSON.stringify(places)).toBeLessThan(0.5);
  expect(places.filter(({ cut }) => cut)).toEqual([]);
});

test("it says how long ago by the server's clock, the time itself, and its zone", async () => {
  const project = await worker.project();
  await project.send(...[5, 125, 7_300].map((seconds) => traceCreate({ id: `t${seconds}`, startTime: ago(seconds) })));
  await project.listWith(3);
  const who = await member(project, { timezoneId: "Asia/Kolkata" });
  // Whose clock is an hour ahead.
  await who.context.addInitScript(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 3_600_000;
    Object.defineProperty(performance, "timeOrigin", { value: performance.timeOrigin + 3_600_000 });
  });
  await who.go("/traces");
  const text = async (id: string) => (await who.page.locator(`[data-trace-id="${id}"] .c-start`).innerText()).trim();
  await soon(async () => expect(await text("t125")).toMatch(/^2 m ago\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/));
  expect(await text("t7300")).toMatch(/^2 h ago/);
  expect(await who.page.getByRole("columnheader", { name: /^Start/ }).innerText()).toMatch(/GMT\+5:30|IST/);
});

test("what runs says so, with a clock that goes on and asks for nothing", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "t", startTime: ago(130) }), spanCreate({ traceId: "t", startTime: ago(130), endTime: undefined }));
  await project.listWith(1);
  const who = await member(project);
  await who.go("/traces");
  expect(await who.page.locator("tbody .c-status").innerText()).toBe("Running");
  const cut = await who.page.evaluate(() => {
    const cell = document.querySelector("tbody .c-status") as HTMLElement;
    cell.querySelector(".status")!.lastChild!.textContent = "Unfinished";
    return cell.scrollWidth > cell.clientWidth;
  });
  expect(cut, "the longest word has room").toBe(false);
  const clock = who.page.locator("tbody .c-duration");
  const seconds = async () => {
    const [, m, s] = /^(\d+) m (\d\d) s$/.exec(await clock.innerText())!;
    return Number(m) * 60 + Number(s);
  };
  const first = await seconds();
  expect(first).toBeGreaterThanOrEqual(130);
  // The same list all the time: it is only the page that counts.
  const answers: number[] = [];
  who.page.on("response", (response) => {
    if (new URL(response.url()).pathname === "/traces") answers.push(response.status());
  });
  await soon(async () => expect(await seconds()).toBeGreaterThan(first + 3));
  await soon(() => expect(answers.length).toBeGreaterThan(1));
  expect(new Set(answers)).toEqual(new Set([304]));
  await project.send(spanCreate({ id: "s", traceId: "t", startTime: ago(5), endTime: ago(1) }));
  await soon(async () => expect(await who.page.locator("tbody .c-spans").innerText()).toMatch(/2/));
  expect(await seconds()).toBeGreaterThan(first);
});

test("letters of any script that were sent as escapes are shown as letters", async () => {
  const project = await worker.project();
  const escaped = JSON.stringify(traceCreate({ id: "t", startTime: ago(2) }));
  const span = JSON.stringify(spanCreate({ traceId: "t", startTime: ago(2), endTime: ago(1), output: { answer: "ANSWER" } }));
  const body = `{"batch":[${escaped},${span.replace("ANSWER", "\\u0627\\u0644\\u0639\\u0631\\u0628\\u064a\\u0629")}]}`;
  await project.sendText(body, 2);
  const who = await member(project);
  await who.go("/traces");
  await soon(async () => expect(await who.page.locator("[data-trace-id] .c-io").innerText()).toContain("العربية"));
});

test("the charts follow the list, also what comes right after something else", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "t0", startTime: ago(60) }));
  await project.listWith(1);
  const who = await member(project);
  await who.go("/traces");
  const says = (traces: string) =>
    soon(async () => expect(await who.page.getByRole("img", { name: /^Traces/ }).getAttribute("aria-label")).toContain(traces));
  await says(": 1 trace,");
  for (const id of ["t1", "t2"]) {
    await project.send(traceCreate({ id, startTime: ago(0) }));
    await who.page.locator(`[data-trace-id="${id}"]`).waitFor();
  }
  await says(": 3 traces,");
});

test("a range that a bar led to stays exact when the form is sent again", async () => {
  const who = await member(await priced());
  const [from, to] = ["2026-03-14T10:00:00.000001Z", "2026-03-14T10:29:59.999999Z"];
  await who.go(`/traces?${new URLSearchParams({ from, to })}`);
  await who.page.getByRole("textbox", { name: "Name", exact: true }).fill("agent");
  await who.page.getByRole("button", { name: "Apply" }).click();
  await who.page.waitForURL(/name=agent/);
  const query = new URL(who.page.url()).searchParams;
  expect([query.get("from"), query.get("to")]).toEqual([from, to]);
});

test("the title says the filter, any range of time is taken, and clearing keeps it", async () => {
  const who = await member(await priced());
  const { page } = who;
  await who.go("/traces");
  expect(await page.title()).toBe("Traces · Edgespan");
  await who.go("/traces?range=2w&status=error&name=agent");
  expect(await page.title()).toBe("Errors in agent, last 2 weeks · Traces · Edgespan");
  const range = page.getByRole("combobox", { name: "Time range" });
  expect(await range.evaluate((one: HTMLSelectElement) => one.selectedOptions[0]!.text)).toBe("Last 2 weeks");
  await page.getByRole("link", { name: "Clear" }).click();
  await page.waitForURL(/\/traces\?range=2w$/);
  await page.getByRole("link", { name: "agent" }).first().waitFor();
  // Applying the form again keeps it, too.
  // The address is the same before and after: it is the page that must be another.
  await Promise.all([page.waitForEvent("framenavigated"), page.getByRole("button", { name: "Apply" }).click()]);
  await page.waitForURL(/\/traces\?range=2w$/);
  await who.go("/traces?range=2y");
  expect(await range.evaluate((one: HTMLSelectElement) => one.selectedOptions[0]!.text)).toBe("2y");
});

describe.each([390, 320])("%i px", (width) => {
  test("no state of the list is wider than the screen, and no chart runs out of its card", async () => {
    const project = await priced();
    const who = await member(project, { viewport: { width, height: 800 } });
    const look = async (what: string, path: string, page = who.page) => {
      await page.goto(path);
      if (what !== "empty" && what !== "unreadable") await page.locator("svg[role=img]").first().waitFor();
      const seen = await page.evaluate(() => ({
        // Beyond the body: beside it there is room for a scroll bar.
        over: Math.max(0, document.documentElement.scrollWidth - document.body.offsetWidth),
        out: [...document.querySelectorAll(".chart h2, .chart .total, .chart .ends time, .first > *")]
          .filter((one) => {
            const box = one.closest(".chart, .first")!.getBoundingClientRect();
            const range = document.createRange();
            range.selectNodeContents(one);
            return (one.closest(".chart") ? range : one).getBoundingClientRect().right > box.right;
          })
          .map((one) => one.outerHTML.slice(0, 80)),
      }));
      expect(seen, what).toEqual({ over: 0, out: [] });
    };
    await look("full", "/traces");
    await look("filtered", "/traces?range=2w&name=agent&tag=&min_cost=1");
    await look("nothing", "/traces?name=nothing-like-this&status=error");
    await look("older", "/traces?range=all&session=none&model=none");
    await look("unreadable", "/traces?range=2y&status=fine");
    const empty = await member(await worker.project(), { viewport: { width, height: 800 } });
    await look("empty", "/traces", empty.page);
  });
});

describe("a session that ends while the list is open", () => {
  test("by a revoked key: the sign-in page says why", async () => {
    const project = await priced();
    const who = await member(project);
    await who.go("/traces");
    // A cookie that is no longer good, as one of a revoked key is not.
    const [cookie] = await who.context.cookies();
    await who.context.addCookies([{ ...cookie!, value: cookie!.value.replace(/^[^.]+/, "key_revoked") }]);
    await who.page.waitForURL(/\/sign-in/);
    const told = /You were signed out: the API key was revoked or the session has ended\./;
    expect(await who.page.getByRole("alert").innerText()).toMatch(told);
    // So does the page of a trace.
    await who.context.addCookies([cookie!]);
    await who.go("/traces/t0");
    await who.page.getByRole("treegrid").waitFor();
    await who.context.addCookies([{ ...cookie!, value: cookie!.value.replace(/^[^.]+/, "key_revoked") }]);
    await who.page.waitForURL(/\/sign-in/);
    expect(await who.page.getByRole("alert").innerText()).toMatch(told);
    // A page that is opened then says so as well, somebody new is told nothing.
    await who.go("/traces?range=7d");
    expect(await who.page.getByRole("alert").innerText()).toMatch(told);
    await who.context.clearCookies();
    await who.go("/traces?range=7d");
    expect(await who.page.getByRole("alert").count()).toBe(0);
  });
});
