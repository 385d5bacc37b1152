// Who may look: signing in and out, what the cookie is, and what a site that
// means harm cannot make a browser do.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect } from "vitest";
import { useWorker } from "../../support/worker.ts";
import { spansOf, traceCreate } from "../../support/events.ts";
import { test, useBrowser, type Visitor } from "../../support/browser.ts";

const worker = useWorker();
const { visitor, member } = useBrowser(worker);

const HOUR = 3_600;
const cookieOf = async (who: Visitor) => (await who.context.cookies()).find(({ name }) => name === "edgespan_session");
const pathOf = (who: Visitor) => new URL(who.page.url()).pathname;

async function fillIn(who: Visitor, key: string): Promise<void> {
  await who.page.getByLabel(/key/i).fill(key);
  await who.page.getByRole("button", { name: /sign in/i }).click();
}

/** A raw POST of a form, as any program may send it. */
const post = (path: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  worker.request(path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: worker.url.origin, ...headers },
    body: new URLSearchParams(form).toString(),
  });

describe("signing in", () => {
  test("a page asks for the key first, and is shown then", async () => {
    const project = await worker.project();
    const who = await visitor();
    await who.go("/traces?status=error");
    expect(pathOf(who)).toBe("/sign-in");
    await fillIn(who, project.key);
    await who.page.waitForURL(/\/traces\?status=error$/);
    await who.page.getByRole("heading", { level: 1 }).waitFor();
  });

  test("a key that is none is refused in words, and again after that the right one is taken", async () => {
    const project = await worker.project();
    const who = await visitor();
    await who.go("/sign-in");
    await fillIn(who, "ts_this_is_no_key");
    await who.page.getByRole("alert").waitFor();
    expect(pathOf(who)).toBe("/sign-in");
    expect(await cookieOf(who)).toBeUndefined();
    // Neither in the page nor in its address.
    expect(await who.page.content()).not.toContain("ts_this_is_no_key");
    expect(who.page.url()).not.toContain("ts_");
    await fillIn(who, project.key);
    await who.page.waitForURL(/\/traces$/);
  });

  test("the cookie is for this origin's requests only, ends, and does not have the key in it", async () => {
    const project = await worker.project();
    const who = await member(project);
    const cookie = (await cookieOf(who))!;
    expect(cookie).toMatchObject({ httpOnly: true, path: "/", sameSite: expect.stringMatching(/Lax|Strict/) });
    const lasts = cookie.expires - Date.now() / 1_000;
    expect(lasts).toBeGreaterThan(11 * HOUR);
    expect(lasts).toBeLessThan(7 * 24 * HOUR + 60);
    expect(cookie.value).not.toContain(project.key.slice(3, 20));
    await who.go("/traces");
    expect(await who.page.evaluate(() => document.cookie)).not.toContain("edgespan_session");
  });

  test("signing out ends it", async () => {
    const who = await member(await worker.project());
    await who.go("/traces");
    await who.page.getByRole("button", { name: /sign out/i }).click();
    await who.page.waitForURL(/\/sign-in/);
    expect(await cookieOf(who)).toBeUndefined();
    await who.go("/traces");
    expect(pathOf(who)).toBe("/sign-in");
  });
});

describe("a session that ends while a page is open", () => {
  test("the live list leads to the form, and from there back", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t", startTime: new Date().toISOString() }));
    await project.listWith(1);
    const who = await member(project);
    await who.go("/traces?range=7d");
    await who.context.clearCookies();
    await who.page.waitForURL(/\/sign-in/);
    await fillIn(who, project.key);
    await who.page.waitForURL(/\/traces\?range=7d$/);
  });

  test("choosing a span leads there, too", async () => {
    const project = await worker.project();
    await project.send(traceCreate({ id: "t" }), ...spansOf("t", 3));
    await project.traceWith(3, "t");
    const who = await member(project);
    await who.go("/traces/t");
    await who.page.getByRole("treegrid").waitFor();
    // Nobody looks, so nothing else asks that would lead there before the click.
    await who.page.evaluate(() => void Object.defineProperty(document, "hidden", { value: true, configurable: true }));
    await who.context.clearCookies();
    await who.page.locator("[data-span-id]").last().click();
    await who.page.waitForURL(/\/sign-in/);
  });
});

describe("a cookie that was not given", () => {
  const path = async (cookie: string) => {
    const { status, headers } = await worker.request("/traces", { headers: { cookie: `edgespan_session=${cookie}` } });
    return status === 303 ? new URL(headers.location!, worker.url).pathname : status;
  };

  test("changed anywhere, it is none", async () => {
    const project = await worker.project();
    const { value } = (await cookieOf(await member(project)))!;
    expect(await path(value)).toBe(200);
    for (let at = 0; at < value.length; at += 3) {
      const other = value[at] === "1" ? "2" : "1";
      expect(await path(value.slice(0, at) + other + value.slice(at + 1)), `changed at ${at}`).toBe("/sign-in");
    }
  });

  test.each(["", "x", "..", "a.b.c", "%00", "é", "xy".repeat(150), "key_local.99999999999.AAAA", "1.2.3.4.5"])("%j", async (cookie) => {
    expect(await path(encodeURIComponent(cookie))).toBe("/sign-in");
  });

  test("one key's for another's, it is none", async () => {
    const [a, b] = [await worker.project(), await worker.project()];
    const [one, two] = await Promise.all([a, b].map(async (project) => (await cookieOf(await member(project)))!.value.split(".")));
    const mixed = [one![0]!, ...two!.slice(1)].join(".");
    expect(await path(mixed)).toBe("/sign-in");
  });
});

