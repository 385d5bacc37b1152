// What went into a trace itself and came out of it: there at once where no span is, else
// when one unfolds it.
import { describe, expect } from "vitest";
import { test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

const TIME = "2026-03-14T10:00:00.000Z";
const event = (type: string, body: object) => ({ id: `${type}-${JSON.stringify(body).length}`, type, timestamp: TIME, body });

async function project(spans: object[]): Promise<Project> {
  const made = await worker.project();
  const trace = event("trace-create", {
    id: "t",
    name: "answer",
    timestamp: TIME,
    input: { messages: [{ role: "user", content: "Where is it?" }] },
    output: "On its way.",
  });
  const batch = [trace, ...spans.map((body) => event("span-create", body))];
  const answer = await made.json("POST", "/api/public/ingestion", { batch });
  expect(answer.status, answer.text).toBe(207);
  await made.traceWith(spans.length, "t");
  return made;
}

describe("a trace with an input and an output of its own", () => {
  test("without spans they are what the page shows", async () => {
    const who = await member(await project([]));
    await who.page.goto("/traces/t");
    const own = who.page.locator("details.own");
    await own.getByText("On its way.").waitFor();
    expect(await own.innerText()).toContain("Where is it?");
    await own.getByRole("link", { name: "JSON" }).click();
    await own.getByText('"user"').waitFor();
  });

  test("beside spans they are fetched when they are unfolded", async () => {
    const who = await member(await project([{ id: "s", traceId: "t", name: "step", startTime: TIME, endTime: TIME }]));
    const asked: string[] = [];
    who.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await who.page.goto("/traces/t");
    await who.page.locator("#span h2").waitFor();
    expect(asked).not.toContain("/traces/t/content");
    await who.page.getByText("Input and output").click();
    await who.page.locator("details.own").getByText("On its way.").waitFor();
    expect(asked).toContain("/traces/t/content");
  });
});
