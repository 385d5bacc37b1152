// Which local servers of this folder run, where, and on which state. `npm start`
// writes it down, so that the other commands say when they would work on another
// database than the one somebody looks at, or on no server. Several may run, each
// on a port and a state of its own. Only Node's own modules.

import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, relative } from "node:path";
import { Failed, cache, root, stateDir } from "./run.mjs";

const folder = join(cache, "running");
const DEFAULT_PORT = 3000;
const DEFAULT_STATE = join(cache, "state");

/** @typedef {{ pid: number, port: number, stateDir: string }} Server */

/** Where the local server is, or is to be. */
export const port = Number(process.env.PORT || DEFAULT_PORT);
/** @param {number} port */
export const urlAt = (port) => `http://localhost:${port}`;

/** Notes that this process serves, until it ends. */
export function noteServer() {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${port}.json`);
  // Renamed into place: whoever reads it meanwhile finds all of it.
  const next = `${file}.${process.pid}`;
  writeFileSync(next, JSON.stringify({ pid: process.pid, port, stateDir }));
  renameSync(next, file);
  process.on("exit", () => rmSync(file, { force: true }));
}

/** The servers that run. What one left that was killed does not count, and is
 *  removed.
 *  @returns {Promise<Server[]>} */
export async function servers() {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const found = await Promise.all(
    names.map(async (name) => {
      const noted = read(join(folder, name));
      if (!noted) return [];
      if (!lives(noted.pid)) rmSync(join(folder, name), { force: true });
      // The number may be another process's by now.
      else if (await listens(noted.port)) return [noted];
      return [];
    }),
  );
  return found.flat();
}

/** @param {string} file
 *  @returns {Server | null} */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** @param {number} pid */
function lives(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {number} port
 *  @returns {Promise<boolean>} */
function listens(port) {
  return new Promise((done) => {
    const socket = connect({ port, host: "localhost" })
      .once("connect", () => socket.end(() => done(true)))
      .once("error", () => done(false));
  });
}

/** Whether two paths are one folder, by whatever name.
 *  @param {string} a
 *  @param {string} b */
function same(a, b) {
  const real = (/** @type {string} */ path) => (existsSync(path) ? realpathSync(path) : path);
  return real(a) === real(b);
}

/** A folder as one would type it: from here where it is in here.
 *  @param {string} path */
export function shown(path) {
  const inside = relative(root, path);
  return inside.startsWith("..") ? path : inside;
}

/** A word for a shell, with quotes where it needs them.
 *  @param {string} word */
const quoted = (word) => (/^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`);

/** What has to stand before a command to reach a state: nothing for the usual one.
 *  @param {string} path */
export const withState = (path) => (same(path, DEFAULT_STATE) ? "" : `STATE_DIR=${quoted(shown(path))} `);
/** The same for a port.
 *  @param {number} number */
export const withPort = (number) => (number === DEFAULT_PORT ? "" : `PORT=${number} `);

/** The server that has this state, unless none runs.
 *  @param {string} state */
export async function serverOn(state) {
  return (await servers()).find((server) => same(server.stateDir, state));
}

/** @param {Server[]} running */
const list = (running) => running.map(({ port, stateDir }) => `  ${urlAt(port)}, with its state in ${shown(stateDir)}`).join("\n");

/**
 * Fails when the server that a command is about to talk to does not run, or has
 * another state than is meant; the message says what to do.
 * @param {string} command What `npm run` is followed by.
 * @param {boolean} reads Whether the command reads the state as well. Otherwise
 * it matters only to whoever says STATE_DIR.
 */
export async function checkServer(command, reads) {
  const running = await servers();
  const own = running.find((server) => server.port === port);
  if (own) {
    if (same(own.stateDir, stateDir) || !(reads || process.env.STATE_DIR)) return;
    const other = await serverOn(stateDir);
    const instead = other
      ? `The one with ${shown(stateDir)} is at ${urlAt(other.port)}: ${withPort(other.port)}${withState(stateDir)}npm run ${command}`
      : `None runs with ${shown(stateDir)}: PORT=… ${withState(stateDir)}npm start`;
    throw new Failed(`the server at ${urlAt(port)} has its state in ${shown(own.stateDir)}: \
${withPort(port)}${withState(own.stateDir)}npm run ${command}\n${instead}`);
  }
  // Another folder's, or one in a container: not noted here, and fine.
  if (await listens(port)) return;
  if (running.length === 0) throw new Failed(`${urlAt(port)} does not answer: \`${withPort(port)}npm start\` starts a server there`);
  const theirs = running
    .map((server) => `  ${withPort(server.port)}${reads ? withState(server.stateDir) : ""}npm run ${command}`)
    .join("\n");
  throw new Failed(`${urlAt(port)} does not answer, but there is a server at\n${list(running)}\nFor that one:\n${theirs}`);
}
