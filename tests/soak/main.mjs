// `soak SEED BATCHES` or `crash SEED ROUNDS`, for `npm run soak` and `npm run
// crash`: runs it, says what it came to, and fails where something is wrong.
import { crash } from "./crash.mjs";
import { newSeed } from "./random.mjs";
import { soak } from "./soak.mjs";

const [what, givenSeed, count] = process.argv.slice(2);
const seed = givenSeed === "" ? newSeed() : Number(givenSeed);
// So that it is known also when it is stopped.
console.log(`${what}: seed ${seed}`);
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const started = Date.now();
const result =
  what === "soak" ? await soak({ seed, batches: Number(count) }) : await crash({ seed, rounds: Number(count), say: console.log });
const seconds = ((Date.now() - started) / 1000).toFixed(1);

const { wrong, ...counts } = result;
const said = Object.entries(counts)
  .map(([name, n]) => `${n} ${name}`)
  .join(", ");
const verdict = wrong.length === 0 ? "nothing acknowledged is lost, nothing is there in part, nothing is counted twice" : "WRONG";
console.log(`${what}: seed ${seed}, ${said}, ${seconds} s: ${verdict}`);
for (const line of wrong.slice(0, 20)) console.log(`  ${line}`);
process.exit(wrong.length === 0 ? 0 : 1);
