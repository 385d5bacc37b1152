// What `npm test` does where there is no browser: it never installs one for
// anybody, but in CI, as root; without one it says so. apt-get and sudo are
// stand-ins that write down that they were called.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edgespan-"));
  // What apt-get installs: a Chromium that runs.
  const browser = `printf '#!/bin/sh\\necho Chromium 1\\n' > ${folder}/chromium && /bin/chmod +x ${folder}/chromium`;
  program("apt-get", `echo "apt-get $*" >> ${folder}/called\ncase "$*" in *"install -y"*) ${browser} ;; esac`);
  program("sudo", `echo "sudo $*" >> ${folder}/called`);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** Looks for a browser on a machine that has none; what was found and said. */
function ensure(machine: { ci: boolean; root: boolean }) {
  const { CHROMIUM_PATH: _, ...env } = process.env;
  const code = `import { ensureBrowser } from "./scripts/browser.mjs";
    import { cli } from "./scripts/run.mjs";
    await cli(async () => console.log(await ensureBrowser(${JSON.stringify({ ...machine, places: [], system: "ID=debian" })})));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    env: { ...env, PATH: folder },
    encoding: "utf8",
  });
  const called = existsSync(join(folder, "called")) ? readFileSync(join(folder, "called"), "utf8") : "";
  return { status, found: stdout.trim(), said: stderr, called: called.split("\n").filter((line) => line && !line.includes("--version")) };
}

test("on anybody's own machine nothing is installed, and it is said what is skipped and how not to", () => {
  for (const root of [false, true]) {
    const { status, found, said, called } = ensure({ ci: false, root });
    expect([status, found, called], said).toEqual([0, "null", []]);
    expect(said).toMatch(/tests of the pages will be SKIPPED.*apt-get install chromium/s);
  }
});

describe("in CI", () => {
  test("as root it is installed", () => {
    const { status, found, called, said } = ensure({ ci: true, root: true });
    expect([status, found], said).toEqual([0, join(folder, "chromium")]);
    expect(called).toEqual([expect.stringMatching(/^apt-get .*update$/), expect.stringMatching(/^apt-get .*install -y .*chromium$/)]);
  });

  test("otherwise it fails: nothing may be skipped there", () => {
    const { status, said, called } = ensure({ ci: true, root: false });
    expect([status, called]).toEqual([1, []]);
    expect(said).toMatch(/the tests of the pages cannot run/);
  });
});

test("one that is there is taken", () => {
  program("google-chrome", "echo Google Chrome 1");
  expect(ensure({ ci: true, root: true })).toMatchObject({ found: join(folder, "google-chrome"), called: [] });
});
