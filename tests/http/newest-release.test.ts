// Which release is newest, as Settings says it, of a server on this machine that answers, stalls
// and floods: what the Worker asks, how often, and how long it waits. Other answers are in settings.rs.
import type { ServerResponse } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { useStub } from "../support/stub.ts";
import { useWorker } from "../support/worker.ts";

vi.setConfig({ testTimeout: 120_000 });

/** How each path answers. */
const answers: Record<string, (response: ServerResponse) => void> = {
  "/newer": (response) => response.end('{"tag_name":"v99.0.0","html_url":"https://example.com/99","body":"notes"}'),
  "/trickles": (response) => response.write('{"tag_name":'),
  "/floods": (response) => response.end(`{"tag_name":"v9.0.0","body":"${"x".repeat(1_000_000)}"}`),
};
const server = await useStub((response, { path }) => answers[path]?.(response));

describe.each([
  ["/newer", /<a href="https:\/\/example\.com\/99"[^>]*>v99\.0\.0<\/a>: newer than this one/],
  ["/trickles", /unknown: .*no reply within 2000 ms/],
  ["/floods", /unknown: .*names no release/],
])("where RELEASES_URL is %s", (path, says) => {
  const worker = useWorker({ vars: { RELEASES_URL: server.url + path } });

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
    expect(server.asked).toMatchObject([{ method: "GET", path, headers: { "user-agent": expect.stringMatching(/^edgespan\/\d/) } }]);
  });
});
