// `npm run sim`: the simulator (sim/), which runs the service's own code in made-up
// worlds where everything goes wrong. What it takes is in its `--help`.
// `-- --mutants` instead puts deliberate bugs (sim/mutants.json) into a copy of the
// source, one after the other, and wants each found within so many seeds; with `--ci`
// some of them.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "./options.mjs";
import { Failed, cache, capture, cli, env, root, run, say } from "./run.mjs";

/** @import { Mutant } from "./types.d.ts" */

/** The arguments of cargo that run the simulator.
 *  @param {string[]} args */
const cargo = (args) => ["run", "--quiet", "--locked", "--profile", "sim", "--package", "sim", "--", ...args];

await cli(async () => {
  const args = process.argv.slice(2);
  if (!args.includes("--mutants")) return run("cargo", cargo(args));
  const { values } = parse({
    options: { mutants: { type: "boolean" }, ci: { type: "boolean" }, only: { type: "string", default: "" } },
  });
  const all = /** @type {Mutant[]} */ (JSON.parse(readFileSync(join(root, "sim/mutants.json"), "utf8")));
  const missed = [];
  for (const mutant of all.filter(({ ci, name }) => (ci || !values.ci) && name.includes(values.only))) {
    const seed = seedThatFinds(mutant);
    console.log(`${seed ? `seed ${seed}` : "NOT FOUND"} of ${mutant.seeds}: ${mutant.name}`);
    if (!seed) missed.push(mutant.name);
  }
  if (missed.length > 0) throw new Failed(`bugs that the simulator does not find: ${missed.join("; ")}`);
});

/** The first seed that finds a bug, unless none does.
 *  @param {Mutant} mutant */
function seedThatFinds({ name, file, find, replace, seeds }) {
  const copy = join(cache, "mutant");
  rmSync(copy, { recursive: true, force: true });
  const files = capture("git", ["ls-files", "-co", "--exclude-standard", "Cargo.*", ".cargo", "src", "crates", "sim", "migrations"]);
  for (const path of files.stdout.split("\n").filter(Boolean)) {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    cpSync(join(root, path), join(copy, path));
  }
  const text = readFileSync(join(copy, file), "utf8");
  if (text.split(find).length !== 2) throw new Failed(`${name}: ${file} does not have the text once that it changes`);
  writeFileSync(
    join(copy, file),
    text.replace(find, () => replace),
  );
  // Apart from what the source itself is built in: cargo takes one for the other.
  const options = { cwd: copy, env: { ...env, CARGO_TARGET_DIR: join(cache, "mutants") } };
  const { stdout, stderr } = capture("cargo", cargo(["--seeds", String(seeds)]), options);
  if (!/ seeds from /.test(stdout)) throw new Failed(`${name}: the simulator did not run:\n${stderr}`);
  say(stdout.trim().split("\n")[0] ?? "");
  const found = [...stdout.matchAll(/^WRONG at seed 0x([0-9a-f]+):/gm)].map(([, hex]) => Number.parseInt(hex ?? "", 16));
  return found.length > 0 ? Math.min(...found) : undefined;
}
