// `npm run replay`, against a server that answers as the Worker does: what it
// asks, that it goes on to the end, what it counts, and how it says no. That
// replaying does what it should is in replay.rs and faults.test.ts.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { operatorFile, operatorToken } from "../../scripts/local.mjs";
import { useStub } from "../support/stub.ts";

/** What the server answers, one after the other, and what it was asked. */
let answers: [number, string][] = [];
const stub = await useStub((response) => {
  const [status, body] = answers.shift() ?? [500, "no answer is left"];
  response.writeHead(status).end(body);
});
const asked = (): Record<string, any>[] =>
  stub.asked.map(({ method, path, headers, body }) => ({ method, path, token: headers.authorization, ...body }));
const step = (matched: number, next: string | null, queued = matched): [number, string] => [
  200,
  JSON.stringify({ data: { matched, queued, next, reached: Date.parse("2026-03-14T12:00:00Z") }, error: null }),
];

beforeEach(() => {
  answers = [];
});

const replay = (args: string[], env: Record<string, string> = {}) => replayAt(["--remote", ...args], env);

async function replayAt(args: string[], env: Record<string, string>) {
  const child = spawn("node", ["scripts/replay.mjs", ...args], {
    env: { ...process.env, EDGESPAN_URL: `${stub.url}/`, ADMIN_TOKEN: "secret", TZ: "Asia/Kolkata", ...env },
  });
  let [out, said] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (said += text));
  const code = await new Promise((done) => child.on("close", done));
  return { code, out, said };
}

test("goes on where the last step stopped, and counts", async () => {
  answers = [step(1_000, "raw/a"), step(1_000, "raw/b", 990), step(7, null)];
  const { code, out } = await replay(["--since", "2026-03-14", "--until", "2026-03-15 12:30"]);
  expect([code, out.trim()]).toEqual([0, "1997 batches queued"]);
  // Times without an offset are UTC, wherever this runs.
  const request = {
    method: "POST",
    path: "/api/v1/admin/replay",
    token: "Bearer secret",
    since: "2026-03-14T00:00:00.000Z",
    until: "2026-03-15T12:30:00.000Z",
    dryRun: false,
  };
  expect(asked()).toEqual([request, { ...request, after: "raw/a" }, { ...request, after: "raw/b" }]);
});

test("only counts when asked to, and replays up to now when not told", async () => {
  answers = [step(12, null, 0)];
  const before = Date.now();
  const { code, out } = await replay(["--dry-run", "--since", "1970-01-01T05:30:00+05:30"]);
  expect([code, out.trim()]).toEqual([0, "12 batches would be queued"]);
  expect(asked()).toMatchObject([{ since: "1970-01-01T00:00:00.000Z", dryRun: true }]);
  expect(Date.parse(asked()[0]!.until)).toBeGreaterThanOrEqual(before);
});

describe("locally", () => {
  const states: string[] = [];
  const state = () => {
    states.push(mkdtempSync(join(tmpdir(), "edgespan-state-")));
    return join(states.at(-1)!, "state");
  };
  afterAll(() => states.forEach((folder) => rmSync(folder, { recursive: true })));
  const local = (STATE_DIR: string) => replayAt(["--since", "2026-03-14"], { STATE_DIR, PORT: new URL(stub.url).port });
  const make = (folder: string) => operatorToken({ state: folder, make: true }) as string;

  test("it has the secret of its state folder: random, kept, and for its owner's eyes", async () => {
    const [one, other] = [state(), state()];
    const token = make(one);
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(make(one)).toBe(token);
    expect(make(other)).not.toBe(token);
    expect(statSync(operatorFile(one)).mode & 0o777).toBe(0o600);
    answers = [step(3, null)];
    expect(await local(one)).toMatchObject({ code: 0 });
    expect(asked()).toMatchObject([{ token: `Bearer ${token}` }]);
  });

  test("with another state folder it says so, and asks nothing", async () => {
    expect(await local(state())).toMatchObject({ code: 1, said: expect.stringMatching(/STATE_DIR/) });
    expect(asked()).toEqual([]);
  });
});

describe("says what is wrong, in a line and without a stack", () => {
  const since = ["--since", "2026-03-14"];
  test.each([
    ["no range", [], /--since is missing/],
    ["a time that is none", ["--since", "yesterday"], /--since: expected a time/],
    ["a day that is none", ["--since", "2026-02-30"], /--since: expected a time/],
    ["a range that ends before it begins", [...since, "--until", "2026-03-13"], /later than --since/],
    ["a project that cannot be one", [...since, "--project", "x'; drop table span"], /--project/],
    ["an option that is none", [...since, "--force"], /--force/],
  ])("%s: nothing is asked", async (_, args, message) => {
    const { code, out, said } = await replay(args);
    expect([code, out]).toEqual([1, ""]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^ +at /m);
    expect(asked()).toEqual([]);
  });

  test.each([
    ["a wrong secret", 401, '{"data":null,"error":{"message":"this is for the operator"}}', /401: this is for the operator/],
    ["storage that is away", 503, '{"data":null,"error":{"message":"try again"}}', /503: try again/],
    ["another server", 502, "<html>", /502/],
  ])("%s, also after a step", async (_, status, body, message) => {
    answers = [step(5, "raw/a"), [status, body]];
    const { code, out, said } = await replay(since);
    expect([code, out]).toEqual([1, ""]);
    expect(said).toMatch(message);
    expect(said).not.toMatch(/^ +at /m);
  });

  test("no server, and no way to one", async () => {
    expect(await replay(since, { EDGESPAN_URL: "http://localhost:1" })).toMatchObject({
      code: 1,
      said: expect.stringMatching(/does not answer/),
    });
    expect(await replay(since, { ADMIN_TOKEN: "" })).toMatchObject({ code: 1, said: expect.stringMatching(/ADMIN_TOKEN/) });
  });
});
