// What a client sent is never markup: strings made to be it, in every field
// that a page shows, run in a browser. Nothing may run, load, or break the page;
// each must be there as the text that it is. The visitor's own watch (console,
// policy, dialogs, other origins) is half of what is tested here.
import { expect } from "vitest";
import { soon, test, useBrowser, type Visitor } from "../../support/browser.ts";
import { useWorker } from "../../support/worker.ts";
import { spanCreate, traceCreate } from "../../support/events.ts";

const worker = useWorker();
const { member, visitor } = useBrowser(worker);

/** What each of them would do if it could is set `hurt`. */
const CORPUS = [
  `<script>hurt=1</script>`,
  `</script><script>hurt=1</script>`,
  `"><img src=x onerror=hurt=1>`,
  `'><svg onload=hurt=1>`,
  `<img src="https://evil.example/x.png">`,
  `<iframe src="javascript:parent.hurt=1"></iframe>`,
  `<a href="javascript:hurt=1">click</a>`,
  `javascript:hurt=1//`,
  `data:text/html,<script>hurt=1</script>`,
  `" onmouseover="hurt=1" onfocus="hurt=1" autofocus x="`,
  `' onmouseover='hurt=1' x='`,
  "` onmouseover=hurt=1 `",
  `</title><script>hurt=1</script>`,
  `</textarea><script>hurt=1</script>`,
  `</style><style>*{display:none}</style>`,
  `</td></tr></table><h1>broken</h1>`,
  `--><script>hurt=1</script><!--`,
  `<![CDATA[<script>hurt=1</script>]]>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=hurt=1&gt;">`,
  `<base href="https://evil.example/">`,
  `<meta http-equiv="refresh" content="0;url=https://evil.example/">`,
  `<form action="https://evil.example/"><button>Sign in</button></form>`,
  `<div hx-get="/sign-out" hx-trigger="load"></div>`,
  `" hx-on:load="hurt=1" hx-get="/traces" hx-trigger="load" x="`,
  `<button data-hx-post="/sign-out" hx-trigger="load"></button>`,
  `{{constructor.constructor('hurt=1')()}} \${hurt=1} <%= hurt %>`,
  `&lt;script&gt;hurt=1&lt;/script&gt; &amp; &#60;b&#62;`,
  `%3Cscript%3Ehurt=1%3C/script%3E`,
  `\\u003cscript\\u003ehurt=1\\u003c/script\\u003e`,
  `\u202Egnp.exe\u202C \u2066isolated\u2069 \u200Fright\u200E`,
  `null \u0000 byte, bell \u0007, escape \u001B[31m, del \u007F, c1 \u0085`,
  `line\nbreak\r\nand\ttab\u2028ls\u2029ps`,
  `Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́O̵̹̻̝̳͂̌̌͘`,
  `👩‍👩‍👧‍👦 🏳️‍🌈 \uFEFF\u200B\u200D`,
  `../../../etc/passwd`,
  `%00%0d%0aSet-Cookie:x=1`,
  `__proto__`,
  `constructor`,
  `${"x".repeat(5_000)}<b>`,
  `${"<".repeat(200)}`,
  ` leading and trailing `,
];

const START = Date.now() - 60_000;
/** A time for the nth, and one a little later. */
const times = (n: number) => ({ startTime: new Date(START + n * 10).toISOString(), endTime: new Date(START + n * 10 + 5).toISOString() });

/** Everything that pages may be made of, counted: of the one that is shown and
 *  of others' text, read as a browser does. */
