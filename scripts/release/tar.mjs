// A tar archive (POSIX ustar), compressed: of the same files always the same bytes, whoever
// makes it, when and where. Leaves out: long names, links, anything but files.

import { gzipSync } from "node:zlib";
import { Failed } from "../run.mjs";

const BLOCK = 512;
/** When every file was last changed, for `tar`: 1980, the earliest that all tools show. */
const MTIME = 315_532_800;

/** @typedef {{ path: string, bytes: Buffer }} File */

/** The archive.
 *  @param {File[]} files in the order in which they are to be in it */
export function tarball(files) {
  const parts = files.flatMap(({ path, bytes }) => [header(path, bytes.length), bytes, Buffer.alloc(-bytes.length & (BLOCK - 1))]);
  const archive = gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]), { level: 9 });
  // The system that it was compressed on is in its tenth byte: unknown.
  archive[9] = 255;
  return archive;
}

/** @param {string} path
 *  @param {number} length */
function header(path, length) {
  if (Buffer.byteLength(path) > 100) throw new Failed(`${path}: too long a name for the archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (/** @type {number} */ n, /** @type {number} */ digits) => n.toString(8).padStart(digits, "0");
  block.write(path, 0);
  // Mode, user and group.
  block.write("0000644\x000000000\x000000000\0", 100);
  block.write(`${octal(length, 11)}\0${octal(MTIME, 11)}\0`, 124);
  // The checksum is counted with spaces in its place; then a plain file.
  block.write("        0", 148);
  block.write("ustar\x0000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}
