// A Worker that lacks a binding: 500, which gives nothing away but a request
// id. And local development: its key, which only a local Worker takes, and that
// no page of another site can use it.
import { describe, expect, test } from "vitest";
import { useWorker } from "../support/worker.ts";
import { traceCreate } from "../support/events.ts";
import { expectFailure } from "../support/failure.ts";

describe("without its bucket", () => {
  const worker = useWorker({ without: "r2_buckets" });

  test("500 INTERNAL_ERROR", async () => {
    const project = await worker.project();
    const answer = await project.post({ batch: [traceCreate()] });
    const error = expectFailure(answer, 500, "INTERNAL_ERROR");
    expect(error.message).toContain(answer.headers["x-request-id"]);
    expect(answer.text).not.toMatch(/RAW|R2|binding/i);
    expect((await worker.request("/api/v1/health")).status).toBe(200);
  });
});

const LOCAL_KEY = "ts_local_development";

describe("in local development", () => {
  const worker = useWorker({ vars: { EDGESPAN_LOCAL: "1" } });

  test("the local key works once its row is there", async () => {
    const project = await worker.project();
    project.key = await project.newKey({ key: LOCAL_KEY });
    await project.send(traceCreate({ id: "t" }));
    expect(await project.listWith(1)).toMatchObject([{ id: "t" }]);
  });

  const paths = ["/api/v1/traces", "/api/v1/health", "/api/v1/admin/replay", "/traces", "/sign-in", "/nothing"];

  test.each(["localhost", "127.0.0.1:3000", "[::1]:3000"])("answers at %s, to a program and to a page of this machine", async (host) => {
    for (const path of paths) {
      for (const origin of [{}, { origin: "http://localhost:5173" }] as Record<string, string>[]) {
        const { status } = await worker.request(path, { headers: { host, ...origin } });
        expect(status, path).not.toBe(403);
      }
    }
  });

  test.each([
    ["another site's page", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
    ["a name that was made to lead here", { host: "evil.example" }],
    ["such a name, and its page", { host: "evil.example", origin: "http://evil.example" }],
  ])("refuses %s, whatever it asks for", async (_, sent) => {
    for (const path of paths) {
      for (const method of ["GET", "POST", "OPTIONS", "HEAD"]) {
        const headers = { authorization: `Bearer ${LOCAL_KEY}`, "access-control-request-method": "POST", ...sent };
        const { status, text } = await worker.request(path, { method, headers });
        expect(status, `${method} ${path} ${text}`).toBe(403);
      }
    }
  });
});

describe("deployed", () => {
  const worker = useWorker();

  test("the local key does not work even if somebody makes its row", async () => {
    const project = await worker.project();
    project.key = await project.newKey({ key: LOCAL_KEY });
    expectFailure(await project.post({ batch: [traceCreate()] }), 401, "UNAUTHORIZED");
  });

  test("a browser may use the API from any origin", async () => {
    const project = await worker.project();
    const headers = { host: "traces.example", origin: "https://app.example" };
    expect(await project.post({ batch: [traceCreate()] }, headers)).toMatchObject({
      status: 201,
      headers: { "access-control-allow-origin": "*" },
    });
  });
});
