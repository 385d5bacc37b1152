// No read is larger than an isolate: whatever is asked for, of however much, the
// wasm's memory grows by no more than 32 MiB. All reads are made in one isolate,
// one after another, because that memory never shrinks. Most rows are copies of spans
// that were sent, and share their payloads.
import { beforeAll, describe, expect, test } from "vitest";
import { type Project, useWorker } from "../support/worker.ts";
import { spanCreate } from "../support/events.ts";

const MiB = 1 << 20;
const MOST = 32;
const SIZES = [10_000, 50_000, 100_000, 200_000];
/** Spans that a trace's row holds. */
const PACKED = 2_000;
/** The second at which those of keys begin, 2020. */
const SECOND_0 = 1_577_836_800;
/** The pack of no spans: its version, and four empty lists. */
const NO_SPANS = "0100000000";
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

  // Small spans below one of them. Two thousand are packed in their trace's row, and those
  // that come after them have rows of their own.
  const small = (n: number) =>
    spanCreate({
      id: n === 0 ? "root" : crypto.randomUUID(),
      traceId: "small",
      input: `in ${n}`,
      ...(n === 0 ? {} : { parentSpanId: "root" }),
    });
  for (let from = 1; from <= PACKED; from += 1_000) {
    await project.send(...Array.from({ length: 1_000 }, (_, n) => small(from + n)));
    await project.settled(Math.ceil(from / 1_000));
  }
  await project.send(...Array.from({ length: 1_000 }, (_, n) => small(n)));
  await project.settled(3);
  for (const spans of SIZES) await copy("small", `small ${spans}`, spans);
  // And 800 of 50 KB.
  for (let batch = 0; batch < 8; batch++) {
    const large = (n: number) =>
      spanCreate({ id: batch + n === 0 ? "root" : `large-${batch}-${n}`, traceId: "large", input: "x".repeat(51_000) });
    await project.send(...Array.from({ length: 100 }, (_, n) => large(n)));
  }
  // One that fills a batch alone.
  await project.send(spanCreate({ id: "one", traceId: "one", input: "x".repeat(5_240_000) }));
  await project.settled(12);
  // As they are written, but for their numbers: all in seconds of their own.
  await run(
    `with recursive n (value) as (select 1 union all select value + 1 from n where value < 500)
     insert or ignore into trace (key, project, id, version, start_us, spans, errors, open, tokens, cost_nano, created_ms,
       active_us, root_child, ended, name, session, tags, evaluators, metadata, head, pack)
     select (number << 48) | (value << 16), number, 'hostile' || value, 1, (${SECOND_0} + value) * 1000000, 0, 0, 0, 0, 0, 0,
       0, 2, 1, ?2, 's', ?3, ?3, ?4, t.head, unhex(?5)
     from n join tenant on tenant.project = ?1 join trace as t on t.project = number and t.id = 'one'`,
    CONTROLS,
    JSON.stringify(Array(64).fill(CONTROLS)),
    `{"a":"${"x".repeat(4_000)}"}`,
    NO_SPANS,
  );
}, 300_000);

/** Runs a statement, once more where its connection is cut: each may be run twice. */
async function run(sql: string, ...bound: unknown[]): Promise<void> {
  const once = () => worker.run(sql, project.id, ...bound);
  await once().catch(once);
}

/** A trace of so many spans: copies of another's, the packed ones as they are, those with
 *  rows of their own again and again under other ids. */
async function copy(of: string, to: string, spans: number): Promise<void> {
  const own = "project = (select number from tenant where project = ?1)";
  const results = await worker.run<{ id: string; pack: string; start_us: number }>(
    `select s.id, hex(s.pack) as pack, s.start_us from span as s where trace = (select key from trace where ${own} and id = ?2)`,
    project.id,
    of,
  );
  const columns = await worker.run<{ name: string }>("select name from pragma_table_info('trace')");
  const copied: Record<string, string> = {
    key: "max(t.key) over () + 1 + abs(random() % 1000000)",
    id: "?2",
    spans: String(spans),
    beyond: `'[${spans - PACKED},0,0,0,0]'`,
  };
  const names = columns.map(({ name }) => name);
  await run(
    `insert or ignore into trace (${names}) select ${names.map((name) => copied[name] ?? `t.${name}`)} from trace as t where ${own} and t.id = '${of}'`,
    to,
  );
  for (let n = 0; n < (spans - PACKED) / 1_000; n++) {
    const rows = results.map(({ id, pack, start_us }) => {
      const root = id === "root";
      const bytes = crypto.getRandomValues(Buffer.alloc(16));
      const name = n === 0 ? "root" : `root-${n}`;
      const [was, is] = root ? [text("root"), text(name)] : [hex(Buffer.from(id.slice(1), "base64url")), hex(bytes)];
      return [root ? name : `~${bytes.toString("base64url")}`, start_us, pack.replace(was, is)];
    });
    await run(
      `insert or ignore into span (trace, id, start_us, pack)
       select (select key from trace where ${own} and id = ?2), value->>0, value->>1, unhex(value->>2) from json_each(?3)`,
      to,
      JSON.stringify(rows),
    );
  }
}

const hex = (bytes: Buffer): string => bytes.toString("hex").toUpperCase();

/** A text as packs have it. */
const text = (text: string): string => hex(Buffer.from([text.length, ...Buffer.from(text)]));

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
      const last = `root-${(size - PACKED) / 1_000 - 1}`;
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

  test("when all pages of a session of 500 such traces are read", async () => {
    const seen: string[] = [];
    for (let next: string | undefined = `/sessions/s?at=${SECOND_0 * 1_000_000}`; next; ) {
      const html = await page(next);
      const turns = [...html.matchAll(/data-trace-id="([^"]+)"/g)].map(([, id]) => id!);
      expect(turns.length).toBeGreaterThan(0);
      seen.push(...turns);
      next = /href="([^"]+)">(?:\d+ later turns|Search further on)/.exec(html)?.[1];
    }
    expect(new Set(seen).size).toBe(500);
    await expectSmall("a session of 500 hostile traces");
  }, 300_000);
});
