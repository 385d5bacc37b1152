// `npm run usage`, `npm run routing` and `npm run evaluators` against a server that `npm start` serves: what they
// show and do, and how they say no. What the API takes and refuses is in tests/http.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Checkout } from "../support/checkout.ts";

// Each start takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let checkout: Checkout;
let url = "";

const server = () => ({ PORT: new URL(url).port });
const run = (script: string, ...args: string[]) => checkout.run(script, args, server());

/** What a command prints that must succeed. */
const done = async (script: string, ...args: string[]) => (await checkout.done(script, args, server())).out;

const json = async (script: string, ...args: string[]) => JSON.parse(await done(script, ...args, "--json"));

beforeAll(async () => {
  checkout = new Checkout();
  ({ url } = await checkout.serve());
});
afterAll(() => checkout.close());

const PROJECT = ["--project", "shop"];
const CONFIG = JSON.stringify({
  defaultModel: "small",
  rules: [{ name: "all", condition: { type: "always" }, model: "large", priority: 1 }],
});

test("`usage` shows each project's months, this one first", async () => {
  const key = (await done("keys", "create", ...PROJECT)).trim();
  const batch = ["a", "b"].map((id) => ({ type: "trace-create", body: { id, name: "n" } }));
  const sent = await fetch(`${url}/api/v1/traces`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ batch }),
  });
  expect(sent.status).toBe(201);
  const month = new Date().toISOString().slice(0, 7);
  await vi.waitFor(
    async () => {
      const [now, ...before] = await json("usage", "--months", "3", ...PROJECT);
      expect(now).toMatchObject({ month, traceCount: 2, spanCount: 0, evalRunCount: 0 });
      expect(before).toHaveLength(2);
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(await json("usage")).toHaveLength(12);
  const table = await done("usage", "--months", "1");
  expect(table).toContain(month);
  expect(await run("usage", "--project", "nobody")).toMatchObject({ code: 1, said: expect.stringMatching(/no project nobody/) });
});

test("`routing` makes, lists, changes and deletes configurations", async () => {
  const made = await json("routing", "create", ...PROJECT, "--name", "default", "--config", CONFIG);
  expect(made).toMatchObject({ name: "default", enabled: true, defaultModel: "small", warnings: [] });
  const again = await run("routing", "create", ...PROJECT, "--name", "default", "--config", CONFIG);
  expect([again.code, again.said]).toEqual([1, expect.stringMatching(/409: .*named default already/)]);
  const wrong = await run("routing", "create", ...PROJECT, "--name", "other", "--config", "{}");
  expect([wrong.code, wrong.said]).toEqual([1, expect.stringMatching(/400: defaultModel: required/)]);

  expect(await done("routing", "list", ...PROJECT)).toContain(made.id);
  expect(await done("routing", "update", made.id, ...PROJECT, "--disable")).toContain("disabled");
  const changed = await run("routing", "update", made.id, ...PROJECT, "--config", '{"defaultModel":"tiny","odd":1}');
  expect(changed.said).toContain("warning: odd: unknown, ignored");
  expect(await json("routing", "list", ...PROJECT)).toMatchObject([
    { id: made.id, name: "default", enabled: false, defaultModel: "tiny", rules: [{ name: "all" }] },
  ]);
  await done("routing", "delete", made.id, ...PROJECT);
  expect(await json("routing", "list", ...PROJECT)).toEqual([]);
  expect((await run("routing", "delete", made.id, ...PROJECT)).code).toBe(1);
});

test("`evaluators` makes, lists, runs, changes and deletes evaluators", async () => {
  const create = ["evaluators", "create", ...PROJECT, "--name", "polite", "--type", "CONTAINS"] as const;
  const made = await json(...create, "--config", '{"value":"please"}', "--target", "span", "--filter", '{"spanTypes":["TOOL"]}');
  expect(made).toMatchObject({ name: "polite", version: 1, target: "span", filter: { spanTypes: ["TOOL"] }, warnings: [] });
  const again = await run(...create, "--config", '{"value":"please"}');
  expect([again.code, again.said]).toEqual([1, expect.stringMatching(/409: .*named polite already/)]);
  const wrong = await run(...create, "--config", "{}");
  expect([wrong.code, wrong.said]).toEqual([1, expect.stringMatching(/400: config.value: required/)]);
  expect(await done("evaluators", "list", ...PROJECT)).toContain(made.id);
  expect(await done("evaluators", "run", made.id, ...PROJECT, "--trace", "a", "--trace", "b")).toContain("judges 2");
  expect(await done("evaluators", "update", made.id, ...PROJECT, "--disable", "--sample", "0.5")).toContain("disabled");
  expect(await json("evaluators", "list", ...PROJECT)).toMatchObject([{ id: made.id, enabled: false, sampleRate: 0.5, version: 1 }]);
  await done("evaluators", "delete", made.id, ...PROJECT);
  expect(await json("evaluators", "list", ...PROJECT)).toEqual([]);
});

