// What Linux says of a process: its children, its processor time, its memory.
// Elsewhere processor time falls back to the clock on the wall, and memory is
// not told.

import { readFileSync, readdirSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

const linux = process.platform === "linux";
export const clock = linux ? "processor time in user mode of all threads of workerd" : "wall clock (no /proc here)";

/** The field of /proc/PID/stat that stands so many after the process's name.
 *  @param {number} pid
 *  @param {number} at */
const stat = (pid, at) => Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[at]);

/** @param {number} pid */
export function childrenOf(pid) {
  if (!linux) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        return stat(child, 1) === pid;
      } catch {
        return false; // It has ended.
      }
    });
}

/**
 * Milliseconds of processor time that the process has used in user mode, all
 * threads: V8 collects garbage on threads of its own, and that is work of the
 * Worker, too. The kernel's time is left out. It is page faults, of buffers
 * that one allocates and the other gets from the heap, and the same 180 of them
 * took 0.2 ms or 2 ms within one process, as the machine's memory management
 * would have it. The clock's ticks are 10 ms: what is measured takes long.
 * @param {number} pid
 */
export async function cpuOf(pid) {
  if (!linux) return performance.now();
  await setTimeout(5); // for threads that are about to stop
  const TICK_MS = 10;
  return stat(pid, 11) * TICK_MS;
}

/** Bytes of memory that the process has in use.
 *  @param {number} pid */
export function memoryOf(pid) {
  if (!linux) return NaN;
  return Number(readFileSync(`/proc/${pid}/status`, "utf8").match(/VmRSS:\s+(\d+)/)?.[1]) * 1024;
}
