// The local state that `npm start` serves: its migrations, its first project and key,
// and the operator's secret.

import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failed, capture, env, fingerprint, say, stamp, stateDir } from "./run.mjs";

/** The key that every local set-up has. The Worker takes it only with the
 *  variable EDGESPAN_LOCAL, which a deployment does not have. */
export const LOCAL_KEY = "ts_local_development";

/** Where the operator's secret of the local server is kept: as wrangler reads
 *  it, so that it stands in no list of processes, and for nobody else to read. */
export const operatorFile = (state = stateDir) => join(state, "operator.env");

/** The operator's secret of the state folder; with `make`, it is made when there
 *  is none. Random, because pages and other users can guess what is the same
 *  everywhere. */
export function operatorToken({ state = stateDir, make = false } = {}) {
  const file = operatorFile(state);
  if (make && !existsSync(file)) {
    mkdirSync(state, { recursive: true });
    writeFileSync(file, `ADMIN_TOKEN=${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  }
  const [, token] = (existsSync(file) && /^ADMIN_TOKEN=(\S+)$/m.exec(readFileSync(file, "utf8"))) || [];
  if (!token) throw new Failed(`${file} is not there: has \`npm start\` run with this STATE_DIR?`);
  return token;
}

/** What wrangler needs to run without asking anybody anything. */
export const quiet = { ...env, CI: "1" };

/** Where wrangler finds the local database. */
const LOCAL = ["--local", "--persist-to", stateDir];

/** All that is ever stored of a key.
 *  @param {string} key */
const hashOf = (key) => createHash("sha256").update(key).digest("hex");

/** Runs statements in the local database, as one transaction.
 *  @param {string} sql */
function execute(sql) {
  const { ok, stdout, stderr } = capture("wrangler", ["d1", "execute", "DB", ...LOCAL, "--command", sql], { env: quiet });
  if (!ok) throw new Failed(`the database could not be prepared:\n${stdout}${stderr}`);
}

/** Brings the local database up to date. Starting wrangler takes seconds, so
 *  it is done only when the migrations or the configuration have changed. */
export function ensureLocalState() {
  const done = stamp(join(stateDir, "prepared"));
  const wanted = fingerprint(["migrations", "wrangler.toml"]);
  if (done.is(wanted) && existsSync(join(stateDir, "v3", "d1"))) return;

  say("applying the migrations to the local database");
  const apply = ["d1", "migrations", "apply", "DB", ...LOCAL];
  const { ok, stdout, stderr } = capture("wrangler", apply, { env: quiet });
  if (!ok) throw new Failed(`the migrations could not be applied:\n${stdout}${stderr}`);
  const now = Date.now();
  execute(`
    insert into project (id, name, created_ms) values ('local', 'local', ${now}) on conflict do nothing;
    insert into api_key (hash, id, project, name, prefix, created_ms, scopes)
      select '${hashOf(LOCAL_KEY)}', 'key_local', id, 'local', '${LOCAL_KEY.slice(0, 11)}', ${now}, 'admin'
      from project where name = 'local' on conflict do nothing;`);
  done.set(wanted);
}
