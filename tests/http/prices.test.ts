// Costs of calls that came without one, through the built Worker: by the table, by a project's
// own prices, and by others once they are replayed.
import { expect, test } from "vitest";
import { spanCreate } from "../support/events.ts";
import { eventually, useWorker, type Project } from "../support/worker.ts";

const worker = useWorker();

const call = (id: string, more: object = {}) =>
  spanCreate({ id, traceId: "t", type: "LLM", model: "gpt-4o-2024-08-06", usage: { promptTokens: 1000, completionTokens: 500 }, ...more });

const admin = () => worker.project("strict", "admin");
const put = (project: Project, price: object) => project.json("PUT", "/api/v1/prices", price);

async function costs(project: Project): Promise<[string, number | null, string | null][]> {
  const trace = (await project.trace("t")).json.data;
  return trace.spans.map((span: any) => [span.id, span.cost, span.costSource]).sort();
}

test("a call without a cost gets one, one that was sent stays, and the total in lists is that of both", async () => {
  const project = await worker.project();
  await project.send(call("a"), call("b", { cost: 0 }), call("c", { model: "my-deployment-4o" }));
  const [listed] = await project.listWith(1);
  expect(listed?.totalCost).toBe("0.0075");
  expect(await costs(project)).toEqual([
    ["a", 0.0075, "table"],
    ["b", 0, "client"],
    ["c", null, null],
  ]);
  expect((await project.trace("t")).json.data).toMatchObject({ costSources: ["client", "table"], unpricedModels: ["my-deployment-4o"] });
  const span = await project.get("/api/v1/traces/t/spans/a");
  expect(span.json.data).toMatchObject({ cost: 0.0075, costSource: "table" });
});

test("a project's own prices hold for what comes, and a replay applies them to what is there", async () => {
  const [project, other] = [await admin(), await worker.project()];
  for (const tenant of [project, other]) {
    await tenant.send(call("a"), call("c", { model: "My-Deployment-4o" }));
    await tenant.listWith(1);
  }
  const prices = { input: 1, output: 2, cacheRead: 0.1 };
  const set = await put(project, { pattern: " My-Deployment-* ", prices });
  expect(set, set.text).toMatchObject({ status: 200, json: { data: { pattern: "my-deployment-*", from: null, prices } } });
  expect((await put(project, { pattern: "gpt-4o*", from: "2099-01-01", prices })).status).toBe(200);
  const listed = await project.get("/api/v1/prices");
  expect(listed.json.data.prices.map(({ pattern, from }: any) => [pattern, from])).toEqual([
    ["gpt-4o*", "2099-01-01"],
    ["my-deployment-*", null],
  ]);
  expect(listed.json.data.table).toMatchObject({ source: expect.stringMatching(/^genai-prices /), models: expect.any(Number) });
  expect((await other.get("/api/v1/prices")).json.data.prices).toEqual([]);

  for (const key of await project.objects()) await worker.bindings.QUEUE.send({ v: 1, key });
  for (const key of await other.objects()) await worker.bindings.QUEUE.send({ v: 1, key });
  await eventually(async () =>
    expect(await costs(project)).toEqual([
      ["a", 0.0075, "table"],
      ["c", 0.002, "project"],
    ]),
  );
  expect((await project.list()).traces[0]?.totalCost).toBe("0.0095");
  expect((await other.list()).traces[0]?.totalCost).toBe("0.0075");

  const gone = await project.request("/api/v1/prices?pattern=my-deployment-*", { method: "DELETE" });
  expect(gone, gone.text).toMatchObject({ status: 200, json: { data: null, error: null } });
  expect((await project.request("/api/v1/prices?pattern=my-deployment-*", { method: "DELETE" })).status).toBe(404);
});

test("prices are set by keys of the scope admin, and a bad one is named", async () => {
  const prices = { input: 1, output: 2 };
  expect((await put(await worker.project(), { pattern: "m", prices })).status).toBe(403);
  const project = await admin();
  for (const [price, path] of [
    [{ pattern: "", prices }, "pattern"],
    [{ pattern: "a*b", prices }, "pattern"],
    [{ pattern: "m".repeat(257), prices }, "pattern"],
    [{ pattern: "m", from: "yesterday", prices }, "from"],
    [{ pattern: "m", from: "2026-02-30", prices }, "from"],
    [{ pattern: "m", prices: { input: -1, output: 2 } }, "prices"],
    [{ pattern: "m", prices: { input: 1, output: 2e6 } }, "prices"],
    [{ pattern: "m", prices: { input: 1 } }, "prices"],
    [{ pattern: "m", prices: { ...prices, cached: 1 } }, "prices"],
    [{ pattern: "m" }, "prices"],
    [{ pattern: "m", prices, model: "m" }, "body"],
    [[], "body"],
  ] as const) {
    const refused = await put(project, price);
    expect(refused, refused.text).toMatchObject({ status: 400, json: { error: { details: [{ path }] } } });
  }
  expect((await project.get("/api/v1/prices")).json.data.prices).toEqual([]);
});
