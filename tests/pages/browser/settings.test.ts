// The page of settings in a browser: made, rotated and revoked keys, a dead letter replayed, with
// and without scripts; accessible, and as wide as the screen.
import { describe, expect } from "vitest";
import { expectUsable, soon, test, useBrowser } from "../../support/browser.ts";
import { traceCreate } from "../../support/events.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { member } = useBrowser(worker);

async function administered(): Promise<Project> {
  const project = await worker.project("strict", "admin");
  await worker.run("update project set name = id where id = ?", project.id);
  await project.send(traceCreate({ id: "t", name: "n" }));
  return project;
}

describe.each([
  ["with scripts", {}],
  ["without scripts", { javaScriptEnabled: false }],
])("%s", (_, options) => {
  test("a key is made, shown once, rotated and revoked", async () => {
    const project = await administered();
    const { page } = await member(project, options);
    await page.goto("/traces");
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("textbox", { name: "Name of a new key" }).fill("agents");
    await page.getByRole("button", { name: "Make a key" }).click();
    const made = page.getByRole("status");
    const key = (await made.locator("pre").innerText()).trim();
    expect(key).toMatch(/^ts_/);
    project.key = key;
    await soon(async () => expect((await project.post({ batch: [traceCreate({ id: "u", name: "n" })] })).status).toBe(201));

    const row = page.getByRole("row", { name: /^agents/ });
    await row.getByText("Rotate…").click();
    await row.getByRole("button", { name: "Rotate agents" }).click();
    expect((await page.getByRole("status").locator("pre").innerText()).trim()).not.toBe(key);
    await row.getByText("Revoke…").click();
    await row.getByRole("button", { name: "Revoke agents" }).click();
    await page.getByText("2 revoked keys").waitFor();
    expect(await page.getByRole("status").count()).toBe(0);
    expect(await row.filter({ visible: true }).count()).toBe(0);
  });
});

test("a dead letter is replayed, and gone once it is written", async () => {
  const project = await administered();
  await project.traceWith(0, "t");
  const { objects } = await worker.bindings.RAW.list({ prefix: "raw/" });
  const object = objects.map(({ key }) => key).find((key) => key.includes(project.id))!;
  const batch = object.split("/").at(-1)!.split(".")[0]!;
  await worker.run("delete from batch where project = ?", project.id);
  await worker.run("insert into dead_letter values (?, ?, ?, 'was planted', 1, ?)", project.id, batch, object, Date.now());
  const { page } = await member(project);
  await page.goto("/settings");
  await page.getByText("was planted").waitFor();
  await page.getByRole("button", { name: "Replay", exact: true }).click();
  await soon(async () => {
    await page.reload();
    expect(await page.getByText("None: every batch was written.").count()).toBe(1);
  });
});

test("it is accessible in both themes, and as wide as the screen", async () => {
  const project = await administered();
  const long = "no-space-where-it-could-be-broken-".repeat(8);
  await worker.run("insert into dead_letter values (?, ?, 'o', ?, 1, ?)", project.id, "f".repeat(32), long, Date.now());
  await worker.run(
    "insert into stat (project, hour_ms, rejected_validation, rejected_quota) values (?, ?, 1234567, 3)",
    project.id,
    Date.now() - 7_200_000,
  );
  for (const [width, colorScheme] of [
    [320, "light"],
    [390, "dark"],
    [1280, "light"],
    [1920, "dark"],
  ] as const) {
    const { page } = await member(project, { viewport: { width, height: 800 }, colorScheme });
    await page.goto("/settings");
    await page.getByRole("button", { name: "Make a key" }).waitFor();
    await page.getByText("Rotate…").first().click();
    await expectUsable(page, `${width}`);
  }
});

test("whoever may only read is offered no change", async () => {
  const { page } = await member(await worker.project("strict", "read"));
  await page.goto("/settings");
  await page.getByText("Changes take a key of the scope admin.").waitFor();
  expect(await page.locator("main button").count()).toBe(0);
});