const inventories = (who: Visitor, paths: string[]) =>
  who.page.evaluate(async (paths) => {
    const elsewhere = (address: string) => !address.startsWith(`${location.origin}/`);
    const of = (page: Document) => ({
      hurt: (globalThis as any).hurt ?? null,
      odd: [...page.querySelectorAll("iframe, object, embed, base, math, img, style, meta[http-equiv], h1 ~ h1")].map((one) =>
        one.outerHTML.slice(0, 200),
      ),
      scripts: [...page.scripts].filter((one) => elsewhere(one.src) || one.textContent).map((one) => one.outerHTML.slice(0, 200)),
      handlers: [...page.querySelectorAll("*")].flatMap((one) =>
        one
          .getAttributeNames()
          .filter((name) => /^on|^hx-on/.test(name))
          .map((name) => `${one.tagName} ${name}`),
      ),
      // A link in Markdown leads to the web or a mailbox, for whoever follows it.
      links: [...page.querySelectorAll<any>("a[href], area[href], link[href], form")]
        .filter((one) => !(one.matches(".md a[rel='noopener nofollow'][target=_blank]") && /^(https?|mailto):/.test(one.href)))
        .map((one) => one.href ?? one.action)
        .filter(elsewhere),
    });
    const others = paths.map(async (path) => of(new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html")));
    return [of(document), ...(await Promise.all(others))];
  }, paths);
const inventory = async (who: Visitor) => (await inventories(who, []))[0];
const CLEAN = { hurt: null, odd: [], scripts: [], handlers: [], links: [] };

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is control characters that hostile texts have
const squeeze = (text: string) => text.replace(/[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+/g, "");

test("were they markup, it would be seen", async () => {
  const who = await visitor();
  await who.go("/sign-in");
  const evil = [
    `<img src="https://evil.example/x.png">`,
    `'><svg onload=hurt=1>`,
    `<a href="javascript:hurt=1">click</a>`,
    `</title><script>hurt=1</script>`,
  ];
  for (const text of evil) {
    await who.page.setContent(`<main>${text}</main>`, { waitUntil: "commit" });
    expect(await inventory(who), text).not.toEqual(CLEAN);
  }
  // Under the page's policy: nothing has run, and it was said.
  await who.go("/sign-in");
  await who.page.evaluate(() =>
    document.body.append(
      document.createRange().createContextualFragment(`<svg onload="hurt=1"></svg><script>hurt=1</script><p style="color:red">x</p>`),
    ),
  );
  await soon(async () => expect((await who.problems()).join("\n")).toMatch(/script-src-attr.*style-src|style-src.*script-src/s));
  expect(await who.page.evaluate(() => (globalThis as any).hurt ?? null)).toBeNull();
  who.forget();
});

/** The start of it, as it must be there: fields are cut at 256 bytes. */
const begin = (evil: string) => squeeze(evil.slice(0, 60));
const textOf = async (of: { evaluate(what: (one: Element) => string | null): Promise<string | null> }) =>
  squeeze((await of.evaluate((one) => one.textContent)) ?? "");
const detailOf = (who: Visitor) => who.page.getByRole("region", { name: "Span", exact: true });

test("in a trace's name, tags, session and metadata: the list, the traces, their sessions", async () => {
  const project = await worker.project();
  await project.send(
    ...CORPUS.flatMap((evil, n) => [
      traceCreate({ id: `t${n}`, name: evil, tags: [evil, "x"], sessionId: evil, metadata: { [evil]: evil }, ...times(n) }),
      spanCreate({ traceId: `t${n}`, name: evil, input: evil, output: { [evil]: evil }, ...times(n) }),
    ]),
  );
  await soon(async () => expect(await project.spans()).toBe(CORPUS.length));
  const who = await member(project);
  await who.go("/traces?range=all");
  for (const [n, evil] of CORPUS.entries()) {
    const row = who.page.locator(`tr[data-trace-id="t${n}"]`);
    expect(await textOf(row), `t${n}`).toContain(begin(evil));
    expect(await row.locator("a.tag, .tag").count(), `the tags of t${n}`).toBeGreaterThanOrEqual(evil.trim() === "" ? 1 : 2);
  }
  const paths = CORPUS.flatMap((evil, n) => [`/traces/t${n}`, `/sessions/${encodeURIComponent(evil.slice(0, 200))}`]);
  for (const [n, found] of (await inventories(who, paths)).entries()) expect(found, paths[n - 1]).toEqual(CLEAN);
  for (const n of [1, 2, 9, 22, 23]) {
    await who.go(`/traces/t${n}`);
    expect(squeeze(await who.page.getByRole("heading", { level: 1 }).innerText())).toContain(begin(CORPUS[n]!));
    expect(squeeze(await who.page.title())).toContain(begin(CORPUS[n]!));
    expect(await inventory(who), CORPUS[n]).toEqual(CLEAN);
  }
});

test("in all that a span has: the tree, the conversation, JSON, raw", async () => {
  const project = await worker.project();
  const keyed = Object.fromEntries(CORPUS.map((evil) => [evil, evil]));
  const rest = { model: "m", status: "ERROR", errorMessage: CORPUS.join("\n"), modelParameters: keyed, metadata: { list: CORPUS, keyed } };
  await project.send(
    traceCreate({ id: "t", metadata: keyed, tags: CORPUS }),
    spanCreate({
      id: "openai",
      traceId: "t",
      type: "LLM",
      ...rest,
      ...times(0),
      input: CORPUS.flatMap((evil) => [
        { role: evil, content: evil, name: evil },
        {
          role: "user",
          content: [
            { type: "text", text: evil },
            { type: "image_url", image_url: { url: evil } },
          ],
        },
        { role: "tool", tool_call_id: evil, content: evil },
      ]),
      output: {
        choices: [
          {
            message: {
              role: "assistant",
              content: CORPUS.join("\n"),
              refusal: CORPUS[1],
              tool_calls: CORPUS.map((evil) => ({ id: evil, type: evil, function: { name: evil, arguments: evil } })),
            },
            finish_reason: CORPUS[2],
          },
        ],
        ...keyed,
      },
    }),
    spanCreate({
      id: "anthropic",
      traceId: "t",
      type: "LLM",
      ...rest,
      ...times(1),
      input: {
        system: CORPUS.join("\n"),
        messages: CORPUS.map((evil) => ({
          role: evil,
          content: [
            { type: "text", text: evil },
            { type: evil, [evil]: evil },
            { type: "tool_result", tool_use_id: evil, content: evil },
          ],
        })),
      },
      output: {
        role: "assistant",
        content: CORPUS.flatMap((evil) => [
          { type: "thinking", thinking: evil },
          { type: "tool_use", id: evil, name: evil, input: { [evil]: evil } },
        ]),
      },
    }),
    spanCreate({ id: "json", traceId: "t", type: "TOOL", ...rest, ...times(2), input: { list: CORPUS, keyed }, output: CORPUS.join("\n") }),
    ...CORPUS.map((evil, n) =>
      spanCreate({ id: `s${n}`, traceId: "t", parentSpanId: n % 2 ? "json" : evil.slice(0, 50), name: evil, model: evil, ...times(n) }),
    ),
  );
  const spans = CORPUS.length + 3;
  await soon(async () => expect(await project.spans()).toBe(spans));
  const who = await member(project);
  for (const id of ["openai", "anthropic", "json"]) {
    await who.go(`/traces/t?span=${id}`);
    const text = await textOf(detailOf(who));
    for (const evil of CORPUS) expect(text, `in the detail of ${id}`).toContain(begin(evil).slice(0, 30));
    expect(await inventory(who), id).toEqual(CLEAN);
    for (const button of await detailOf(who).getByRole("link", { name: "JSON", exact: true }).all()) {
      await button.click();
      await soon(async () => expect(await button.getAttribute("aria-current")).toBe("true"));
      expect(await inventory(who), `${id} as JSON`).toEqual(CLEAN);
    }
  }
  for (const [n, evil] of CORPUS.entries()) expect(await textOf(who.page.locator(`[data-span-id="s${n}"]`))).toContain(begin(evil));
  // Looking for them is no way in either.
  const search = who.page.getByRole("searchbox", { name: "Search spans" });
  for (const evil of CORPUS.slice(0, 12)) await search.fill(evil);
  expect(await inventory(who)).toEqual(CLEAN);
});

test("in the address: filters, ids, sessions, the way back", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "t" }));
  await project.listWith(1);
  const who = await member(project);
  for (const [n, evil] of CORPUS.entries()) {
    const text = encodeURIComponent(evil.slice(0, 500));
    const paths = [
      `/traces?name=${text}&tag=${text}&session=${text}&model=${text}&status=${text}&range=${text}&min_cost=${text}&min_duration=${text}&before=${text}&from=${text}`,
      `/traces?name=${text}&tag=${text}&session=${text}&model=${text}`,
      `/traces/${text}`,
      `/traces/t?span=${text}`,
      `/traces/t/spans/${text}`,
      `/sessions/${text}`,
    ];
    // Each is read in two places, and in a third gone to now and then.
    if (n % 4 === 0) {
      const answer = await who.page.goto(paths[(n >> 2) % paths.length]!);
      expect(answer!.status(), answer!.url()).toBeLessThan(500);
    }
    for (const found of await inventories(who, [paths[n % 3]!, paths[3 + (n % 3)]!])) expect(found, evil).toEqual(CLEAN);
  }
  await who.context.clearCookies();
  for (const evil of CORPUS.slice(0, 6)) {
    await who.go(`/sign-in?to=${encodeURIComponent(`/traces?name=${evil}`)}`);
    expect(await inventory(who), evil).toEqual(CLEAN);
  }
});

