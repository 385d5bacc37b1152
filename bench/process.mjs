// What Linux says of a process: its children, its processor time, its memory.
// Elsewhere processor time falls back to the clock on the wall, and memory is
// not told.

import { readFileSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const linux = process.platform === "linux";
export const clock = linux ? "processor time of all threads of workerd" : "wall clock (no /proc here)";

export function childrenOf(pid) {
  if (!linux) return [];
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((child) => {
    try {
      return Number(readFileSync(`/proc/${child}/stat`, "utf8").split(") ").at(-1).split(" ")[1]) === pid;
    } catch {
      return false; // It has ended.
    }
  });
}

/**
 * Milliseconds of processor time that the process has used when it has come to
 * rest, all threads: V8 collects garbage on threads of its own, and that is
 * work of the Worker, too. What a thread has used since it was last scheduled
 * is not told while it runs, so this waits until nothing is added any more.
 */
export async function cpuOf(pid) {
  if (!linux) return performance.now();
  for (let before = NaN, now = used(pid); ; before = now, now = used(pid)) {
    if (now === before) return now;
    await setTimeout(2);
  }
}

/** From schedstat, which counts nanoseconds; the times in `stat` are in ticks
 *  of ten milliseconds. */
function used(pid) {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
  }
  return nanoseconds / 1e6;
}

/** Bytes of memory that the process has in use. */
export function memoryOf(pid) {
  if (!linux) return NaN;
  return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)[1]) * 1024;
}
