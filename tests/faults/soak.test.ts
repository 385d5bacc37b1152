// Two short soaks (tests/soak/soak.mjs), one with a seed that never changes and
// one with a seed that nobody chose; `npm run soak` is the long one.
import { expect, test } from "vitest";
import { newSeed } from "../soak/random.mjs";
import { soak } from "../soak/soak.mjs";

test.each([1, newSeed()])(
  "whatever goes wrong, nothing acknowledged is lost or counted twice: seed %i",
  { timeout: 60_000 },
  async (seed) => {
    const { batches, acknowledged, written, wrong } = await soak({ seed, batches: 50 });
    expect(wrong, `npm run soak -- --seed ${seed} --batches 50`).toEqual([]);
    expect(batches).toBeGreaterThanOrEqual(50);
    expect(written).toBeGreaterThanOrEqual(acknowledged);
    expect(acknowledged).toBeGreaterThan(0);
  },
);