describe("says what is wrong in a line, and does nothing", () => {
  test.each([
    ["usage", ["--months", "25"], /--months must be 1 to 24/],
    ["usage", ["--months", "0"], /--months must be/],
    ["usage", ["--project", "a b"], /--project must be/],
    ["usage", ["--year", "2026"], /--year/],
    ["usage", ["november"], /november/],
    ["routing", [], /which command/],
    ["routing", ["destroy", ...PROJECT], /which command/],
    ["routing", ["constructor", ...PROJECT], /which command/],
    ["routing", ["list"], /list needs --project/],
    ["routing", ["list", ...PROJECT, "--force"], /--force/],
    ["routing", ["list", "rc_1", ...PROJECT], /list takes no ID/],
    ["routing", ["list", ...PROJECT, "--enable"], /list takes no --name/],
    ["routing", ["create", ...PROJECT, "--name", "n"], /create needs --name and --config/],
    ["routing", ["create", ...PROJECT, "--name", "n", "--config", "{"], /--config is no JSON/],
    ["routing", ["create", ...PROJECT, "--name", "n", "--config", "[]"], /--config must be a JSON object/],
    ["routing", ["update", ...PROJECT, "--disable"], /update needs an ID/],
    ["routing", ["update", "rc_1", ...PROJECT], /update what/],
    ["routing", ["update", "rc_1", ...PROJECT, "--enable", "--disable"], /--enable or --disable/],
    ["routing", ["delete", "../keys", ...PROJECT], /ID must be/],
    ["evaluators", [], /which command/],
    ["evaluators", ["list"], /list needs --project/],
    ["evaluators", ["list", ...PROJECT, "--force"], /--force/],
    ["evaluators", ["list", ...PROJECT, "--enable"], /list takes nothing/],
    ["evaluators", ["create", ...PROJECT, "--name", "n"], /create needs --name and --type/],
    ["evaluators", ["create", ...PROJECT, "--name", "n", "--type", "T", "--config", "{"], /--config is no JSON/],
    ["evaluators", ["update", "ev_1", ...PROJECT], /update what/],
    ["evaluators", ["update", "ev_1", ...PROJECT, "--sample", "x"], /--sample must be a number/],
    ["evaluators", ["update", "ev_1", ...PROJECT, "--on-request", "--on-arrival"], /--on-request or --on-arrival/],
    ["evaluators", ["run", "ev_1", ...PROJECT], /run needs --trace/],
    ["evaluators", ["delete", "../keys", ...PROJECT], /ID must be/],
  ])("%s %j", async (script, args, message) => {
    const { code, out, said } = await run(script, ...args);
    expect([code, out]).toEqual([1, ""]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^ +at /m);
  });

  test.each(["usage", "routing", "evaluators"])("%s --help is no mistake", async (script) => {
    const { code, out } = await run(script, "--help");
    expect([code, out]).toEqual([0, expect.stringMatching(new RegExp(`Usage: npm run ${script}`))]);
  });
});

test("`budgets` makes, lists, changes and deletes budgets", async () => {
  const made = await json("budgets", "add", ...PROJECT, "--user", "*", "--period", "day", "--usd", "2.5");
  expect(made).toMatchObject({ subjectKind: "user", subject: "*", period: "day", limitUsd: 2.5, limitTokens: null });
  await done("budgets", "set", made.id, ...PROJECT, "--tokens", "100", "--usd", "0");
  expect(await json("budgets", "list", ...PROJECT)).toMatchObject([{ id: made.id, limitUsd: null, limitTokens: 100 }]);
  expect(await done("budgets", "list", ...PROJECT)).toContain("user *");
  expect(await run("budgets", "add", ...PROJECT, "--period", "week", "--usd", "1")).toMatchObject({
    code: 1,
    said: expect.stringMatching(/unknown variant `week`/),
  });
  expect(await done("budgets", "remove", made.id, ...PROJECT)).toContain("Deleted");
  expect(await json("budgets", "list", ...PROJECT)).toEqual([]);
});

test("`alerts` says why none can be made here, and lists none", async () => {
  const rule = ["--kind", "noTraces", "--threshold", "30", "--url", "https://hooks.example/x"];
  expect(await run("alerts", "add", ...PROJECT, ...rule)).toMatchObject({
    code: 1,
    said: expect.stringMatching(/the operator has not set ALERT_HOSTS/),
  });
  expect(await json("alerts", "list", ...PROJECT)).toEqual([]);
});
