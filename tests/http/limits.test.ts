// Limits that protect: how often a key may ask, reads apart from writes, and
// how many keys an address may guess before nobody looks them up any more.
// Windows are the wall clock's: whatever must fall into one is sent again,
// with another key, when it did not.
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { unstable_readConfig } from "wrangler";
import { useWorker, type TestWorker, type Project } from "../support/worker.ts";
import { traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import type { Answer } from "../support/http.ts";

const worker = useWorker({ main: "./tests/support/faulty-entry.mjs", limited: true });
const TRACES = "/api/v1/traces";
const WINDOW_MS = 10_000;
const window = () => Math.floor(Date.now() / WINDOW_MS);

/** A project whose keys may make so many requests in a window. */
async function limited(to: number): Promise<Project> {
  const project = await worker.project();
  await worker.run("update project set rate_limit = ? where id = ?", to, project.id);
  return project;
}

/** Does what must happen within one window until it does. */
async function withinAWindow<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; tries < 5; tries++) {
    const began = window();
    const result = await attempt();
    if (window() === began) return result;
  }
  throw new Error("five times, a window ended meanwhile");
}

/** So many requests, twenty at a time. */
async function many(count: number, request: (n: number) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  while (answers.length < count) {
    const some = Array.from({ length: Math.min(20, count - answers.length) }, (_, n) => request(answers.length + n));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

const statuses = (answers: Answer[]) => {
  const counted: Record<number, number> = {};
  for (const { status } of answers) counted[status] = (counted[status] ?? 0) + 1;
  return counted;
};

/** A write that is counted and costs little. */
const write = (project: Project) => () => project.post("{}");
const read = (project: Project) => () => project.get(`${TRACES}?limit=1`);

describe("a key of 100 requests in 10 seconds", () => {
  test("the 101st is 429, and says when to come again", async () => {
    const answers = await withinAWindow(async () => many(101, write(await limited(100))));
    expect(statuses(answers)).toEqual({ 400: 100, 429: 1 });
    const answer = answers.find(({ status }) => status === 429)!;
    const { message } = expectFailure(answer, 429, "RATE_LIMIT_EXCEEDED");
    expect(message).toContain("100");
    expect(answer.headers).toMatchObject({ "ratelimit-limit": "100", "ratelimit-remaining": "0" });
    for (const name of ["retry-after", "ratelimit-reset"]) {
      const seconds = Number(answer.headers[name]);
      expect(seconds, name).toBeGreaterThan(0);
      expect(seconds, name).toBeLessThanOrEqual(10);
    }
    expect(answer.headers["access-control-expose-headers"]).toMatch(/retry-after.*ratelimit-reset/);
  });

  test("nothing of a batch that is refused for it is stored", async () => {
    const [answer, project] = await withinAWindow(async () => {
      const project = await limited(100);
      await many(100, write(project));
      return [await project.post({ batch: [traceCreate()] }), project] as const;
    });
    expectFailure(answer, 429, "RATE_LIMIT_EXCEEDED");
    expect(await project.objects()).toEqual([]);
  });

  test("reads are counted apart: too many of them keep nobody from writing", async () => {
    const [reads, written] = await withinAWindow(async () => {
      const project = await limited(100);
      const paths = [`${TRACES}?limit=1`, `${TRACES}/none`, "/api/v1/stats", "/api/v1/dead-letters"];
      return [await many(104, (n) => project.get(paths[n % 4]!)), await project.post({ batch: [traceCreate()] })] as const;
    });
    expect(statuses(reads)[429]).toBe(4);
    expect(written.status, written.text).toBe(201);
  });

  test("writes keep nobody from reading", async () => {
    const [writes, found] = await withinAWindow(async () => {
      const project = await limited(100);
      return [await many(102, write(project)), await read(project)()] as const;
    });
    expect(statuses(writes)[429]).toBe(2);
    expect(found.status, found.text).toBe(200);
  });

  test("another key, of this project or another, is none the worse; health never is", async () => {
    const [answers, over] = await withinAWindow(async () => {
      const [project, other] = [await limited(100), await limited(100)];
      await many(100, write(project));
      const over = await write(project)();
      project.key = await project.newKey();
      return [[await write(project)(), await write(other)(), await worker.request("/api/v1/health")], over] as const;
    });
    expect(over.status).toBe(429);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 200]);
  });

  test("the next window begins anew", async () => {
    const project = await limited(100);
    const over = await withinAWindow(() => many(101, write(project)));
    expect(statuses(over)[429]).toBeGreaterThan(0);
    const began = window();
    for (let answer = over.at(-1)!; answer.status === 429; answer = await write(project)()) {
      expect(window() - began).toBeLessThanOrEqual(2);
    }
  });
});

