// `npm run verify`: compares the index with the raw batches, and with --repair makes what
// differs anew. It asks the Worker in steps and notes each answer in .edgespan, so that
// one that was interrupted goes on with --resume. Leaves out: waiting until what was
// queued is written.

import { appendFileSync, createReadStream, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { operator } from "./operator.mjs";
import { checkProject, parse } from "./options.mjs";
import { projectId, showBar, time } from "./range.mjs";
import { Failed, cache, cli, say, stateDir } from "./run.mjs";
import { ensurePackages } from "./setup.mjs";
import { Verification } from "./verification.mjs";

/** @import { Difference, ForgetAnswer, RowsAnswer, Task, VerifyAnswer } from "./types.d.ts" */

const USAGE = `Usage: npm run verify [-- --project NAME] [--since TIME] [--until TIME] [--repair] [--remote]
       npm run verify -- --resume

  Reads the raw batches in R2, folds them, compares that with D1, and says what differs: a
  line each. Exit code 1 if something does that is not repaired.

  --project  only this project
  --since    only what was received from TIME on; TIME is ISO 8601, UTC where no offset is
  --until    given: 2026-03-14, 2026-03-14T10:00:00Z. Only what was received before TIME
  --repair   deletes the index's rows of what is wrong, and queues the raw batches that
             write it anew, or that are missing. Never changes R2
  --resume   goes on with the run that was interrupted
  --remote   the deployment that \`npm run deploy\` made from this folder, or the one
             of EDGESPAN_URL, whose secret is in ADMIN_TOKEN; otherwise the server
             that \`npm start\` serves
`;

/** Where the answers are noted: a line each after the task. */
const NOTES = join(cache, "verify.jsonl");
/** The time before all batches. */
const ALL = "1970-01-01T00:00:00.000Z";
/** Batches that come to lie before others that were read are no older than this. */
const SETTLED_MS = 15 * 60_000;
/** How long what is on its way gets. */
const PATIENCE_MS = 15_000;
/** Most traces in one request, and most batches that may be gone of a project. */
const [MOST_FORGOTTEN, MOST_GONE] = [100, 1_000];

/** The parts of a run, in their order.
 *  @typedef {"batches" | "rows" | "again" | "forgotten" | "queue"} Part */

await cli(async () => {
  const { task, ask, verification, at } = await begin();
  process.on("exit", () => {
    if (existsSync(NOTES)) say("interrupted: `npm run verify -- --resume` goes on from here");
  });
  const { since, until, project } = task;
  const order = /** @type {Part[]} */ (["batches", "rows", "again", "forgotten", "queue"]);
  /** Whether a part is done, and where it is to go on.
   *  @param {Part} part */
  const isDone = (part) => order.indexOf(at.part) > order.indexOf(part) || (at.part === part && at.next === null);
  const after = (/** @type {Part} */ part) => (at.part === part ? (at.next ?? undefined) : undefined);
  /** @param {Part} part
   *  @param {string | null} next
   *  @param {object} [answer] */
  const note = (part, next, answer) => {
    appendFileSync(NOTES, `\n${JSON.stringify({ part, next, answer })}`);
    Object.assign(at, { part, next });
  };

  /** Goes along R2.
   *  @param {"batches" | "again" | "queue"} part
   *  @param {object} request */
  const pass = async (part, request) => {
    const to = until ? Date.parse(until) : task.started;
    /** @type {Awaited<ReturnType<typeof showBar>> | undefined} */
    let bar;
    try {
      while (!isDone(part)) {
        /** @type {VerifyAnswer} */
        const answer = await ask("POST", "verify", { since, until, project, ...request, after: after(part) });
        // Without --since it begins with the first batch that there is.
        bar ??= await showBar(task.since === ALL ? (answer.reached ?? to) : Date.parse(since), to);
        if (part === "queue") verification.queued += answer.queued;
        else verification.takeBatches(answer, part === "again");
        note(part, answer.next, part === "queue" ? { queued: answer.queued } : answer);
        bar.update(answer.next ? (answer.reached ?? to) : to, verification.batches);
      }
    } finally {
      bar?.stop();
    }
  };

  await pass("batches", {});
  while (!isDone("rows")) {
    /** @type {RowsAnswer} */
    const answer = await ask("POST", "verify/rows", { since, until, project, after: after("rows") });
    verification.takeRows(answer);
    note("rows", answer.next, answer);
  }
  // What was received meanwhile may explain what differs, and what is young be on its way.
  if (!isDone("again") && (at.part === "again" || verification.isInDoubt)) {
    if (at.part === "rows") {
      if (verification.young) await sleep(PATIENCE_MS);
      verification.lookAgain();
    }
    const from = Math.max(Date.parse(since), task.started - SETTLED_MS);
    await pass("again", { since: new Date(from).toISOString() });
  }

  const differences = verification.differences;
  for (const difference of differences) console.log(line(difference, task));
  const { batches, events, traces } = verification;
  const count = `${batches} batches with ${events} events, ${traces} traces`;
  if (differences.length === 0) console.log(`${count}: nothing differs`);
  else console.log(`${count}: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`);
  let left = differences.length;
  if (task.repair && left > 0) {
    /** @type {Map<string, string>} */
    const kept = new Map();
    if (!isDone("forgotten")) {
      await forget(differences, task, ask, kept);
      note("forgotten", null, [...kept]);
    }
    for (const [trace, why] of at.kept ?? kept) console.log(`${trace}: not repaired: ${why}`);
    await pass("queue", { until: undefined, queue: true });
    left = (at.kept?.length ?? kept.size) + differences.filter(({ remedy }) => remedy === "none").length;
    console.log(`${verification.queued} batches queued: once they are written, \`npm run verify\` finds nothing of what was repaired`);
  }
  rmSync(NOTES);
  if (left > 0) process.exitCode = 1;
});

/** @param {Difference} difference
 *  @param {Task} task */
function line({ project, trace, batch, key, score, what }, { name }) {
  const of = trace ?? (batch ? `batch ${batch}` : score ? `score ${score}` : `key ${key}`);
  return `${name ?? project} ${of}: ${what}`;
}

/** Has the rows of what is wrong deleted; notes which traces are kept.
 *  @param {Difference[]} differences
 *  @param {Task} task
 *  @param {(method: string, path: string, body: object) => Promise<any>} ask
 *  @param {Map<string, string>} kept */
async function forget(differences, task, ask, kept) {
  for (const project of new Set(differences.map((difference) => difference.project))) {
    const own = differences.filter((difference) => difference.project === project);
    /** @param {"trace" | "key" | "batch"} field
     *  @param {string} remedy
     *  @returns {string[]} */
    const all = (field, remedy) => [...new Set(own.filter((one) => one.remedy === remedy).flatMap((one) => one[field] ?? []))];
    const [traces, keys, gone] = [all("trace", "forget"), all("key", "forget"), all("batch", "none")];
    if (gone.length > MOST_GONE) {
      const why = `${gone.length} raw batches of its project are gone or are not what they were`;
      for (const trace of traces) kept.set(`${task.name ?? project} ${trace}`, why);
      continue;
    }
    for (let at = 0; at < Math.max(traces.length, keys.length); at += MOST_FORGOTTEN) {
      const some = (/** @type {string[]} */ list) => list.slice(at, at + MOST_FORGOTTEN);
      const request = { since: task.since, project, traces: some(traces), keys: some(keys), gone };
      /** @type {ForgetAnswer} */
      let answer;
      do {
        answer = await ask("POST", "verify/forget", request);
        for (const [trace, why] of answer.kept) kept.set(`${task.name ?? project} ${trace}`, why);
      } while (answer.more);
    }
  }
}

/** A new run, or the one that was interrupted: what was asked, what was found, where it is. */
async function begin() {
  const values = read();
  const verification = new Verification();
  /** @type {{ part: Part, next: string | null | undefined, kept?: [string, string][] }} */
  const at = { part: "batches", next: undefined };
  if (!values.resume) {
    const ask = await operator("verify -- …", values.remote);
    await ensurePackages();
    const { project: name, since, until, repair = false, remote = false } = values;
    const project = name && (await projectId(ask, name));
    const state = remote ? undefined : stateDir;
    /** @type {Task} */
    const task = { since: since ?? ALL, until, project, name, repair, remote, state, started: Date.now() };
    mkdirSync(cache, { recursive: true });
    writeFileSync(NOTES, JSON.stringify(task));
    return { task, ask, verification, at };
  }
  if (!existsSync(NOTES)) throw new Failed("--resume: no run was interrupted");
  /** @type {Task | undefined} */
  let task;
  for await (const text of createInterface({ input: createReadStream(NOTES) })) {
    let noted;
    try {
      noted = JSON.parse(text);
    } catch {
      // Cut off as it was written: that step is taken again.
      continue;
    }
    if (!task) {
      task = noted;
      continue;
    }
    const { part, next, answer } = noted;
    if (part === "again" && at.part === "rows") verification.lookAgain();
    if (part === "rows") verification.takeRows(answer);
    else if (part === "queue") verification.queued += answer.queued;
    else if (part === "forgotten") at.kept = answer;
    else verification.takeBatches(answer, part === "again");
    Object.assign(at, { part, next });
  }
  if (!task) throw new Failed(`${NOTES} cannot be read: start again without --resume`);
  if (!task.remote && task.state !== stateDir)
    throw new Failed(`that run was of the server with its state in ${task.state}: set STATE_DIR`);
  const ask = await operator("verify -- --resume", task.remote);
  await ensurePackages();
  return { task, ask, verification, at };
}

function read() {
  const options = /** @type {const} */ ({
    project: { type: "string" },
    since: { type: "string" },
    until: { type: "string" },
    repair: { type: "boolean" },
    resume: { type: "boolean" },
    remote: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  });
  const { values } = parse({ options }, USAGE);
  if (values.resume && Object.keys(values).length > 1)
    throw new Failed("--resume goes on as the run was begun: no other option goes with it");
  checkProject(values.project);
  const from = values.since === undefined ? undefined : time("since", values.since);
  const to = values.until === undefined ? undefined : time("until", values.until);
  if (from !== undefined && from >= (to ?? Date.now()))
    throw new Failed("--until must be later than --since, and without it --since earlier than now");
  const text = (/** @type {number | undefined} */ at) => (at === undefined ? undefined : new Date(at).toISOString());
  return { ...values, since: text(from), until: text(to) };
}
