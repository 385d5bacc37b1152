// The ten jobs of the dashboard, each done as a person does it, from the start page, with clicks
// and keys: each is done, and with no more actions than it may take. How long they take, and at
// what size, `npm run bench -- jobs` measures; here no clock decides.
import { beforeAll, describe, expect } from "vitest";
import { JOBS } from "../../../bench/jobs/jobs.mjs";
import { Person } from "../../../bench/jobs/person.mjs";
import { batches, total } from "../../../bench/jobs/store.mjs";
import { soon, test, useBrowser } from "../../support/browser.ts";
import { useWorker, type Project } from "../../support/worker.ts";

const worker = useWorker();
const { visitor } = useBrowser(worker);

/** Besides those that the jobs are about. */
const ORDINARY = 300;
let project: Project;

beforeAll(async () => {
  project = await worker.project("strict", "admin");
  // Keys are made by the project's name, which has no spaces.
  await worker.run("update project set name = id where id = ?", project.id);
  for (const { path, events } of batches({ traces: ORDINARY, now: Date.now() })) {
    const answer = await project.json("POST", path, { batch: events });
    expect(answer.status, answer.text).toBe(path === "/api/v1/traces" ? 201 : 207);
  }
  await soon(async () => {
    const [row] = await worker.run(
      "select count(*) as n from trace where project = (select number from tenant where project = ?)",
      project.id,
    );
    expect(row!.n).toBe(total(ORDINARY));
  });
});

describe("the ten jobs", () => {
  test.for(JOBS.map((job) => [`${job.number}: ${job.what}, in at most ${job.most} actions`, job] as const))("%s", async ([, job]) => {
    const { page } = await visitor();
    const person = new Person(page);
    await person.signIn(worker.url.origin, project.key);
    await job.do({ person, page, guest: async () => new Person((await visitor()).page) });
    expect(person.actions).toBeLessThanOrEqual(job.most);
  });
});
