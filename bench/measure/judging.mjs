// Measure 10: processor time of a judgement, one CONTAINS over 2 KB, beside that of a request
// that asks for nothing, `GET /api/v1/health`. The peer has neither.

import { both, rounds } from "../stats.mjs";
import { timed } from "./cpu.mjs";

/** @import { Bench } from "../report.mjs" */

/** @param {Bench} bench */
export async function measureJudging({ driven, table, quick }) {
  const [ours] = both(driven);
  const [times, most] = quick ? [20, 1] : [4_000, 7];
  const of = async () => ({
    health: await timed(ours, "health", times),
    validate: await timed(ours, "validate", times),
  });
  await of();
  const [took] = await rounds([{ live: ours }], { most, ...(quick ? {} : { seconds: 30 }) }, of);
  if (!took) throw new Error("nothing was measured");
  table.add("judging/health", "handler CPU, GET /api/v1/health", "ms", took.health, null);
  table.add("judging/validate", "handler CPU, POST /api/v1/validate, one CONTAINS over 2 KB", "ms", took.validate, null);
}
