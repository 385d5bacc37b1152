// Memory: an isolate has 128 MB for the wasm, which never gives any back, and
// for what JavaScript holds besides. workerd does not enforce that locally, so
// both are measured, in rushes of large requests.
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { eventually, useWorker, type TestWorker } from "../support/worker.ts";
import { traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";

const MAX_BYTES = 5_242_880;
const MiB = 1 << 20;
const ROOM = 128;
/** What uploads and the consumer may come to together: the rest is for reading. */
const WRITING = 96;

/** A batch of exactly 5 MiB: `spans` spans of trace `t`, which differ by `seed`. */
function large(seed: string, spans = 100): string {
  const span = (n: number, input: string) =>
    `{"type":"span-create","body":{"traceId":"t","id":"${seed}-${n}","name":"n","type":"LLM","input":"${input}"}}`;
  const whole = (room: number, rest: number) =>
    `{"batch":[${Array.from({ length: spans }, (_, n) => span(n, "x".repeat(room + (n === 0 ? rest : 0)))).join(",")}]}`;
  const free = MAX_BYTES - whole(0, 0).length;
  return whole(Math.floor(free / spans), free % spans);
}

/** What there is of wasm, and the most there was of it with what JavaScript held, in MiB. */
async function memory(worker: TestWorker): Promise<{ wasm: number; peak: number }> {
  const { wasm, peak } = (await worker.request("/__memory")).json;
  return { wasm: wasm / MiB, peak: Math.round(peak / MiB) };
}

const wasmMiB = async (worker: TestWorker): Promise<number> => (await memory(worker)).wasm;

/** The most memory that workerd has had, where there is a /proc: for the record. */
function resident(): string {
  try {
    const parents = new Map(
      readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap((pid) => {
          try {
            return [[pid, readFileSync(`/proc/${pid}/status`, "utf8")] as const];
          } catch {
            return [];
          }
        }),
    );
    const ours = (pid: string): boolean =>
      pid === String(process.pid) || (parents.has(pid) && ours(/PPid:\t(\d+)/.exec(parents.get(pid)!)![1]!));
    const mib = (status: string) => Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024);
    const all = [...parents].filter(([pid, status]) => /^Name:\tworkerd/.test(status) && ours(pid)).map(([, s]) => mib(s));
    return `workerd: ${Math.max(...all)} MiB`;
  } catch {
    return "workerd: unknown";
  }
}

/** The ways in which a body may come. */
const WAYS: [string, (body: string) => [string | Uint8Array, Record<string, string>]][] = [
  ["as they are", (body) => [body, {}]],
  ["gzipped", (body) => [gzipSync(body), { "content-encoding": "gzip" }]],
  ["in chunks", (body) => [body, { "transfer-encoding": "chunked" }]],
];

describe.each(WAYS)("eight batches of 5 MiB at once, %s", (_, packed) => {
  const worker = useWorker({ main: "./tests/support/memory-entry.mjs" });

  test("are all accepted, written and readable, within an isolate's memory", async () => {
    const project = await worker.project();
    const seeds = Array.from({ length: 8 }, () => randomBytes(8).toString("hex"));
    const bodies = seeds.map((seed) => packed(large(seed)));
    const answers = await Promise.all(bodies.map(([body, headers]) => project.post(body, headers)));
    for (const answer of answers) expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 100 } });
    await project.settled(8);
    const used = await wasmMiB(worker);
    console.log(`wasm: ${used} MiB; ${resident()}`);
    expect(used).toBeLessThan(ROOM);
    expect(await project.spans()).toBe(800);
    const trace = await project.traceWith(800, "t");
    expect(new Set(trace.spans.map(({ id }: any) => id.split("-")[0]))).toEqual(new Set(seeds));
  }, 120_000);
});

