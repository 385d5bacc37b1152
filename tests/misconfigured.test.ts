// A Worker that lacks a binding: 500, which gives nothing away but a request
// id. And the key of local development, which only a local Worker takes.
import { describe, expect, test } from "vitest";
import { useEdge } from "./support/edge.ts";
import { traceCreate } from "./support/events.ts";
import { expectFailure } from "./support/failure.ts";

describe("without its bucket", () => {
  const edge = useEdge({ without: "r2_buckets" });

  test("500 INTERNAL_ERROR", async () => {
    const project = await edge.project();
    const answer = await project.post({ batch: [traceCreate()] });
    const error = expectFailure(answer, 500, "INTERNAL_ERROR");
    expect(error.message).toContain(answer.headers["x-request-id"]);
    expect(answer.text).not.toMatch(/RAW|R2|binding/i);
    expect((await edge.request("/api/v1/health")).status).toBe(200);
  });
});

const LOCAL_KEY = "ts_local_development";

describe("in local development", () => {
  const edge = useEdge({ vars: { EDGESPAN_LOCAL: "1" } });

  test("the local key works once its row is there", async () => {
    const project = await edge.project();
    project.key = await project.newKey({ key: LOCAL_KEY });
    await project.send(traceCreate({ id: "t" }));
    expect(await project.listWith(1)).toMatchObject([{ id: "t" }]);
  });
});

describe("deployed", () => {
  const edge = useEdge();

  test("the local key does not work even if somebody makes its row", async () => {
    const project = await edge.project();
    project.key = await project.newKey({ key: LOCAL_KEY });
    expectFailure(await project.post({ batch: [traceCreate()] }), 401, "UNAUTHORIZED");
  });
});
