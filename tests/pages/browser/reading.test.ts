// Reading a span: what came out first, of a long conversation what was asked last, and
// texts as Markdown or as they were sent.
import { expect } from "vitest";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";
import { spanCreate } from "../../support/events.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const ANSWER = [
  "## Your order",
  "It is **on its way**, see [the shop](https://shop.example/o/1) or [here](javascript:alert(1)).",
  "",
  "| item | price |",
  "|---|--:|",
  "| lamp | 20 |",
  "",
  "- one",
  "- two <img src=x onerror=alert(1)>",
  "",
  "```json",
  '{"a": 1}',
  "```",
].join("\n");

test("the answer is on the screen, as Markdown, and the question before it without its history", async () => {
  const project = await worker.project();
  const history = Array.from({ length: 14 }, (_, n) => [
    { role: "user", content: `question ${n}: ${"words ".repeat(40)}` },
    { role: "assistant", content: `answer ${n}` },
  ]).flat();
  await project.send(
    spanCreate({
      id: "s",
      traceId: "t",
      type: "LLM",
      name: "chat",
      model: "gpt-4o",
      startTime: "2026-03-14T10:00:00.000Z",
      endTime: "2026-03-14T10:00:01.000Z",
      input: { messages: [...history, { role: "user", content: "Where is my order?" }] },
      output: { choices: [{ finish_reason: "length", message: { role: "assistant", content: ANSWER } }] },
    }),
  );
  await project.traceWith(1, "t");
  const who = await member(project);
  const { page } = who;
  await page.setViewportSize({ width: 1280, height: 800 });
  await who.go("/traces/t");
  const output = page.locator("#part-output");
  await soon(async () => expect(await output.innerText()).toContain("on its way"));

  const box = (await output.locator("strong").boundingBox())!;
  expect(box.y + box.height).toBeLessThan(800);
  expect(await output.locator(".note.warn").innerText()).toContain("length");
  expect(await output.locator("td").allInnerTexts()).toEqual(["lamp", "20"]);
  expect(await output.locator("li li").allInnerTexts()).toEqual(["one", "two <img src=x onerror=alert(1)>"]);
  expect(await output.locator("pre code").innerText()).toContain('{"a": 1}');
  const links = await output.locator(".md a").evaluateAll((all) => all.map((a) => [a.getAttribute("href"), (a as HTMLAnchorElement).rel]));
  expect(links).toEqual([["https://shop.example/o/1", "noopener nofollow"]]);
  expect(await output.locator("img").count()).toBe(0);

  // Before it what was asked; what was before that comes when one asks.
  const input = page.locator("#part-input");
  expect(await input.innerText()).toContain("Where is my order?");
  expect(await input.getByText("answer 13").isVisible()).toBe(false);
  await input.getByText("28 earlier messages").click();
  expect(await input.getByText("answer 13").isVisible()).toBe(true);

  // As it was sent, here and on pages to come.
  const markdown = page.getByRole("button", { name: "Markdown" });
  expect(await markdown.getAttribute("aria-pressed")).toBe("true");
  await markdown.click();
  await soon(async () => expect(await output.innerText()).toContain("## Your order"));
  expect(await output.locator("table").count()).toBe(0);
  await page.reload();
  await soon(async () => expect(await output.innerText()).toContain("| lamp | 20 |"));
  await markdown.click();
  await soon(async () => expect(await output.locator("table").count()).toBe(1));
});
