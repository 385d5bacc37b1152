// Alerts of the running Worker, with a receiver on this machine that fails in two ways before it
// recovers: each state is told once. And what is left of budgets, for a key that only sends.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test, vi } from "vitest";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";
import { eventually, type Project, useWorker } from "../support/worker.ts";

vi.setConfig({ testTimeout: 120_000 });

interface Notice {
  headers: IncomingMessage["headers"];
  body: any;
}

/** What came to the receiver, and how it answers: at first with these, then with 200. */
const notices: Notice[] = [];
const answers: ((response: ServerResponse) => void)[] = [];
const receiver = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const answer = answers.shift();
  if (!answer) notices.push({ headers: request.headers, body: JSON.parse(body) });
  answer ? answer(response) : response.end("ok");
});
await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening));
const host = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
afterAll(() => {
  receiver.closeAllConnections();
  receiver.close();
});

const worker = useWorker({ vars: { EDGESPAN_LOCAL: "1", ALERT_HOSTS: host } });

/** Runs the cron, `minutes` from now. */
async function cron(minutes: number): Promise<void> {
  const url = new URL("/cdn-cgi/local/scheduled", worker.url);
  url.search = String(new URLSearchParams({ cron: "* * * * *", time: String(Date.now() + minutes * 60_000) }));
  expect((await fetch(url)).status).toBe(200);
}

const runs = () => worker.logs('"event":"alerts"');

/** Asks with a key of these scopes. */
async function scoped(project: Project, scopes: string) {
  const key = await project.newKey({ scopes });
  return (method: string, path: string, body?: object) =>
    worker.request(path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
}

test("a receiver that fails and recovers is told once that it fires, and once that it does no more", async () => {
  const project = await worker.project();
  const ask = await scoped(project, "admin");
  const rule = { name: "dead", kind: "deadLetters", threshold: 1, url: `http://${host}/hook/secret`, cooldownMinutes: 60 };
  expectFailure(await ask("POST", "/api/v1/alerts", { ...rule, url: "http://127.0.0.1:9/x" }), 400, "VALIDATION_ERROR");
  const made = await ask("POST", "/api/v1/alerts", rule);
  expect(made.status).toBe(201);
  expect(made.json.data).toMatchObject({ state: "ok", url: `http://${host}/***` });
  const { id } = made.json.data;
  const db = worker.bindings.DB;
  await db.prepare("insert into dead_letter values (?, 'b', 'raw/x', 'why', 1, 1)").bind(project.id).run();

  answers.push((response) => response.writeHead(500).end("no"));
  answers.push((response) => response.destroy());
  const tried: string[] = [];
  for (const minute of [0, 1, 2, 3, 4, 5]) {
    const before = runs().length;
    await cron(minute);
    if (minute === 0 || minute === 1 || minute === 3) {
      await eventually(() => expect(runs().length).toBe(before + 1));
      const { sent, failed } = runs().at(-1) as { sent: unknown[]; failed: unknown[] };
      tried.push(`${minute}: ${sent.length} sent, ${failed.length} failed`);
    }
  }
  expect(tried).toEqual(["0: 0 sent, 1 failed", "1: 0 sent, 1 failed", "3: 1 sent, 0 failed"]);
  expect((await ask("GET", `/api/v1/alerts/${id}`)).json.data).toMatchObject({ state: "firing", lastError: null });

  await db.prepare("delete from dead_letter where project = ?").bind(project.id).run();
  for (const minute of [6, 7, 8]) await cron(minute);
  await eventually(() => expect(notices).toHaveLength(2));
  expect(notices.map(({ body }) => body.state)).toEqual(["firing", "recovered"]);
  for (const [n, { headers, body }] of notices.entries()) {
    expect(headers["idempotency-key"]).toBe(`${id}-${n + 1}`);
    expect(body).toMatchObject({ id: `${id}-${n + 1}`, alertId: id, kind: "deadLetters", threshold: 1, projectId: project.id });
  }
  // For a try, as often as one likes.
  expect((await ask("POST", `/api/v1/alerts/${id}/test`)).json.data).toEqual({ taken: true, message: null });
  expect(notices.at(-1)?.body.state).toBe("test");
  expect((await ask("DELETE", `/api/v1/alerts/${id}`)).json.data).toEqual({ id, deleted: true });
  expectFailure(await ask("DELETE", `/api/v1/alerts/${id}`), 404, "NOT_FOUND");
  expect(worker.printed()).not.toContain("hook/secret");
});

test("an agent asks with the key that it sends with what is left", async () => {
  const project = await worker.project();
  const admin = await scoped(project, "admin");
  const budget = { name: "all", subjectKind: "project", period: "day", limitUsd: 1, limitTokens: 1_000 };
  expect((await admin("POST", "/api/v1/budgets", budget)).status).toBe(201);
  const each = { name: "each session", subjectKind: "session", period: "total", limitUsd: 0.3 };
  expect((await admin("POST", "/api/v1/budgets", each)).status).toBe(201);
  const startTime = new Date(Date.now() + 1_000).toISOString();
  const span = { cost: 0.25, usage: { promptTokens: 10 }, startTime, endTime: startTime };
  await project.send(
    traceCreate({ id: "t", sessionId: "s", startTime }),
    spanCreate({ ...span, traceId: "t", id: "a" }),
    spanCreate({ ...span, traceId: "t", id: "b" }),
  );
  await project.settled(1);
  const agent = await scoped(project, "ingest");
  const left = await agent("GET", "/api/v1/budget?session=s");
  expect(left.json.data).toMatchObject({ leftUsd: -0.2, leftTokens: 980 });
  expect(left.json.data.budgets).toMatchObject([
    { name: "all", spentUsd: 0.5, leftUsd: 0.5, resetsAt: expect.stringMatching(/T00:00:00/) },
    { name: "each session", subject: "*", spentUsd: 0.5, leftUsd: -0.2, resetsAt: null },
  ]);
  expect((await agent("GET", "/api/v1/budget")).json.data).toMatchObject({ leftUsd: 0.5 });
  // It may ask that, and nothing else.
  expectFailure(await agent("GET", "/api/v1/budgets"), 403, "FORBIDDEN");
  expectFailure(await agent("POST", "/api/v1/budgets", budget), 403, "FORBIDDEN");
  const reader = await scoped(project, "read");
  expect((await reader("GET", "/api/v1/budgets")).json.data.budgets).toHaveLength(2);
  expectFailure(await reader("POST", "/api/v1/alerts", {}), 403, "FORBIDDEN");
});
