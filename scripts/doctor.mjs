// `npm run doctor`: whether a deployment is well, of the server that `npm start` serves or (with
// --remote) of the deployment. A request for facts to the operator's API, and a test trace in a
// project of its own; checks.mjs says what is wrong and what to do.

import { setTimeout as wait } from "node:timers/promises";
import { judge } from "./doctor/checks.mjs";
import { operator } from "./operator.mjs";
import { parse } from "./options.mjs";
import { version } from "./released.mjs";
import { Failed, cli } from "./run.mjs";

/** Where test traces go: nobody's numbers have them in them. */
const PROJECT = "edgespan-doctor";
/** Between two looks whether it is there. */
const EVERY_MS = 50;

/** How a line begins. */
const SIGNS = { ok: "ok  ", warning: "WARN", failed: "RED " };

const USAGE = `Usage: npm run doctor [-- --json] [--wait 30] [--remote]

  Says of each part whether it is well, and what to do where it is not. Sends a test trace:
  it goes to the project ${PROJECT}, which is made for that, by a key that is
  revoked afterwards.

  --json    for machines: {"ok", "checks": [{"name", "verdict", "said", "remedy"}]}
  --wait    seconds for the test trace to be there, 1 to 600; 30 where nothing is said
  --remote  of the deployment that \`npm run deploy\` made from this folder, or of the one at
            EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise of the server that
            \`npm start\` serves on PORT, with its state in STATE_DIR

  Exit code 0 if nothing failed (warnings are none), else 1.
`;

await cli(async () => {
  const { values } = parse(
    {
      options: { json: { type: "boolean" }, wait: { type: "string" }, remote: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    },
    USAGE,
  );
  const seconds = Number(values.wait ?? 30);
  if (!(seconds >= 1 && seconds <= 600)) throw new Failed("--wait must be 1 to 600");
  const ask = await operator("doctor", Boolean(values.remote));
  const asked = Date.now();
  const facts = await ask("GET", "health");
  const answered = Date.now();
  const roundTrip = await sendTrace(ask, seconds * 1_000).catch((error) => ({ failed: String(error.message) }));
  const checks = judge(facts, { version: version(), now: (asked + answered) / 2, took: answered - asked, roundTrip });
  const ok = checks.every(({ verdict }) => verdict !== "failed");
  if (values.json) console.log(JSON.stringify({ ok, checks }, null, 2));
  else show(checks);
  process.exitCode = ok ? 0 : 1;
});

/** @typedef {Awaited<ReturnType<typeof operator>>} Ask */

/**
 * Sends a trace and looks until it is there.
 * @param {Ask} ask
 * @param {number} most milliseconds
 */
async function sendTrace(ask, most) {
  const { id: keyId, key } = await ask("POST", `projects/${PROJECT}/keys`, { name: "doctor" });
  try {
    const id = `doctor-${Date.now()}`;
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const batch = [
      { type: "trace-create", body: { id, name: "doctor", tags: ["edgespan-doctor"] } },
      {
        type: "span-create",
        body: {
          trace_id: id,
          id: "test",
          name: "test",
          type: "CUSTOM",
          start_time: new Date().toISOString(),
          end_time: new Date().toISOString(),
        },
      },
    ];
    const sent = Date.now();
    const answer = await fetch(`${ask.url}/api/v1/traces`, { method: "POST", headers, body: JSON.stringify({ batch }) });
    if (answer.status !== 201) return { failed: `a test trace was answered ${answer.status}: ${await answer.text()}` };
    for (;;) {
      const read = await fetch(`${ask.url}/api/v1/traces/${id}`, { headers });
      const { data } = /** @type {{ data?: { spans: unknown[] } }} */ (await read.json().catch(() => ({})));
      if (read.ok && data?.spans.length === 1) return { visibleMs: Date.now() - sent };
      if (Date.now() - sent > most) return { failed: `a test trace was kept, and cannot be read after ${most / 1_000} s (${read.status})` };
      await wait(EVERY_MS);
    }
  } finally {
    await ask("DELETE", `projects/${PROJECT}/keys/${keyId}`);
  }
}

/** @param {import("./doctor/checks.mjs").Check[]} checks */
function show(checks) {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  for (const { name, verdict, said, remedy } of checks) {
    console.log(`${SIGNS[verdict]}  ${name.padEnd(widest)}  ${said}`);
    if (remedy) console.log(`${" ".repeat(widest + 8)}→ ${remedy}`);
  }
}