describe("another project's", () => {
  test("traces are not there", async () => {
    const [mine, theirs] = [await worker.project(), await worker.project()];
    await theirs.send(traceCreate({ id: "secret", name: "secret-name", sessionId: "secret-session" }));
    await theirs.listWith(1);
    const who = await member(mine);
    for (const path of ["/traces/secret", "/traces/secret/spans/x"]) {
      expect((await who.page.goto(path))!.status()).toBe(404);
    }
    for (const path of ["/traces?range=all", "/sessions/secret-session"]) {
      await who.go(path);
      expect(await who.page.content()).not.toContain("secret-name");
    }
  });
});

describe("other sites", () => {
  const still = async (who: Visitor) => {
    await who.go("/traces");
    expect(pathOf(who), "still signed in").toBe("/traces");
  };

  test("cannot sign anybody out, nor in, with a form", async () => {
    const [mine, theirs] = [await worker.project(), await worker.project()];
    const forms = `<form id="out" method="post" action="${new URL("/sign-out", worker.url)}"><button>out</button></form>
      <form id="in" method="post" action="${new URL("/sign-in", worker.url)}"><input name="key" value="${theirs.key}"><button>in</button></form>`;
    // Another site: the Worker's is a number, this one a name.
    const server = createServer((_, response) => void response.writeHead(200, { "content-type": "text/html" }).end(forms));
    await new Promise<void>((done) => server.listen(0, "localhost", done));
    const evil = `http://localhost:${(server.address() as AddressInfo).port}/`;
    try {
      const who = await member(mine);
      expect(new URL(evil).hostname).not.toBe(worker.url.hostname);
      const before = (await cookieOf(who))!.value;
      for (const form of ["out", "in"]) {
        await who.page.goto(evil);
        const answer = who.page.waitForResponse((response) => response.request().method() === "POST");
        await who.page.getByRole("button", { name: form, exact: true }).click();
        expect((await answer).status(), form).toBe(403);
      }
      expect((await cookieOf(who))!.value).toBe(before);
      await still(who);
      who.expectProblem(/a request to http:\/\/localhost/);
    } finally {
      server.close();
    }
  });

  test.each([
    [{ origin: "https://evil.example" }],
    [{ origin: "null" }],
    [{ origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ origin: "", "sec-fetch-site": "same-site" }],
  ])("a POST with %j is refused", async (headers) => {
    const project = await worker.project();
    for (const [path, form] of [
      ["/sign-in", { key: project.key }],
      ["/sign-out", {}],
    ] as const) {
      const answer = await post(path, { ...form }, headers as Record<string, string>);
      expect(answer.status, path).toBe(403);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
  });

  test.each([
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "javascript:alert(1)",
    "///evil.example",
    "http:evil.example",
    "/../..//evil.example",
    "evil.example",
    "/traces\r\nx-injected: 1",
    "/@evil.example\n",
  ])("the way back is never to them: %j", async (to) => {
    const project = await worker.project();
    const answer = await post(`/sign-in?${new URLSearchParams({ to })}`, { key: project.key, to });
    expect(answer.status).toBe(303);
    expect(new URL(answer.headers.location!, worker.url).origin).toBe(worker.url.origin);
    expect(answer.headers["x-injected"]).toBeUndefined();
  });

  test("nobody may frame, sniff or script the pages, and nothing keeps them", async () => {
    const project = await worker.project();
    const { value } = (await cookieOf(await member(project)))!;
    for (const path of ["/traces", "/traces/none", "/sessions/none", "/sign-in", "/nothing-here"]) {
      const { headers } = await worker.request(path, {
        headers: { cookie: `edgespan_session=${value}`, origin: "https://evil.example", accept: "text/html" },
      });
      const policy = headers["content-security-policy"] as string;
      for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]) {
        expect(policy, path).toContain(part);
      }
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers, path).toMatchObject({
        "x-content-type-options": "nosniff",
        "referrer-policy": expect.any(String),
        "cache-control": expect.stringMatching(/no-store|private/),
      });
      expect(headers["access-control-allow-origin"], path).toBeUndefined();
    }
  });

  test("the cookie opens no door of the API", async () => {
    const { value } = (await cookieOf(await member(await worker.project())))!;
    const answer = await worker.request("/api/v1/traces", { headers: { cookie: `edgespan_session=${value}` } });
    expect(answer.status).toBe(401);
  });
});

describe("without a session", () => {
  test.each(["/", "/traces", "/traces/x", "/traces/x?span=y", "/sessions/x", "/traces/x/spans/y"])("%s leads to the form", async (path) => {
    const { status, headers, text } = await worker.request(path);
    expect(status, text).toBe(303);
    const to = new URL(headers.location!, worker.url);
    if (path === "/" && to.pathname === "/traces") return;
    expect([to.pathname, to.origin]).toEqual(["/sign-in", worker.url.origin]);
    if (path !== "/") expect(to.searchParams.get("to")).toBe(path);
  });

  test("htmx is told to go there", async () => {
    const { status, headers } = await worker.request("/traces", { headers: { "hx-request": "true" } });
    expect(status).toBe(401);
    expect(Object.keys(headers).some((name) => name.startsWith("hx-re"))).toBe(true);
  });
});
