// What Linux says of a process: its children, its processor time, its memory.
// Elsewhere processor time falls back to the clock on the wall, and memory is
// not told.

import { readFileSync, readdirSync } from "node:fs";

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
 * Milliseconds of processor time that the process has used, all threads: V8
 * collects garbage on threads of its own, and that is work of the Worker, too.
 * From schedstat, which counts nanoseconds; the times in `stat` are in ticks
 * of ten milliseconds.
 */
export function cpuOf(pid) {
  if (!linux) return performance.now();
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