test("live: what comes while the page is open", async () => {
  const project = await worker.project();
  await project.send(traceCreate({ id: "first", startTime: new Date(START).toISOString() }));
  await project.listWith(1);
  const who = await member(project);
  await who.go("/traces");
  await project.send(
    ...CORPUS.map((evil, n) =>
      traceCreate({ id: `t${n}`, name: evil, tags: [evil], startTime: new Date(START + 1_000 + n).toISOString() }),
    ),
  );
  await soon(async () => expect(await who.page.locator("tr[data-trace-id]").count()).toBeGreaterThan(20));
  expect(await inventory(who)).toEqual(CLEAN);
});

test("in ids of traces and spans, each of which can be opened", async () => {
  const project = await worker.project();
  // HTML cannot say NUL, nor CR.
  const ids = CORPUS.map((evil) =>
    evil
      .trim()
      .slice(0, 100)
      .replace(/[\0\r]/g, ""),
  );
  await project.send(
    ...ids.map((id, n) => traceCreate({ id, name: `n${n}`, ...times(n) })),
    ...ids.map((id, n) => spanCreate({ id, traceId: "spans", name: `span ${n}`, input: `input ${n}`, ...times(n) })),
  );
  await soon(async () => expect(await project.spans()).toBe(ids.length));
  const who = await member(project);
  await who.go("/traces?range=all&name=n");
  const links = who.page.locator("tr[data-trace-id] a[href^='/traces/']");
  const hrefs = await links.evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")!))].reverse());
  const listed = hrefs.map((href) => decodeURIComponent(href.slice("/traces/".length)));
  expect(listed.filter((id) => id !== "spans")).toEqual(ids);
  for (const [n, found] of (await inventories(who, hrefs)).entries()) expect(found, hrefs[n - 1]).toEqual(CLEAN);

  await who.go("/traces/spans");
  for (const [n, id] of ids.entries()) {
    await who.page
      .locator("[data-span-id]")
      .filter({ has: who.page.getByText(`span ${n}`, { exact: true }) })
      .click();
    await soon(async () => expect(await detailOf(who).innerText(), id).toContain(`input ${n}`));
    await soon(() => expect(new URL(who.page.url()).searchParams.get("span")).toBe(id));
  }
  expect(await inventory(who)).toEqual(CLEAN);
});
