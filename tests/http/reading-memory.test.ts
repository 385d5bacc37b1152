// No read is larger than an isolate: whatever is asked for, of however much, the
// wasm's memory grows by no more than 32 MiB. All reads are made in one isolate,
// one after another, because that memory never shrinks. Most rows are made with
// SQL, as copies of spans that were sent, and share their payloads.
import { beforeAll, describe, expect, test } from "vitest";
import { type Project, useWorker } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";

const MiB = 1 << 20;
const MOST = 32;
const SIZES = [10_000, 50_000, 100_000, 200_000];
/** As large as it may be: D1 keeps 256 bytes, and JSON writes these in six each. */
const CONTROLS = "\u0001".repeat(256);

const worker = useWorker({ main: "./tests/support/memory-entry.mjs" });
const wasm = async (): Promise<number> => (await worker.request("/__memory")).json.wasm / MiB;

let project: Project;
let cookie: string;
let before: number;

beforeAll(async () => {
  before = await wasm();
  project = await worker.project();
  const form = { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" };
  const signed = await worker.request("/sign-in", { method: "POST", headers: form, body: `key=${project.key}` });
  cookie = String(signed.headers["set-cookie"]).split(";")[0]!;
  expect(cookie).toMatch(/=/);

  // A thousand spans as they are: small, named by UUIDs, below the first of them.
  const small = (n: number) =>
    spanCreate({
      id: n === 0 ? "root" : crypto.randomUUID(),
      traceId: "small",
      input: `in ${n}`,
      ...(n === 0 ? {} : { parentSpanId: "root" }),
    });
  await project.send(...Array.from({ length: 1_000 }, (_, n) => small(n)));
  // And a hundred of 50 KB.
  const large = (n: number) => spanCreate({ id: n === 0 ? "root" : `large-${n}`, traceId: "large", input: "x".repeat(51_000) });
  await project.send(...Array.from({ length: 100 }, (_, n) => large(n)));
  // One that fills a batch alone.
  await project.send(spanCreate({ id: "one", traceId: "one", input: "x".repeat(5_240_000) }));
  await project.send(traceCreate({ id: "hostile", sessionId: "s" }));
  await project.settled(4);
  for (const spans of SIZES) await copy("small", `small ${spans}`, spans / 1_000);
  await copy("large", "large", 8);
  await run(
    `with recursive n (value) as (select 1 union all select value + 1 from n where value < 500)
     insert or ignore into trace (project, id, start_us, created_ms, name, session, tags, evaluators, metadata, key)
     select ?1, 'hostile' || value, 1 - value, 0, ?2, 's', ?3, ?3, ?4, -1 - value from n`,
    CONTROLS,
    JSON.stringify(Array(64).fill(CONTROLS)),
    `{"a":"${"x".repeat(4_000)}"}`,
  );
}, 300_000);

/** Runs a statement, once more where its connection is cut: each may be run twice. */
async function run(sql: string, ...bound: unknown[]): Promise<void> {
  const once = () =>
    worker.bindings.DB.prepare(sql)
      .bind(project.id, ...bound)
      .run();
  await once().catch(once);
}

let keys = 0;

/** A trace of so many copies of all of another's spans, which may be that trace itself. */
async function copy(of: string, to: string, times: number): Promise<void> {
  const columns = `parent, envelope, name, type, status`;
  const rest = `took_us, model, prompt_tokens, completion_tokens, total_tokens, cost_nano, rev_us, rev_hash, batch, offset, length`;
  const key = of === to ? "(select key from trace where project = ?1 and id = ?2)" : `${--keys * 1_000}`;
  if (of !== to)
    await run(
      `insert or ignore into trace (project, id, start_us, created_ms, key) select ?1, ?2, start_us, created_ms, ${key} from trace where project = ?1 and id = '${of}'`,
      to,
    );
  // A few at a time: a statement's time is bounded.
  for (let from = of === to ? 1 : 0; from < times; from += 20) {
    await run(
      `with recursive n (value) as (select ${from} union all select value + 1 from n where value < ${Math.min(from + 20, times) - 1})
       insert or ignore into span (trace, id, ${columns}, start_us, ${rest})
       select ${key}, case n.value when 0 then id else id || '-' || n.value end, ${columns}, start_us + n.value * 1000, ${rest}
       from n cross join span where trace = (select key from trace where project = ?1 and id = '${of}') and ?2 is not null`,
      to,
    );
  }
  await run(`update trace set spans = (select count(*) from span where trace = ${key}) where project = ?1 and id = ?2`, to);
}

async function page(path: string, part = false): Promise<string> {
  const answer = await worker.request(path, { headers: { cookie, ...(part ? { "hx-request": "true" } : {}) } });
  expect(answer.status, answer.text.slice(0, 500)).toBe(200);
  return answer.text;
}

/** Follows a trace's parts to the end; every span must come once, and be as it should. */
async function follow(id: string, isRight: (span: any) => boolean): Promise<{ spans: number; parts: number }> {
  const seen = new Set<string>();
  let parts = 0;
  for (let cursor = ""; ; ) {
    const answer = await project.get(`/api/v1/traces/${encodeURIComponent(id)}?${cursor}`);
    expect(answer.status, answer.text.slice(0, 500)).toBe(200);
    const { spans, spanCount, nextSpanCursor } = answer.json.data;
    expect(spans.filter((span: any) => !isRight(span))).toEqual([]);
    for (const { id } of spans) seen.add(id);
    parts++;
    if (nextSpanCursor === null) {
      expect(seen.size).toBe(spanCount);
      return { spans: seen.size, parts };
    }
    cursor = `cursor=${nextSpanCursor}`;
  }
}

async function expectSmall(what: string): Promise<void> {
  const grown = (await wasm()) - before;
  console.log(`${what}: the wasm has grown by ${grown} MiB`);
  expect(grown).toBeLessThanOrEqual(MOST);
}

describe("an isolate's memory grows by no more than 32 MiB", () => {
  test.each(SIZES)(
    "when all parts of a trace of %i spans are read",
    async (size) => {
      const started = performance.now();
      const { spans, parts } = await follow(`small ${size}`, ({ id, input, parentSpanId }) => {
        return /^in \d+$/.test(input) && parentSpanId === (id.startsWith("root") ? null : "root");
      });
      expect(spans).toBe(size);
      expect(parts).toBeLessThanOrEqual(size / 5_000);
      await expectSmall(`${size} spans in ${parts} parts, ${Math.round(performance.now() - started)} ms`);
    },
    300_000,
  );

  test.each(SIZES)(
    "when the page of a trace of %i spans is shown, and any span of it",
    async (size) => {
      const id = encodeURIComponent(`small ${size}`);
      const html = await page(`/traces/${id}`);
      expect(html.match(/data-span-id/g)).toHaveLength(10_000);
      const last = `root-${size / 1_000 - 1}`;
      if (size > 10_000) expect(await page(`/traces/${id}?span=${last}`)).not.toContain("has no span");
      expect(await page(`/traces/${id}/spans/${last}`, true)).toContain("in 0");
      const one = await project.get(`/api/v1/traces/${id}/spans/${last}`);
      expect(one.json.data).toMatchObject({ id: last, input: "in 0" });
      await expectSmall(`the page of ${size} spans`);
    },
    300_000,
  );

  test("when a trace has 40 MiB of payload, or one span of 5", async () => {
    const { parts } = await follow("large", ({ input }) => input?.length === 51_000);
    expect(parts).toBeGreaterThan(4);
    await follow("one", ({ input }) => input?.length === 5_240_000);
    await page("/traces/one?span=one");
    await page("/traces/one/spans/one?part=input", true);
    expect(await page("/traces/one/spans/one/raw?part=input")).toHaveLength(5_240_002);
    await expectSmall("40 MiB of payload");
  }, 300_000);

  test("when traces have as many tags of control characters as there may be", async () => {
    const seen: string[] = [];
    for (let cursor = ""; seen.length < 100; ) {
      const { traces, nextCursor } = await project.list({ limit: "100", name: "\u0001", ...(cursor ? { cursor } : {}) });
      seen.push(...traces.map(({ id }) => id));
      cursor = nextCursor!;
    }
    expect(new Set(seen).size).toBe(seen.length);
    await page("/traces?range=all");
    await page("/traces/hostile1");
    await expectSmall("a list of 100 hostile traces");
  }, 300_000);

  test("when a session has 500 such traces", async () => {
    const html = await page("/sessions/s?at=-250");
    expect(html.match(/data-trace-id/g)!.length).toBeGreaterThan(400);
    await expectSmall("a session of 500 hostile traces");
  }, 300_000);
});
