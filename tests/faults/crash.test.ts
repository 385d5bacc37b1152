// The whole local server, killed twice under load (tests/soak/crash.mjs) at
// moments that nobody chose; `npm run crash` does it twenty times.
import { expect, test } from "vitest";
import { crash } from "../soak/crash.mjs";
import { newSeed } from "../soak/random.mjs";

const seed = newSeed();

test(`nothing acknowledged is lost or counted twice: seed ${seed}`, { timeout: 120_000 }, async () => {
  const { acknowledged, written, wrong } = await crash({ rounds: 2, seed, say: console.log });
  expect(wrong, `npm run crash -- --rounds 2 --seed ${seed}`).toEqual([]);
  expect(written).toBeGreaterThanOrEqual(acknowledged);
});
