// What a client sent is never markup: strings made to be it, in every field
// that a page shows, run in a browser. Nothing may run, load, or break the page;
// each must be there as the text that it is. The visitor's own watch (console,
// policy, dialogs, other origins) is half of what is tested here.
import { expect } from "vitest";
import { soon, test, useBrowser, type Visitor } from "../support/browser.ts";
import { useEdge } from "../support/edge.ts";
import { spanCreate, traceCreate } from "../support/events.ts";

const edge = useEdge();
const { member } = useBrowser(edge);

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

/** Fields are cut at 256 bytes, so that is what of a string must be there. */
const START = Date.now() - 60_000;

/** Everything that a page may be made of, counted: the one that is shown, or
 *  another one's text, read as a browser does. */
const inventory = (who: Visitor, path: string | null = null) =>
  who.page.evaluate(async (path) => {
    const page = path === null ? document : new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
    const elsewhere = (address: string) => !address.startsWith(`${location.origin}/`);
    return {
      hurt: (globalThis as any).hurt ?? null,
      odd: [...page.querySelectorAll("iframe, object, embed, base, math, img, style, meta[http-equiv], h1 ~ h1")].map((one) => one.outerHTML.slice(0, 200)),
      scripts: [...page.scripts].filter((one) => elsewhere(one.src) || one.textContent).map((one) => one.outerHTML.slice(0, 200)),
      handlers: [...page.querySelectorAll("*")].flatMap((one) => one.getAttributeNames().filter((name) => /^on|^hx-on/.test(name)).map((name) => `${one.tagName} ${name}`)),
      links: [...page.querySelectorAll<any>("a[href], area[href], link[href], form")].map((one) => one.href ?? one.action).filter(elsewhere),
    };
  }, path);
const CLEAN = { hurt: null, odd: [], scripts: [], handlers: [], links: [] };

const squeeze = (text: string) => text.replace(/[\s\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffd]+/g, "");

test("in every field of a list, a trace, a span and a session", { timeout: 120_000 }, async () => {
  const project = await edge.project();
  await project.send(...CORPUS.flatMap((evil, n) => {
    const time = { startTime: new Date(START + n * 10).toISOString(), endTime: new Date(START + n * 10 + 5).toISOString() };
    return [
      traceCreate({ id: `t${n}`, name: evil, tags: [evil, "x"], sessionId: evil, metadata: { [evil]: evil }, ...time }),
      spanCreate({
        id: `s${n}`, traceId: `t${n}`, name: evil, type: "LLM", model: evil, status: "ERROR", errorMessage: evil, ...time,
        input: [{ role: evil, content: evil, name: evil }, { role: "user", content: [{ type: "text", text: evil }, { type: "image_url", image_url: { url: evil } }] }],
        output: { role: "assistant", content: [{ type: "text", text: evil }, { type: "tool_use", id: evil, name: evil, input: { [evil]: evil } }], [evil]: evil },
        modelParameters: { [evil]: evil }, metadata: { [evil]: [evil, { [evil]: evil }] },
      }),
      spanCreate({ id: `u${n}`, traceId: `t${n}`, parentSpanId: evil.slice(0, 50), name: "lost", type: "TOOL", input: evil, output: evil, ...time }),
    ];
  }));
  await project.listWith(CORPUS.length);
  await soon(async () => expect((await project.rows("span")).length).toBe(2 * CORPUS.length));

  const who = await member(project);
  await who.go("/traces?range=all");
  for (const [n, evil] of CORPUS.entries()) {
    const row = who.page.locator(`tr[data-trace-id="t${n}"]`);
    const text = squeeze((await row.evaluate((one) => one.textContent)) ?? "");
    expect(text, `the name of t${n}`).toContain(squeeze(evil.slice(0, 60)));
  }
  expect(await inventory(who)).toEqual(CLEAN);

  for (const [n, evil] of CORPUS.entries()) {
    await who.go(`/traces/t${n}?span=s${n}`);
    const detail = who.page.getByRole("region", { name: "Span", exact: true });
    const text = squeeze((await detail.evaluate((one) => one.textContent)) ?? "");
    expect(text, `the detail of s${n}`).toContain(squeeze(evil.slice(0, 60)));
    expect(await inventory(who), `the trace of ${evil.slice(0, 80)}`).toEqual(CLEAN);
  }
});

