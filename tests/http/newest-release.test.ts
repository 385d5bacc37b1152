// Which release is newest, as Settings says it, of a server on this machine that answers, stalls
// and floods: what the Worker asks, how often, and how long it waits. Other answers are in settings.rs.
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test, vi } from "vitest";
import { useWorker } from "../support/worker.ts";

vi.setConfig({ testTimeout: 120_000 });

/** How each path answers, and what was asked. */
const answers: Record<string, (response: ServerResponse) => void> = {
  "/newer": (response) => response.end('{"tag_name":"v99.0.0","html_url":"https://example.com/99","body":"notes"}'),
  "/trickles": (response) => response.write('{"tag_name":'),
  "/floods": (response) => response.end(`{"tag_name":"v9.0.0","body":"${"x".repeat(1_000_000)}"}`),
};
const asked: { path: string; agent?: string }[] = [];
const server = createServer((request, response) => {
  asked.push({ path: request.url ?? "", agent: request.headers["user-agent"] });
  answers[request.url ?? ""]?.(response);
});
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe.each([
  ["/newer", /<a href="https:\/\/example\.com\/99"[^>]*>v99\.0\.0<\/a>: newer than this one/],
  ["/trickles", /unknown: .*no reply within 2000 ms/],
  ["/floods", /unknown: .*names no release/],
])("where RELEASES_URL is %s", (path, says) => {
  const worker = useWorker({ vars: { RELEASES_URL: at + path } });

  test("Settings say what came of it, within seconds, and ask once", async () => {
    const project = await worker.project();
    const signedIn = await worker.request("/sign-in", {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" },
      body: `key=${project.key}`,
    });
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0]!;
    for (let look = 0; look < 2; look++) {
      const before = Date.now();
      const page = await worker.request("/settings", { headers: { cookie } });
      expect(page.status, page.text).toBe(200);
      expect(/<dt>Newest release<\/dt><dd>(.*?)<\/dd>/.exec(page.text)?.[1]).toMatch(says);
      expect(Date.now() - before).toBeLessThan(15_000);
    }
    const of = asked.filter((one) => one.path === path);
    expect(of).toEqual([{ path, agent: expect.stringMatching(/^edgespan\/\d/) }]);
  });
});
