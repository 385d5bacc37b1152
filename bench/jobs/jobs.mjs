// The ten jobs that people come to the dashboard with, each as what a person does from the start
// page: with clicks and keys, without knowing an address. `most` is the number of actions that
// it may take. What each has to see for the job to be done is part of it.

import { SOUGHT } from "./store.mjs";

/** @import { Page } from "playwright-core" */
/** @import { Person } from "./person.mjs" */

/** Who does it; somebody else's page, who is not signed in.
 *  @typedef {{ person: Person, page: Page, guest: () => Promise<Person> }} Scene */
/** @typedef {{ number: number, what: string, most: number, do: (scene: Scene) => Promise<void> }} Job */

/** @param {Page} page
 *  @param {string} name */
const site = (page, name) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name, exact: true });
/** @param {Page} page */
const rows = (page) => page.locator("tr[data-trace-id]");
/** @param {Page} page */
const names = (page) => page.locator("tr[data-trace-id] a.name");

/** Into the search box.
 *  @param {Person} person
 *  @param {string} line */
async function search(person, line) {
  await person.press("/");
  await person.write(line);
  await person.sees(person.page.getByRole("list", { name: "What is asked for" }), "what is asked for");
}

/** @type {Job[]} */
export const JOBS = [
  {
    number: 1,
    what: "find the wrong answer of an hour ago",
    most: 3,
    async do({ person, page }) {
      await search(person, `"${SOUGHT.wrong.words}"`);
      await person.sees(rows(page).filter({ hasText: SOUGHT.wrong.words }), "the answer in its row");
      await person.click(names(page).first());
      await person.sees(page.locator("#span").getByText(SOUGHT.wrong.answer), "the answer, whole");
    },
  },
  {
    number: 2,
    what: "which model costs most this week",
    most: 2,
    async do({ person, page }) {
      await person.click(site(page, "Costs"));
      await person.choose("Time range", "Last 7 days");
      const first = page.getByRole("table", { name: "Costs by model" }).locator("tbody tr").first();
      await person.sees(first.filter({ hasText: SOUGHT.costly }).getByText(/\$\d/), "the costliest model with its cost");
    },
  },
  {
    number: 3,
    what: "what changed when errors rose",
    most: 2,
    async do({ person, page }) {
      await person.click(site(page, "Errors"));
      const group = page.getByRole("row", { name: SOUGHT.risen.message });
      await person.sees(group.getByText("new", { exact: true }), "that the failure is new");
      await person.click(group.getByRole("link"));
      await person.sees(rows(page).filter({ hasText: "upstream timeout" }), "the error in its row");
      const all = await rows(page).count();
      const tagged = await rows(page)
        .filter({ has: page.getByRole("link", { name: SOUGHT.risen.tag, exact: true }) })
        .count();
      if (all === 0 || tagged !== all) throw new Error(`${tagged} of the ${all} failures show the tag ${SOUGHT.risen.tag}, not all`);
      await person.sees(rows(page).getByRole("link", { name: SOUGHT.risen.tag, exact: true }), "the tag that all have");
    },
  },
  {
    number: 4,
    what: "a user's conversation",
    most: 4,
    async do({ person, page }) {
      await person.choose("Time range", "Last 7 days");
      await search(person, `user:${SOUGHT.user}`);
      await person.click(page.getByRole("link", { name: `Session ${SOUGHT.session}` }).first());
      const said = (await page.locator("ol.turns").textContent()) ?? "";
      let at = -1;
      for (const text of SOUGHT.turns.flat()) {
        const next = said.indexOf(text, at + 1);
        if (next < 0) throw new Error(`${JSON.stringify(text)} is not in its place in the session`);
        at = next;
      }
      await person.sees(page.getByText(SOUGHT.turns[0]?.[0] ?? ""), "how the conversation begins");
    },
  },
  {
    number: 5,
    what: "share a link",
    most: 3,
    async do({ person, page, guest }) {
      await person.click(names(page).first());
      await person.click(page.locator(".share summary"));
      await person.click(page.getByRole("button", { name: "Make a link" }));
      const link = page.locator(".share .made code");
      await person.sees(link, "the link");
      const other = await guest();
      await other.page.goto((await link.textContent()) ?? "");
      await other.sees(other.page.locator("h1"), "the trace, for somebody without a key");
    },
  },
  {
    number: 6,
    what: "which outputs mention something",
    most: 2,
    async do({ person, page }) {
      await search(person, `output:"${SOUGHT.mentioned.words}"`);
      const found = rows(page).filter({ has: page.locator("mark", { hasText: SOUGHT.mentioned.words }) });
      await person.sees(found, "a row with the words marked");
      await found.nth(SOUGHT.mentioned.outputs - 1).waitFor();
      const all = await rows(page).count();
      if (all !== SOUGHT.mentioned.outputs) throw new Error(`${all} rows, and ${SOUGHT.mentioned.outputs} outputs mention it`);
    },
  },
  {
    number: 7,
    what: "compare a good run with a bad one",
    most: 6,
    async do({ person, page }) {
      await person.click(site(page, "Errors"));
      await person.click(page.getByRole("row", { name: SOUGHT.risen.message }).getByRole("link"));
      await person.click(names(page).first());
      await person.click(page.getByRole("link", { name: "Compare", exact: true }));
      const good = page.getByRole("row").filter({ hasText: "OK" }).filter({ hasText: "Shelf 12" });
      await person.click(good.getByRole("link").first());
      await person.sees(page.getByRole("region", { name: "Steps" }).getByText("failed in A"), "the step that failed");
      await person.click(page.getByRole("link", { name: "Compare the texts of find-product" }));
      await person.sees(page.locator("#texts").getByText("Shelf 12"), "what only the good one said");
    },
  },
  {
    number: 8,
    what: "is this agent stuck",
    most: 2,
    async do({ person, page }) {
      await person.choose("Status", "Running");
      const row = rows(page).filter({ hasText: SOUGHT.stuck.agent });
      await person.sees(row.getByText("Running"), "that it runs");
      await person.click(row.locator("a.name"));
      const step = page.getByRole("treegrid").getByRole("row", { name: SOUGHT.stuck.step });
      await person.sees(step.getByText(/\d+ (m|min)\b/), "how long its open step has run");
    },
  },
  {
    number: 9,
    what: "rate an answer and leave a note",
    most: 5,
    async do({ person, page }) {
      await person.click(names(page).first());
      const form = page.getByRole("form", { name: "Rate the trace" });
      await person.click(form.getByRole("button", { name: "Bad", exact: true }));
      await person.sees(page.locator("header.summary .scores").getByText("bad"), "the rating");
      await person.press("s");
      await person.write("Too long.", "Control+Enter");
      await person.sees(page.locator("header.summary .scores").getByText("Too long."), "the note");
    },
  },
  {
    number: 10,
    what: "make a key, rotate it, see usage",
    most: 8,
    async do({ person, page }) {
      await person.click(page.getByRole("link", { name: "Settings" }));
      await person.sees(page.getByRole("heading", { name: "Usage" }), "usage");
      await person.click(page.getByRole("textbox", { name: "Name of a new key" }));
      await person.press("Control+a");
      await person.write("agents");
      const key = page.getByRole("status").locator("pre");
      await person.sees(key, "the new key");
      const made = (await key.textContent()) ?? "";
      const row = page.getByRole("row", { name: /^agents/ }).first();
      await person.click(row.getByText("Rotate…"));
      await person.click(row.getByRole("button", { name: "Rotate agents" }));
      await person.sees(key.filter({ hasNotText: made }), "the key that replaces it");
    },
  },
];
