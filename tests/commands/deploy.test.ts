// `npm run deploy` with a stand-in for wrangler: what it makes under which name,
// and in which order. What wrangler itself makes of it only an account can tell.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Checkout } from "../support/checkout.ts";

vi.setConfig({ testTimeout: 120_000 });

let checkout: Checkout;

/** Notes what it is asked; knows a database once it has been made. */
const WRANGLER = `#!/bin/sh
echo "$*" >> asked
case "$1 $2" in
  "whoami --json") test ! -e nobody ;;
  "d1 info") test -e made ;;
  "d1 create") echo "$3" > made ;;
  "d1 migrations") test ! -e unmigrated ;;
  "deploy ") echo '{"type":"deploy","targets":["https://edgespan.acme.workers.dev","schedule: * * * * *"]}' > "$WRANGLER_OUTPUT_FILE_PATH" ;;
  "secret list") if test -e secret; then echo '[{"name":"ADMIN_TOKEN","type":"secret_text"}]'; else echo '[]'; fi ;;
  "secret put") cat > secret ;;
esac
`;

beforeAll(() => {
  checkout = new Checkout();
  checkout.program("wrangler", WRANGLER);
});
beforeEach(() => {
  for (const name of ["asked", "made", "nobody", "unmigrated", "secret", ".edgespan/deployment.json"])
    rmSync(checkout.path(name), { force: true });
  writeFileSync(checkout.path("wrangler.toml"), readFileSync("wrangler.toml"));
});
afterAll(() => checkout.close());

const asked = () => (existsSync(checkout.path("asked")) ? readFileSync(checkout.path("asked"), "utf8").trim().split("\n") : []);
const put = (name: string) => writeFileSync(checkout.path(name), "");

/** Changes wrangler.toml, each text wherever it stands. */
function rename(names: [string, string][]): void {
  const path = checkout.path("wrangler.toml");
  let text = readFileSync(path, "utf8");
  for (const [from, to] of names) {
    expect(text).toContain(from);
    text = text.replaceAll(from, to);
  }
  writeFileSync(path, text);
}

const LAST = ["d1 migrations apply DB --remote", "deploy", "secret list --format json"];
const FIRST_SECRET = "secret put ADMIN_TOKEN";

test("the first time: the database, its migrations, then the code", async () => {
  const { said } = await checkout.done("deploy");
  expect(asked()).toEqual(["whoami --json", "d1 info DB", "d1 create edgespan", ...LAST, FIRST_SECRET]);
  // Kept where `npm run keys -- … --remote` finds it, for its owner alone; never in arguments.
  const noted = checkout.path(".edgespan/deployment.json");
  const token = readFileSync(checkout.path("secret"), "utf8");
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(JSON.parse(readFileSync(noted, "utf8"))).toEqual({ token, url: "https://edgespan.acme.workers.dev" });
  expect(statSync(noted).mode & 0o777).toBe(0o600);
  expect(said + asked().join("\n")).not.toContain(token);
});

test("the next time: no second database, and no second secret", async () => {
  put("made");
  await checkout.done("deploy");
  const token = readFileSync(checkout.path("secret"), "utf8");
  rmSync(checkout.path("asked"));
  await checkout.done("deploy");
  expect(asked()).toEqual(["whoami --json", "d1 info DB", ...LAST]);
  expect(JSON.parse(readFileSync(checkout.path(".edgespan/deployment.json"), "utf8"))).toMatchObject({ token });
});

test("from another folder than the first time: says what keys need", async () => {
  put("made");
  put("secret");
  const { said } = await checkout.done("deploy");
  expect(asked()).toEqual(["whoami --json", "d1 info DB", ...LAST]);
  expect(said).toMatch(/needs EDGESPAN_URL.*ADMIN_TOKEN/);
  expect(existsSync(checkout.path(".edgespan/deployment.json"))).toBe(false);
});

test("whoever renames things gets them under their new names, and under no other", async () => {
  rename([
    ['database_name = "edgespan"', 'database_name = "traces-of-acme"'],
    ["edgespan-batches", "acme-batches"],
    ["edgespan-dead-letters", "acme-dead-letters"],
  ]);
  await checkout.done("deploy");
  expect(asked()).toEqual(["whoami --json", "d1 info DB", "d1 create traces-of-acme", ...LAST, FIRST_SECRET]);
});

test("what fails ends it there: no code without its migrations", async () => {
  put("unmigrated");
  const { code, said } = await checkout.run("deploy");
  expect([code, asked().at(-1)], said).toEqual([1, LAST[0]]);
});

describe("says what is wrong before anything is made", () => {
  test("nobody is logged in", async () => {
    put("nobody");
    const { code, said } = await checkout.run("deploy");
    expect([code, asked()]).toEqual([1, ["whoami --json"]]);
    expect(said).toMatch(/npx wrangler login/);
  });

  test.each([
    [
      "a queue renamed in one place only",
      'dead_letter_queue = "edgespan-dead-letters"',
      'dead_letter_queue = "acme-dead"',
      /the queue acme-dead /,
    ],
    [
      "a consumer of another queue",
      '[[queues.consumers]]\nqueue = "edgespan-batches"',
      '[[queues.consumers]]\nqueue = "acme"',
      /the queue acme /,
    ],
    ["a database without a name", 'database_name = "edgespan"', "", /no database_name/],
  ])("%s", async (_, from, to, message) => {
    rename([[from, to]]);
    const { code, said } = await checkout.run("deploy");
    expect([code, asked()], said).toEqual([1, []]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^ +at /m);
  });
});
