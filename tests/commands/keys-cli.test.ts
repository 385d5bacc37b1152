// `npm run keys` against a server that `npm start` serves: which keys work, what the
// projects are set to, and how the command says no. What the operator's API itself
// takes and refuses is in requests.rs.
import { existsSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { operatorToken } from "../../scripts/local.mjs";
import { Checkout, type Ended } from "../support/checkout.ts";
import { freePort } from "../support/ports.mjs";

// Each start takes seconds, and more beside other tests.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let checkout: Checkout;
let url = "";

const server = (): Record<string, string> => (url ? { PORT: new URL(url).port } : {});
const keys = (...args: string[]) => checkout.run("keys", args, server());

/** A command that must succeed; the key that it shows, if it does. */
async function done(...args: string[]): Promise<Ended & { key: string; id: string }> {
  const ended = await checkout.done("keys", args, server());
  return { ...ended, key: ended.out.trim(), id: /key_[a-z0-9]+/.exec(ended.said)?.[0] ?? "" };
}

const listed = async (project: string) => JSON.parse((await done("list", "--project", project, "--json")).out);

/** What a key gets that sends a batch of a good event and a bad one. */
async function send(key: string): Promise<{ status: number; json: any }> {
  const good = { type: "trace-create", body: { id: "t", name: "n" } };
  const response = await fetch(`${url}/api/v1/traces`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ batch: [good, { type: "trace-create", body: {} }] }),
  });
  return { status: response.status, json: await response.json() };
}

const STRICT = { status: 400, json: { error: { code: "VALIDATION_ERROR" } } };
const LENIENT = { status: 201, json: { accepted: 1, rejected: 1 } };
const REFUSED = { status: 401 };

beforeAll(() => {
  checkout = new Checkout();
});
afterAll(() => checkout.close());

test("before the first start it says what to do, and makes nothing", async () => {
  const port = String(await freePort());
  for (const args of [
    ["create"],
    ["list"],
    ["revoke", "--id", "key_1"],
    ["rotate", "--id", "key_1"],
    ["configure", "--handling", "strict"],
  ]) {
    const { code, said } = await checkout.run("keys", [...args, "--project", "shop"], { PORT: port });
    expect([code, said]).toEqual([1, expect.stringMatching(/does not answer: `PORT=\d+ npm start`/)]);
  }
  expect(existsSync(checkout.path(".edgespan/state"))).toBe(false);
  ({ url } = await checkout.serve());
});

/** The keys of the tests below, which go on from one another. */
const made: Record<"first" | "next" | "second" | "beside" | "other", { key: string; id: string }> = {} as never;

test("`create` shows a key once, on the standard output alone; `list` shows what is kept of it", async () => {
  const created = [
    await done("create", "--project", "shop"),
    await done("create", "--project", "shop", "--name", "second"),
    await done("create", "--project", "other", "--handling", "lenient", "--scopes", "admin"),
  ] as const;
  [made.first, made.second, made.other] = created;
  for (const { out, said } of created) {
    expect(out).toMatch(/^ts_[A-Za-z0-9_-]{43}\n$/);
    expect(said).toMatch(/shown this once/);
  }
  const { project, keys } = await listed("shop");
  expect(project).toMatchObject({ name: "shop", handling: "strict" });
  expect(keys).toMatchObject([
    { id: made.first.id, name: "default", scopes: "ingest,read", revokedAt: null, rotatedFrom: null },
    { id: made.second.id, name: "second", revokedAt: null, rotatedFrom: null },
  ]);
  expect((await listed("other")).keys).toMatchObject([{ id: made.other.id, scopes: "admin" }]);
  const table = await done("list", "--project", "shop");
  for (const { id, key } of [made.first, made.second]) {
    expect(table.out).toContain(id);
    expect(table.out).not.toContain(key);
  }
});

test("`rotate` makes a key that takes over, at once or later; `revoke` ends one", async () => {
  made.next = await done("rotate", "--project", "shop", "--id", made.first.id);
  made.beside = await done("rotate", "--project", "shop", "--id", made.second.id, "--keep-old", "--name", "third");
  expect((await done("revoke", "--project", "shop", "--id", made.next.id)).out).toBe("");
  const { keys } = await listed("shop");
  expect(Object.fromEntries(keys.map((key: any) => [key.id, key]))).toMatchObject({
    [made.first.id]: { revokedAt: expect.any(String) },
    [made.next.id]: { revokedAt: expect.any(String), rotatedFrom: made.first.id, name: "default" },
    [made.second.id]: { revokedAt: null },
    [made.beside.id]: { revokedAt: null, rotatedFrom: made.second.id, name: "third" },
  });
  expect(keys).toHaveLength(4);
});

test.each([
  ["what is over is over", "rotate", "shop", "first"],
  ["a key of another project is none", "revoke", "other", "second"],
] as const)("%s", async (_, command, project, which) => {
  const { code, out, said } = await keys(command, "--project", project, "--id", made[which].id);
  expect([code, out, said]).toEqual([1, "", expect.stringMatching(/no key key_\w+ that is not revoked/)]);
});