describe.each(WAYS)("64 uploads of 5 MiB at once, %s", (_, packed) => {
  const worker = useWorker({ main: "./tests/support/memory-entry.mjs" });

  test("are accepted as far as they fit, and told to come again otherwise", async () => {
    const project = await worker.project();
    const seeds = Array.from({ length: 64 }, () => randomBytes(8).toString("hex"));
    const answers = await Promise.all(seeds.map((seed) => project.post(...packed(large(seed)))));
    const accepted = seeds.filter((_, n) => answers[n]!.status === 201);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectFailure(answer, 503, "UNAVAILABLE");
      expect(answer.headers["retry-after"]).toMatch(/^[1-9]/);
    }
    await project.settled(accepted.length);
    const { wasm, peak } = await memory(worker);
    console.log(`${accepted.length} accepted; wasm: ${wasm} MiB, with JavaScript at most ${peak}; ${resident()}`);
    expect(accepted.length).toBeGreaterThanOrEqual(8);
    expect(peak).toBeLessThan(WRITING);
    // What was accepted is there, whole, and nothing else.
    expect(await project.spans()).toBe(accepted.length * 100);
    expect(await project.objects()).toHaveLength(accepted.length);
    // All of the room was given back.
    const later = await Promise.all(Array.from({ length: 8 }, (_, n) => project.post(...packed(large(`later-${n}`)))));
    expect(later.map(({ status }) => status)).toEqual(Array(8).fill(201));
  }, 240_000);
});

describe("while as many bodies of 5 MiB as there is room for are on their way", () => {
  const worker = useWorker({ main: "./tests/support/memory-entry.mjs" });
  const ROOM_FOR = 8;

  test("another is refused before its body is sent, a small one is not, and those cut off give their room back", async () => {
    const project = await worker.project();
    /** Sends a body's beginning. */
    const begin = () => {
      const headers = { authorization: `Bearer ${project.key}`, "content-type": "application/json", "content-length": MAX_BYTES };
      const request = http.request(new URL("/api/v1/traces", worker.url), { method: "POST", headers, agent: false });
      request.on("error", () => {}).write(" ".repeat(100));
      return request;
    };
    const begun = Array.from({ length: ROOM_FOR + 1 }, begin);
    // Looked for in the log: wrangler's own local door waits for the whole body
    // before it lets an answer out.
    const answered = () =>
      worker
        .logs(project.id)
        .filter(({ route }) => route === "ingest")
        .map(({ status }) => status);
    await eventually(() => expect(answered()).toEqual([503]));
    await project.send(traceCreate());
    expect(answered()).toEqual([503, 201]);
    for (const request of begun) request.destroy();
    await eventually(() => expect(answered()).toHaveLength(ROOM_FOR + 2));
    const answers = await Promise.all(Array.from({ length: ROOM_FOR }, (_, n) => project.post(large(`n${n}`))));
    expect(answers.map(({ status }) => status)).toEqual(Array(ROOM_FOR).fill(201));
  }, 60_000);
});

describe("eight reads at once of a trace with 40 MiB of payload", () => {
  const worker = useWorker({ main: "./tests/support/memory-entry.mjs" });

  test("each have a part of it whole, or are told to come again, within an isolate's memory", async () => {
    const project = await worker.project();
    for (let n = 0; n < 8; n++) await project.sendText(large(String(n)), 100);
    await project.settled(8);
    const reads = await Promise.all(Array.from({ length: 8 }, () => project.trace("t")));
    const used = await wasmMiB(worker);
    console.log(`wasm: ${used} MiB; ${resident()}; ${reads.map(({ status }) => status)}`);
    expect(reads.some(({ status }) => status === 200)).toBe(true);
    for (const { status, headers, json } of reads) {
      if (status === 200) {
        expect(json.data.spans.length).toBeGreaterThan(100);
        expect(json.data.spans.every((span: any) => /^x+$/.test(span.input))).toBe(true);
        expect(json.data.nextSpanCursor).toEqual(expect.any(String));
      } else expect([status, headers["retry-after"]]).toEqual([503, expect.stringMatching(/^[1-9]/)]);
    }
    expect(used).toBeLessThan(ROOM);
    const whole = await project.traceWith(800, "t");
    expect(new Set(whole.spans.map(({ id }: any) => id)).size).toBe(800);
  }, 120_000);
});
