// Compressed raw batches, by the platform's own streams: what is kept of which body, and that
// it reads like any other: opened, written again, compared with the index, damaged. The rest,
// and which of two objects of one batch counts, is in compressed.rs.
import { randomBytes } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { eventually, type Project } from "../support/worker.ts";
import { spanCreate, traceCreate } from "../support/events.ts";
import { expectOnce, useFaultyEdge } from "../support/faulty.ts";

const service = useFaultyEdge({ COMPRESS_FROM_KB: "256" });
const { worker } = service;

/** What R2 has of this project: keys and bytes. */
const stored = async (project: Project): Promise<[string, Buffer][]> => {
  const bytes = async (key: string) => Buffer.from(await (await worker.bindings.RAW.get(key))!.arrayBuffer());
  return Promise.all((await project.objects()).map(async (key): Promise<[string, Buffer]> => [key, await bytes(key)]));
};

/** A batch of a trace and five spans, with inputs of so many characters. */
const batchOf = (trace: string, characters: number): string => {
  const input = (n: number) => `${n}: ${"naïve “text” of some words. ".repeat(characters / 28)}`;
  const spans = Array.from({ length: 5 }, (_, n) =>
    spanCreate({ id: `s${n}`, traceId: trace, cost: 0.5, usage: { totalTokens: 7 }, input: input(n) }),
  );
  return JSON.stringify({ batch: [traceCreate({ id: trace }), ...spans] });
};

/** What an opened trace has of its spans' inputs. */
const inputs = (trace: Record<string, any>): string[] => trace.spans.map(({ input, payloadError }: any) => payloadError ?? input);

/** What a comparison of all raw batches with the index finds of this project. */
const verified = async (project: Project): Promise<{ batches: string[]; differences: any[] }> => {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const headers = { authorization: "Bearer the operator's token", "content-type": "application/json" };
  const answer = await worker.request("/api/v1/admin/verify", {
    method: "POST",
    headers,
    body: JSON.stringify({ since, project: project.id }),
  });
  expect(answer.status, answer.text).toBe(200);
  return answer.json.data;
};

test("a body that comes compressed is kept as it came, a large one is compressed, and both read like any other", async () => {
  const project = await worker.project();
  const bodies = {
    small: batchOf("small", 280),
    packed: batchOf("packed", 2_800),
    large: batchOf("large", 140_000),
    packed_large: batchOf("packed_large", 140_000),
  };
  const packed = gzipSync(bodies.packed);
  await project.sendText(bodies.small, 6);
  await project.sendText(bodies.large, 6);
  for (const body of [packed, gzipSync(bodies.packed_large)]) {
    const answer = await project.post(body, { "content-encoding": "gzip" });
    expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 6 } });
  }
  await expectOnce(project, Object.keys(bodies));
  const objects = await stored(project);
  const bodyOf = ([key, bytes]: [string, Buffer]) => (key.endsWith(".json.gz") ? gunzipSync(bytes) : bytes).toString();
  expect(objects.map(bodyOf).sort()).toEqual(Object.values(bodies).sort());
  expect(objects.filter(([key]) => key.endsWith(".gz"))).toHaveLength(3);
  expect(objects.some(([, bytes]) => bytes.equals(packed))).toBe(true);
  for (const [key, bytes] of objects) if (key.endsWith(".gz")) expect(bytes.length).toBeLessThan(bodies.large.length / 8);
  for (const [id, body] of Object.entries(bodies)) {
    const sent = JSON.parse(body).batch.slice(1);
    expect(inputs(await project.traceWith(5, id))).toEqual(sent.map((event: any) => event.body.input));
  }
  expect(await verified(project)).toMatchObject({ differences: [], batches: { length: 4 } });

  // Written again, and the same body in the other form: nothing is new.
  expect(await service.replay({ project: project.id })).toBe(4);
  await project.sendText(bodies.packed, 6);
  await project.post(gzipSync(bodies.small), { "content-encoding": "gzip" });
  await project.settled(10);
  expect(await stored(project)).toHaveLength(6);
  await expectOnce(project, Object.keys(bodies));
  expect(await verified(project)).toMatchObject({ differences: [] });

  // A database that was emptied.
  await worker.run("delete from trace where project = (select number from tenant where project = ?)", project.id);
  await worker.run("delete from batch where project = ?", project.id);
  expect(await service.replay({ project: project.id })).toBe(6);
  await eventually(async () => expect(await project.spans()).toBe(20));
  expect(inputs(await project.traceWith(5, "packed_large"))[4]).toMatch(/^4: naïve “text”/);
});

test("of what gets no smaller, and of gzip in members, the body is kept", async () => {
  const project = await worker.project();
  const noise = JSON.stringify({
    batch: [
      traceCreate({ id: "t" }),
      spanCreate({
        id: "s",
        traceId: "t",
        input: randomBytes(300_000)
          .toString("latin1")
          .replace(/[^\u0080-\u00ff]/g, ""),
      }),
    ],
  });
  const text = batchOf("members", 280);
  const members = Buffer.concat([gzipSync(text.slice(0, 99)), gzipSync(text.slice(99))]);
  const answer = await project.post(members, { "content-encoding": "gzip" });
  expect(answer, answer.text).toMatchObject({ status: 201, json: { accepted: 6 } });
  const [[key, bytes]] = (await stored(project)) as [[string, Buffer]];
  expect([key.slice(-5), bytes.toString()]).toEqual([".json", text]);
  await project.sendText(noise, 2);
  expect((await project.traceWith(1, "t")).spans[0].input).toBe(JSON.parse(noise).batch[1].body.input);
});

test.each([
  ["breaks off", (whole: Buffer) => whole.subarray(0, whole.length / 2)],
  ["is not gzip", (whole: Buffer) => gunzipSync(whole)],
  ["has bytes after its end", (whole: Buffer) => Buffer.concat([whole, whole])],
  ["is empty", () => Buffer.alloc(0)],
  ["is another", () => gzipSync(batchOf("another", 28))],
])("one that %s is told, and fails nothing else", async (_, damage) => {
  const project = await worker.project();
  const send = (name: string) =>
    project.post(gzipSync(batchOf("t", 2_800).replaceAll('"id":"s', `"id":"${name}`)), { "content-encoding": "gzip" });
  expect((await send("good")).status).toBe(201);
  await project.traceWith(5, "t");
  const before = new Set(await project.objects());
  expect((await send("bad")).status).toBe(201);
  await project.traceWith(10, "t");
  const key = (await project.objects()).find((key) => !before.has(key))!;
  await worker.bindings.RAW.put(key, damage(Buffer.from(await (await worker.bindings.RAW.get(key))!.arrayBuffer())));
  const read = inputs(await project.traceWith(10, "t"));
  expect(read.filter((input) => input === "the raw batch is not what the index says")).toHaveLength(5);
  expect(read.filter((input) => input.includes("naïve"))).toHaveLength(5);
  const { differences } = await verified(project);
  expect(differences.map(({ what }) => what)).toContainEqual(expect.stringContaining("its bytes are not those that it is named by"));
});