test("`configure` sets a project, and no project that is not there", async () => {
  await done("configure", "--project", "shop", "--handling", "lenient");
  await done("configure", "--project", "other", "--handling", "strict", "--rate-limit", "100");
  expect(await keys("configure", "--project", "nobody", "--handling", "strict")).toMatchObject({
    code: 1,
    said: expect.stringMatching(/no project nobody/),
  });
});

test("the Worker takes the keys that live, and only those, as their projects are set", async () => {
  for (const [what, which, answer] of [
    ["a rotated key", "first", REFUSED],
    ["its successor, revoked", "next", REFUSED],
    ["a key that was kept", "second", LENIENT],
    ["the one beside it", "beside", LENIENT],
    ["a key of another project", "other", STRICT],
  ] as const) {
    expect(await send(made[which].key), what).toMatchObject(answer);
  }
  // And the limit holds: more than a hundred at once are too many, until the
  // next ten seconds begin, so perhaps only the second time.
  const look = (key: string) => fetch(`${url}/api/v1/traces?limit=1`, { headers: { authorization: `Bearer ${key}` } });
  await vi.waitFor(
    async () => {
      const answers = await Promise.all(Array.from({ length: 120 }, () => look(made.other.key)));
      const refused = answers.find(({ status }) => status === 429);
      expect(refused?.headers.get("ratelimit-limit")).toBe("100");
    },
    { timeout: 120_000 },
  );
});

test("with --remote it asks the deployment that was noted here, or the environment's", async () => {
  const [port, token] = [new URL(url).port, operatorToken({ state: checkout.path(".edgespan/state") })];
  const list = (env: Record<string, string>) =>
    checkout.run("keys", ["list", "--project", "shop", "--remote"], { EDGESPAN_URL: "", ADMIN_TOKEN: "", ...env });
  expect(await list({})).toMatchObject({ code: 1, said: expect.stringMatching(/npm run deploy.*EDGESPAN_URL.*ADMIN_TOKEN/) });
  const there = { EDGESPAN_URL: `http://localhost:${port}/`, ADMIN_TOKEN: token };
  expect((await list(there)).out).toContain(made.second.id);
  expect(await list({ ...there, ADMIN_TOKEN: "other" })).toMatchObject({
    code: 1,
    said: expect.stringMatching(/401: this is for the operator/),
  });
  writeFileSync(checkout.path(".edgespan/deployment.json"), JSON.stringify({ url, token }));
  expect((await checkout.run("keys", ["list", "--project", "shop", "--remote"])).out).toContain(made.second.id);
});

describe("says what is wrong in a line, and does nothing", () => {
  const project = ["--project", "shop"];
  test.each([
    ["no command", [], /which command/],
    ["a command that is none", ["destroy", ...project], /which command/],
    ["two commands", ["create", "list", ...project], /which command/],
    ["a property of every object", ["constructor", ...project], /which command/],
    ["no project", ["create"], /create needs --project/],
    ["no key", ["revoke", ...project], /revoke needs --id/],
    ["nothing to configure", ["configure", ...project], /configure what/],
    ["an option that is none", ["create", ...project, "--force"], /--force/],
    ["an option without its value", ["create", "--project"], /--project/],
    ["a scope that is none", ["create", ...project, "--scopes", "write"], /--scopes must be some of ingest, read, admin/],
    ["a handling that is none", ["configure", ...project, "--handling", "loose"], /--handling must be strict or lenient/],
    ["a limit that is none", ["configure", ...project, "--rate-limit", "5"], /--rate-limit must be 0, 100/],
    ["a project's name with a quote", ["create", "--project", "shop'; drop table api_key; --"], /--project must be/],
    ["a project's name with a double quote", ["list", "--project", 'shop" or "1'], /--project must be/],
    ["a project's name with a line's end", ["list", "--project", "shop\n"], /--project must be/],
    ["an empty project's name", ["list", "--project", ""], /--project must be/],
    ["a project's name that is too long", ["list", "--project", "x".repeat(65)], /--project must be/],
    ["a key's name with a quote", ["create", ...project, "--name", "it's mine"], /--name must be/],
    ["a key's id with a quote", ["revoke", ...project, "--id", "key_1' or '1'='1"], /--id must be/],
    ["a key in the place of its id", ["revoke", ...project, "--id", "ts_secret"], /--id must be/],
  ])("%s", async (_, args, message) => {
    const { code, out, said } = await keys(...(args as string[]));
    expect([code, out]).toEqual([1, ""]);
    expect(said).toMatch(message as RegExp);
    expect(said).not.toMatch(/^ +at /m);
  });

  test("--help is no mistake", async () => {
    expect((await done("--help")).out).toMatch(/Usage: npm run keys/);
  });
});
