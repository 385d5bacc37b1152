// The built Worker with bindings that fail on command (faulty-entry.mjs), and
// what tests of faults do to it and ask of it.
import http from "node:http";
import { beforeEach, expect } from "vitest";
import { eventually, useWorker, type TestWorker, type Project } from "./worker.ts";
import { spanCreate, traceCreate } from "./events.ts";
import type { Answer } from "./http.ts";
import type { Fault } from "./types.d.ts";

const OPERATOR = "the operator's token";

export class Faulty {
  constructor(readonly worker: TestWorker) {}

  /** From here on, these faults and no others. */
  async inject(...faults: Fault[]): Promise<void> {
    await this.worker.request("/__faults", { method: "POST", body: JSON.stringify(faults) });
  }

  /** How often a call was made so far. */
  async calls(name: string): Promise<number> {
    return (await this.worker.request("/__faults")).json[name] ?? 0;
  }

  /** Sends a message by hand: the pointer to this object. */
  async deliver(key: string, queue: "QUEUE" | "DEAD" = "QUEUE"): Promise<void> {
    await (this.worker.bindings as any)[queue].send({ v: 1, key });
  }

  /** Begins to send a body; what comes back sends the rest of it. */
  async sendSlowly(project: Project, body: string): Promise<() => Promise<{ status: number }>> {
    const before = await this.calls("requests");
    const headers = { authorization: `Bearer ${project.key}`, "content-type": "application/json", "content-length": body.length };
    const request = http.request(new URL("/api/v1/traces", this.worker.url), { method: "POST", headers, agent: false });
    const answer = new Promise<{ status: number }>((resolve, reject) => {
      request.on("response", (response) => resolve({ status: response.resume().statusCode ?? 0 })).on("error", reject);
    });
    request.write(body.slice(0, 100));
    await eventually(async () => expect(await this.calls("requests")).toBe(before + 1));
    return () => {
      request.end(body.slice(100));
      return answer;
    };
  }

  /** A run of the sweeper as of so many minutes from now; what it logged of it. */
  sweep(minutes = 10): Promise<Record<string, any>> {
    return this.worker.cron(minutes, "swept");
  }

  /** Replays what was received from `since` on, to its end; how many messages that were. */
  async replay(request: Record<string, unknown> = {}): Promise<number> {
    let queued = 0;
    for (let after: string | undefined; ; ) {
      const answer = await this.replayStep({ since: "2020-01-01T00:00:00Z", until: "2100-01-01T00:00:00Z", ...request, after });
      expect(answer.status, answer.text).toBe(200);
      queued += answer.json.data.queued;
      after = answer.json.data.next ?? undefined;
      if (!after) return queued;
    }
  }

  replayStep(request: Record<string, unknown>): Promise<Answer> {
    return this.worker.request("/api/v1/admin/replay", {
      method: "POST",
      headers: { authorization: `Bearer ${OPERATOR}`, "content-type": "application/json" },
      body: JSON.stringify(request),
    });
  }
}

/** Starts such a Worker for a file's tests; each test begins without faults. */
export function useFaultyEdge(vars: Record<string, string> = {}): Faulty {
  const faulty = new Faulty(useWorker({ main: "./tests/support/faulty-entry.mjs", vars: { ADMIN_TOKEN: OPERATOR, ...vars } }));
  beforeEach(() => faulty.inject());
  return faulty;
}

/** What a batch is made of here: a trace and five spans at half a dollar. */
export function batchOf(trace: string): object[] {
  const spans = Array.from({ length: 5 }, (_, n) => spanCreate({ id: `s${n}`, traceId: trace, cost: 0.5, usage: { totalTokens: 7 } }));
  return [traceCreate({ id: trace }), ...spans];
}

/** All of these batches are there, each once, and nothing else of the project. */
export async function expectOnce(project: Project, traces: string[]): Promise<void> {
  for (const trace of traces) {
    expect(await project.traceWith(5, trace), trace).toMatchObject({ spanCount: 5, totalCost: "2.5", totalTokens: 35 });
  }
  expect(await project.rows("trace")).toHaveLength(traces.length);
  expect(await project.spans()).toBe(5 * traces.length);
  const ledger = await project.rows("batch");
  expect(ledger).toHaveLength(traces.length);
  // The counts are in the transaction that writes the ledger.
  const stats = (await project.get("/api/v1/stats")).json.data;
  const accepted = (stats.hours as any[]).map((hour) => hour.accepted);
  expect(sum(accepted.map((a) => a.batches))).toBe(traces.length);
  expect(sum(accepted.map((a) => a.events))).toBe(6 * traces.length);
}

export const sum = (numbers: number[]): number => numbers.reduce((a, b) => a + b, 0);
