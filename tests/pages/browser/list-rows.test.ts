// How much of the list is seen at once.
import { expect } from "vitest";
import { test, useBrowser } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";
import { ago } from "./list-page.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

test("twenty traces are seen at 1280 x 800 without scrolling, each in a line with nothing cut but texts", async () => {
  const project = await worker.project();
  const long = "many words ".repeat(30);
  await project.send(
    ...Array.from({ length: 30 }, (_, n) => {
      const id = `t${n}`;
      const times = { startTime: ago(3_000 + n * 2), endTime: ago(2_999 + n * 2) };
      const failed = n % 3 === 0 ? { status: "ERROR", errorMessage: long } : {};
      return [
        traceCreate({
          id,
          name: `${n} ${long}`,
          startTime: times.startTime,
          sessionId: "a session",
          tags: ["production", "v2.1", "c", "d", "e"],
        }),
        spanCreate({
          id: `${id} root`,
          traceId: id,
          ...times,
          input: long,
          output: long,
          usage: { totalTokens: 1_234_567 },
          cost: 1_234.5,
        }),
        ...[1, 2].map((step) => spanCreate({ id: `${id} ${step}`, parentSpanId: `${id} root`, traceId: id, ...times, ...failed })),
      ];
    }).flat(),
  );
  await project.listWith(30);
  const who = await member(project);
  await who.go("/traces");
  await who.page.locator("svg[role=img]").first().waitFor();
  const seen = await who.page.evaluate(() => {
    const rows = [...document.querySelectorAll("tr[data-trace-id]")];
    const boxes = rows.map((row) => row.getBoundingClientRect());
    const numbers = [...document.querySelectorAll("tbody td")].filter((cell) => !cell.matches(".c-name, .c-io"));
    return {
      rows: boxes.filter((box) => box.top >= 0 && box.bottom <= innerHeight).length,
      heights: [...new Set(boxes.map((box) => Math.round(box.height)))],
      cut: [
        ...new Set(numbers.filter((cell) => cell.scrollWidth > cell.clientWidth).map((cell) => `${cell.className}: ${cell.textContent}`)),
      ],
      charts: [...document.querySelectorAll(".chart h2, .chart .total")].filter((one) => {
        const [box, card] = [one.getBoundingClientRect(), one.closest(".chart")!.getBoundingClientRect()];
        return box.right > card.right || box.bottom > card.bottom;
      }).length,
    };
  });
  expect(seen).toMatchObject({ heights: [28], cut: [], charts: 0 });
  expect(seen.rows).toBeGreaterThanOrEqual(20);
});