describe("other limits", () => {
  test("each binding lets through what its name says, in the window that is announced", () => {
    const { ratelimits } = unstable_readConfig({ config: "./wrangler.toml" });
    expect(ratelimits.map(({ name, simple }: Record<string, unknown>) => [name, simple])).toEqual(
      [100, 1_000, 10_000].map((limit) => [`LIMIT_${limit}`, { limit, period: WINDOW_MS / 1_000 }]),
    );
    expect(new Set(ratelimits.map(({ namespace_id }: Record<string, unknown>) => namespace_id)).size).toBe(3);
  });

  // A thousand requests take longer than a window on a small machine.
  test.each([1_000, 10_000, 0])("%i: more than 100 are let through", async (limit) => {
    const answers = await withinAWindow(async () => many(150, write(await limited(limit))));
    expect(statuses(answers)).toEqual({ 400: 150 });
  });

  test("health has none", async () => {
    expect(statuses(await many(300, () => worker.request("/api/v1/health")))).toEqual({ 200: 300 });
  });
});

describe("guessing keys", () => {
  /** How often keys were looked up in D1 so far. */
  const lookUps = async (on: TestWorker): Promise<number> => (await on.request("/__faults")).json["DB.first"] ?? 0;
  const guess = (address: string) => () =>
    worker.request(TRACES, {
      headers: { authorization: `Bearer ts_${randomBytes(32).toString("base64url")}`, "cf-connecting-ip": address },
    });
  /** In how many windows it was done: never so many that each guess could be let through. */
  const windowsSince = (began: number) => {
    const windows = window() - began + 1;
    expect(windows).toBeLessThanOrEqual(4);
    return windows;
  };
  let addresses = 0;
  const newAddress = () => `192.0.2.${++addresses}`;

  test("from one address soon reaches D1 no more, and a key in use goes on working", async () => {
    const project = await worker.project();
    expect((await read(project)()).status).toBe(200);
    const before = await lookUps(worker);
    const address = newAddress();
    const began = window();
    const answers = await many(500, guess(address));
    // A hundred a window, and those that were under way.
    expect((await lookUps(worker)) - before).toBeLessThanOrEqual(windowsSince(began) * (100 + 20));
    expect(Object.keys(statuses(answers)).sort()).toEqual(["401", "429"]);
    // Not the last one, which may be the first of another window.
    expectFailure(answers.find(({ status }) => status === 429)!, 429, "RATE_LIMIT_EXCEEDED");
    const theirs = { authorization: `Bearer ${project.key}`, "cf-connecting-ip": address };
    expect((await worker.request(TRACES, { headers: theirs })).status).toBe(200);
  });

  test("from one IPv6 network is from one address", async () => {
    const before = await lookUps(worker);
    const began = window();
    await many(500, (n) => guess(`2001:db8::${n.toString(16)}`)());
    expect((await lookUps(worker)) - before).toBeLessThanOrEqual(windowsSince(began) * (100 + 20));
  });

  test("the same wrong key over and over is looked up once in a while", async () => {
    const before = await lookUps(worker);
    const headers = { authorization: `Bearer ts_${"w".repeat(43)}`, "cf-connecting-ip": newAddress() };
    await many(200, () => worker.request(TRACES, { headers }));
    expect((await lookUps(worker)) - before).toBeLessThanOrEqual(20 * 3);
  });

  test("what cannot be a key is never looked up", async () => {
    const before = await lookUps(worker);
    for (const key of ["sk_x", "", "ts", `ts_${"x".repeat(300)}`, "TS_x"]) {
      expect((await worker.request(TRACES, { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
    }
    expect(await lookUps(worker)).toBe(before);
  });
});
