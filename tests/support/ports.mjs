// Ports for servers that do not listen at once: whoever starts one passes its port on to a program
// that binds it seconds later.
import { createServer } from "node:net";

const PORTS = 100;
/** Below those that the kernel gives to whoever asks for any (from 32768 on), as every other Worker
 *  does meanwhile. A block for each of Vitest's workers, from 1 on; the first is for what runs without Vitest. */
const FIRST = 20_000 + PORTS * Number(process.env.VITEST_POOL_ID ?? 0);

/** Begins elsewhere in each process: all tests may run twice at a time. */
let next = process.pid;

/** A port that nobody uses; each time another.
 *  @returns {Promise<number>} */
export async function freePort() {
  for (let n = 0; n < PORTS; n++) {
    const port = FIRST + (next++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port is free of ${FIRST} to ${FIRST + PORTS - 1}`);
}

/** @param {number} port
 *  @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((done) => {
    const probe = createServer().once("error", () => done(false));
    probe.listen(port, "localhost", () => probe.close(() => done(true)));
  });
}