test("in the address: filters, ids, sessions", { timeout: 60_000 }, async () => {
  const project = await edge.project();
  await project.send(traceCreate({ id: "t" }));
  await project.listWith(1);
  const who = await member(project);
  for (const [n, evil] of CORPUS.entries()) {
    const text = encodeURIComponent(evil.slice(0, 500));
    const paths = [
      `/traces?name=${text}&tag=${text}&session=${text}&model=${text}&status=${text}&range=${text}&min_cost=${text}&min_duration=${text}&before=${text}&from=${text}`,
      `/traces?name=${text}&tag=${text}&session=${text}&model=${text}`,
      `/traces/${text}`, `/traces/t?span=${text}`, `/traces/t/spans/${text}`, `/sessions/${text}`,
    ];
    // All are read, one of them is gone to.
    const answer = await who.page.goto(who.url(paths[n % paths.length]!));
    expect(answer!.status(), answer!.url()).toBeLessThan(500);
    for (const path of [null, ...paths]) expect(await inventory(who, path), path ?? who.page.url()).toEqual(CLEAN);
  }
  const anyone = await who.context.newPage();
  await who.context.clearCookies();
  for (const evil of CORPUS.slice(0, 12)) {
    await anyone.goto(who.url(`/sign-in?to=${encodeURIComponent(`/traces?name=${evil}`)}`));
    expect(await anyone.evaluate(() => (globalThis as any).hurt ?? null)).toBeNull();
    expect(await anyone.locator("script:not([src])").count()).toBe(0);
  }
});

test("live: what comes while the page is open", async () => {
  const project = await edge.project();
  await project.send(traceCreate({ id: "first", startTime: new Date(START).toISOString() }));
  await project.listWith(1);
  const who = await member(project);
  await who.go("/traces");
  await project.send(...CORPUS.map((evil, n) => traceCreate({ id: `t${n}`, name: evil, tags: [evil], startTime: new Date(START + 1_000 + n).toISOString() })));
  await soon(async () => expect(await who.page.locator("tr[data-trace-id]").count()).toBeGreaterThan(20));
  expect(await inventory(who)).toEqual(CLEAN);
});

test("in ids: of traces, spans, parents and sessions", { timeout: 60_000 }, async () => {
  const project = await edge.project();
  const ids = CORPUS.map((evil) => evil.trim().slice(0, 100)).filter((id) => id !== "");
  await project.send(...ids.flatMap((id, n) => [
    traceCreate({ id, name: `n${n}`, sessionId: id }),
    spanCreate({ id, traceId: id, name: `span ${n}`, input: `input ${n}` }),
    spanCreate({ id: `${id} 2`, traceId: id, parentSpanId: id }),
  ]));
  await soon(async () => expect((await project.rows("span")).length).toBe(2 * ids.length));
  const who = await member(project);
  await who.go("/traces?range=all");
  const links: string[] = [];
  while (links.length < ids.length) {
    links.push(...(await who.page.locator("tr[data-trace-id] a[href^='/traces/']").evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")!))])));
    expect(await inventory(who)).toEqual(CLEAN);
    if (links.length < ids.length) await who.page.getByRole("link", { name: /older/i }).click();
  }
  for (const link of links) {
    await who.go(link);
    const name = await who.page.getByRole("heading", { level: 1 }).innerText();
    await who.page.getByRole("row").filter({ hasText: name.replace("n", "span ") }).first().click();
    await soon(async () => expect(await who.page.getByRole("region", { name: "Span", exact: true }).innerText(), link).toContain(name.replace("n", "input ")));
    expect(await inventory(who), link).toEqual(CLEAN);
    // What is chosen is in the address, whatever its id; but HTML has no way to say NUL.
    expect(decodeURIComponent(new URL(link, edge.url).pathname.slice("/traces/".length)).replace("\0", "\ufffd")).toBe(new URL(who.page.url()).searchParams.get("span"));
  }
});
