// A limit of traces a month, with a receiver of alerts on this machine that says no in every
// way before it takes one: what is sent there, how often, and what becomes of batches.
import type { ServerResponse } from "node:http";
import { expect, test, vi } from "vitest";
import { spansOf, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { useStub } from "../support/stub.ts";
import { useWorker } from "../support/worker.ts";

vi.setConfig({ testTimeout: 120_000 });

/** How the receiver answers: at first with these, then with 200. */
const answers: ((response: ServerResponse) => void)[] = [];
const { url: at, asked: alerts } = await useStub((response) => {
  const answer = answers.shift();
  answer ? answer(response) : response.end("ok");
});

const worker = useWorker({
  vars: { MONTHLY_TRACE_LIMIT: "10", QUOTA_MODE: "block", ALERT_WEBHOOK_URL: `${at}/hook/secret` },
});

const traces = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => [traceCreate({ id: `t${from + n}` }), ...spansOf(`t${from + n}`, 2)]).flat();

/** Whatever the receiver does but taking it, each once. The harness sends requests by a server
 *  of its own, which answers 500 where it gets nothing, or a redirect that is not followed. */
const REFUSALS: [string, (response: ServerResponse) => void, RegExp][] = [
  ["an error", (response) => response.writeHead(500).end("no"), /answered with 500/],
  ["a redirect", (response) => response.writeHead(307, { location: `${at}/elsewhere` }).end(), /answered with (307|500)/],
  ["a connection that breaks off", (response) => response.destroy(), /no reply|answered with 500/],
  [
    "a body that breaks off",
    (response) => response.writeHead(200, { "content-length": "9" }).write("x", () => response.destroy()),
    /no reply|answered with 500/,
  ],
  ["no answer at all", () => {}, /no reply within 10000 ms/],
];

test("an alert is sent until its receiver takes it, and batches are refused beyond the limit", async () => {
  const project = await worker.project();
  await project.send(...traces(0, 8));
  await project.settled(1);
  const month = new Date().toISOString().slice(0, 7);

  for (const [what, answer, why] of REFUSALS) {
    answers.push(answer);
    const { failed } = await worker.cron(0, "quotas");
    expect(failed, what).toEqual([[project.id, expect.stringMatching(why)]]);
  }
  // A long answer is as good as any.
  answers.push((response) => response.end("x".repeat(1_000_000)));
  await worker.cron(0, "quotas");
  await worker.cron(0, "swept");
  expect(alerts).toHaveLength(REFUSALS.length + 1);
  for (const { path, headers, body } of alerts) {
    expect(path).toBe("/hook/secret");
    expect(headers).toMatchObject({ "content-type": "application/json" });
    expect(body).toMatchObject({ projectId: project.id, month, percent: 80, traceCount: 8, limit: 10 });
    expect(body.text).toMatch(/80 % of its 10 traces/);
  }

  await project.send(...traces(8, 11));
  await project.settled(2);
  await worker.cron(0, "quotas");
  expect(alerts.at(-1)?.body).toMatchObject({ percent: 100, traceCount: 11 });
  // Another key, which no isolate has seen yet.
  const refused = await project.as(await project.newKey()).post({ batch: traces(11, 12) });
  expectFailure(refused, 429, "QUOTA_EXCEEDED");
  const next = new Date(`${month}-01`);
  next.setUTCMonth(next.getUTCMonth() + 1);
  const left = Number(refused.headers["retry-after"]) - (next.getTime() - Date.now()) / 1_000;
  expect(Math.abs(left)).toBeLessThan(30);
  const usage = await project.get("/api/v1/usage");
  expect(usage.json.data).toMatchObject({ month, traceCount: 11, spanCount: 22, evalRunCount: 0 });
  // The address is a secret.
  expect(worker.printed()).not.toContain("hook/secret");
});
