// Memory: an isolate has 128 MB for the wasm, which never gives any back, and
// for what JavaScript holds besides. workerd does not enforce that locally, so
// the wasm's size is measured, after each rush of large requests.
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { useEdge, type Edge } from "./support/edge.ts";

const MAX_BYTES = 5_242_880;
const MiB = 1 << 20;
const ROOM = 128;

/** A batch of exactly 5 MiB: `spans` spans of trace `t`, which differ by `seed`. */
function large(seed: string, spans = 100): string {
  const span = (n: number, input: string) =>
    `{"type":"span-create","body":{"traceId":"t","id":"${seed}-${n}","name":"n","type":"LLM","input":"${input}"}}`;
  const whole = (room: number, rest: number) =>
    `{"batch":[${Array.from({ length: spans }, (_, n) => span(n, "x".repeat(room + (n === 0 ? rest : 0)))).join(",")}]}`;
  const free = MAX_BYTES - whole(0, 0).length;
  return whole(Math.floor(free / spans), free % spans);
}

const wasmMiB = async (edge: Edge): Promise<number> => (await edge.request("/__memory")).json.wasm / MiB;

/** The most memory that workerd has had, where there is a /proc: for the record. */
function resident(): string {
  try {
    const parents = new Map(readdirSync("/proc").filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
      try {
        return [[pid, readFileSync(`/proc/${pid}/status`, "utf8")] as const];
      } catch {
        return [];
      }
    }));
    const ours = (pid: string): boolean =>
      pid === String(process.pid) || (parents.has(pid) && ours(/PPid:\t(\d+)/.exec(parents.get(pid)!)![1]!));
    const mib = (status: string) => Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024);
    const all = [...parents].filter(([pid, status]) => /^Name:\tworkerd/.test(status) && ours(pid)).map(([, s]) => mib(s));
    return `workerd: ${Math.max(...all)} MiB`;
  } catch {
    return "workerd: unknown";
  }
}

describe.each([
  ["as they are", (body: string) => [body, {}] as const],
  ["gzipped", (body: string) => [gzipSync(body), { "content-encoding": "gzip" }] as const],
  ["in chunks", (body: string) => [body, { "transfer-encoding": "chunked" }] as const],
])("eight batches of 5 MiB at once, %s", (_, packed) => {
  const edge = useEdge({ main: "./tests/support/memory-entry.mjs" });

  test("are all accepted, written and readable, within an isolate's memory", async () => {
    const project = await edge.project();
    const seeds = Array.from({ length: 8 }, () => randomBytes(8).toString("hex"));
    const bodies = seeds.map((seed) => packed(large(seed)));
    const answers = await Promise.all(bodies.map(([body, headers]) => project.post(body, headers)));
    for (const answer of answers) expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 100 } });
    await project.settled(8);
    const used = await wasmMiB(edge);
    console.log(`wasm: ${used} MiB; ${resident()}`);
    expect(used).toBeLessThan(ROOM);
    expect(await project.rows("span")).toHaveLength(800);
    const trace = await project.traceWith(800, "t");
    expect(new Set(trace.spans.map(({ id }: any) => id.split("-")[0]))).toEqual(new Set(seeds));
  }, 120_000);
});

describe("eight reads at once of a trace with 40 MiB of payload", () => {
  const edge = useEdge({ main: "./tests/support/memory-entry.mjs" });

  test("each have a part of it whole, or are told to come again, within an isolate's memory", async () => {
    const project = await edge.project();
    for (let n = 0; n < 8; n++) await project.sendText(large(String(n)), 100);
    await project.settled(8);
    const reads = await Promise.all(Array.from({ length: 8 }, () => project.trace("t")));
    const used = await wasmMiB(edge);
    console.log(`wasm: ${used} MiB; ${resident()}; ${reads.map(({ status }) => status)}`);
    expect(reads.some(({ status }) => status === 200)).toBe(true);
    for (const { status, headers, json } of reads) {
      if (status === 200) {
        expect(json.data.spans.length).toBeGreaterThan(100);
        expect(json.data.spans.every((span: any) => /^x+$/.test(span.input))).toBe(true);
        expect(json.data.nextSpanCursor).toEqual(expect.any(String));
      }
      else expect([status, headers["retry-after"]]).toEqual([503, expect.stringMatching(/^[1-9]/)]);
    }
    expect(used).toBeLessThan(ROOM);
    const whole = await project.traceWith(800, "t");
    expect(new Set(whole.spans.map(({ id }: any) => id)).size).toBe(800);
  }, 120_000);
});
