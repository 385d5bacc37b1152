// Inputs, outputs, parameters and metadata come back byte for byte, whatever
// JSON they are.
import { describe, expect, test } from "vitest";
import { eventually, useWorker } from "../support/worker.ts";

const worker = useWorker();

describe("payloads come back as they were sent", () => {
  const deep = "[".repeat(400) + "]".repeat(400);
  const PAYLOADS = {
    "a big number": "12345678901234567890.123456789e-5",
    "a number no float holds": "[1E400,-0,-0.0,1.0,1e0,100000000000000000000000001]",
    "duplicate keys": '{"a":1,"a":2}',
    "key order": '{"b":1,"a":{"10":1,"9":2}}',
    "a lone surrogate": '"\\ud800"',
    "surrogates the wrong way round": '{"\\udc00\\ud800":"\\uDFFF"}',
    "escapes that need not be": '"\\u0041\\/\\u00e9\\ud83d\\ude00"',
    "controls and separators": '"\\u0000\\u001f\u007f\u2028\u2029\ufeff"',
    "odd whitespace": '{ "a" :\t[ 1 ,\r\n 2 ] ,"b" : { } }',
    "characters as they are": '"é😀 \u05d0\u0301"',
    "a string of JSON": '"{\\"a\\":[1,\\"\\\\\\"\\"]}"',
    "400 deep": deep,
    "an empty string": '""',
    zero: "0",
    false: "false",
    "fields of the API's own names": '{"traceId":"x","batch":[{"type":"span-create"}],"output":"no"}',
  };

  test.each(Object.entries(PAYLOADS))("%s", async (_, payload) => {
    const project = await worker.project();
    const object = `{ "value" : ${payload} }`;
    const trace = `{"id":"t","name":"n","metadata":${object}}`;
    const payloads = `"input": ${payload} ,"output":${payload},"metadata":${object},"modelParameters":${object}`;
    const span = `{"traceId":"t","name":"n","type":"LLM",${payloads}}`;
    await project.sendText(`{"batch":[{"type":"trace-create","body":${trace}},{"type":"span-create","body":${span}}]}`, 2);
    await project.traceWith(1, "t");
    const { text } = await project.trace("t");
    // JSON.parse would change most of these, so the text itself is looked at.
    for (const [field, sent] of [
      ["input", payload],
      ["output", payload],
      ["metadata", object],
      ["modelParameters", object],
    ])
      expect(text).toContain(`"${field}":${sent}`);
    expect(text.split(`"metadata":${object}`)).toHaveLength(3); // the trace's and the span's
  });

  test("a trace's long metadata, too long to be kept in D1", async () => {
    const project = await worker.project();
    const metadata = `{ "long" : "${"é".repeat(5_000)}", "n":1.50 }`;
    await project.sendText(`{"batch":[{"type":"trace-create","body":{"id":"t","name":"n","metadata":${metadata}}}]}`, 1);
    await eventually(async () => expect((await project.trace("t")).status).toBe(200));
    expect((await project.trace("t")).text).toContain(`"metadata":${metadata}`);
    expect((await project.get("/api/v1/traces")).text).toContain(`"metadata":${metadata}`);
  });
});
