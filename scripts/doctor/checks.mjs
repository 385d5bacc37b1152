// What is wrong with a deployment, by the facts that `GET /api/v1/admin/health` tells and by what
// became of a test trace; and for each what to do. Asks nobody itself.

/** What the operator's API tells; null is what it could not find out.
 *  @typedef {object} Facts
 *  @property {string} version
 *  @property {string} now
 *  @property {Record<string, boolean>} bindings
 *  @property {{ sweptAt: string | null, unwritten: number, oldestUnwrittenAt: string | null, deadLetters: number, newestDeadLetterAt: string | null } | null} rows
 *  @property {number | null} databaseBytes
 *  @property {{ count: number, newest: string | null } | null} migrations
 *  @property {string} newestMigration
 *  @property {{ messages: number, oldestAt: string | null } | null} queue */

/** What was measured from here.
 *  @typedef {object} Measured
 *  @property {string} version what this folder's is
 *  @property {number} now milliseconds, halfway between asking and the answer
 *  @property {number} took milliseconds that the answer took
 *  @property {{ visibleMs: number } | { failed: string }} roundTrip */

/** @typedef {"ok" | "warning" | "failed"} Verdict */
/** What is said of a part; `remedy` where something is to be done.
 *  @typedef {{ name: string, verdict: Verdict, said: string, remedy?: string }} Check */

/** The operator's choice, which a deployment may lack. */
const OPTIONAL = ["METRICS"];
/** A database of D1 holds so much, and no more. */
const DATABASE_BYTES = 10e9;
/** From when on there is time to do something. */
const DATABASE_WARNING = 0.7;
const DATABASE_FAILED = 0.95;
/** The sweeper runs each minute. */
const SWEEP_WARNING_S = 180;
const SWEEP_FAILED_S = 600;
/** A batch is written within a second as a rule; within minutes after an outage. */
const WAITING_WARNING_S = 60;
const WAITING_FAILED_S = 900;
/** More than the half hour that a deployment's own consumers catch up with. */
const BACKLOG_WARNING = 10_000;
/** Of batches the clock is the time in their keys: see SETTLED_MS in src/pipeline/sweep.rs. */
const CLOCK_WARNING_S = 30;
const CLOCK_FAILED_S = 300;
const VISIBLE_WARNING_MS = 5_000;

/** @param {string | null | undefined} at @param {number} now */
const secondsSince = (at, now) => (at ? Math.max(0, Math.round((now - Date.parse(at)) / 1_000)) : null);

/** @param {number} seconds */
const spoken = (seconds) =>
  seconds < 120 ? `${seconds} s` : seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;

/** @param {number} value @param {number} warning @param {number} failed @returns {Verdict} */
const graded = (value, warning, failed) => (value >= failed ? "failed" : value >= warning ? "warning" : "ok");

const DEPLOY = "`npm run deploy` applies migrations and binds what wrangler.toml names (locally: `npm start` anew)";
const LOGS = "see the Worker's log (`npx wrangler tail`)";

/**
 * All that there is to say, in an order in which the first that is wrong explains the rest.
 * @param {Facts} facts
 * @param {Measured} measured
 * @returns {Check[]}
 */
export function judge(facts, measured) {
  const serverNow = Date.parse(facts.now);
  return [
    version(facts, measured),
    bindings(facts),
    migrations(facts),
    ...database(facts),
    ...(facts.rows ? [sweep(facts.rows, serverNow), unwritten(facts, serverNow), deadLetters(facts.rows)] : []),
    queue(facts, serverNow),
    clock(serverNow, measured),
    roundTrip(measured),
  ];
}

/** @param {string} name @param {Verdict} verdict @param {string} said @param {string} remedy @returns {Check} */
const check = (name, verdict, said, remedy) => ({ name, verdict, said, ...(verdict !== "ok" && { remedy }) });

/** @param {Facts} facts @param {Measured} measured */
function version({ version: deployed }, { version: own }) {
  return check(
    "version",
    deployed === own ? "ok" : "warning",
    deployed === own ? deployed : `${deployed}; this folder has ${own}`,
    "`npm run deploy` puts this folder's there",
  );
}

/** @param {Facts} facts */
function bindings({ bindings: bound }) {
  const missing = Object.keys(bound).filter((name) => !bound[name] && !OPTIONAL.includes(name));
  const there = Object.keys(bound).filter((name) => bound[name]);
  return check(
    "bindings",
    missing.length ? "failed" : "ok",
    missing.length ? `not bound: ${missing.join(", ")}` : there.join(", "),
    DEPLOY,
  );
}

/** @param {Facts} facts */
function migrations({ migrations: applied, newestMigration: wanted }) {
  if (!applied) return check("migrations", "failed", "the database does not say which were applied", DEPLOY);
  const newest = applied.newest ?? "none";
  // A newer schema than the code's is fine: a rollback leaves it so.
  return check(
    "migrations",
    newest < wanted ? "failed" : "ok",
    newest < wanted ? `${newest}; the Worker needs ${wanted}` : `${applied.count}, up to ${newest}`,
    DEPLOY,
  );
}

/** @param {Facts} facts @returns {Check[]} */
function database({ databaseBytes: bytes, rows }) {
  if (!rows)
    return [
      check(
        "database",
        "failed",
        "it does not answer, or not as its tables should",
        `${LOGS}, https://www.cloudflarestatus.com, and whether the migrations are applied`,
      ),
    ];
  if (bytes === null) return [check("database", "ok", "it answers, and does not say its size", "")];
  const share = bytes / DATABASE_BYTES;
  const remedy = "move projects to a deployment of their own before it is full: what does not fit is a dead letter, and stays in R2";
  return [
    check(
      "database",
      graded(share, DATABASE_WARNING, DATABASE_FAILED),
      `${(bytes / 1e6).toFixed(1)} MB, ${(100 * share).toFixed(1)} % of its 10 GB`,
      remedy,
    ),
  ];
}

/** @param {NonNullable<Facts["rows"]>} rows @param {number} now */
function sweep({ sweptAt }, now) {
  const ago = secondsSince(sweptAt, now);
  const remedy = `the cron of wrangler.toml ("* * * * *") has to run, and to reach R2 and D1: ${LOGS}`;
  return check(
    "last sweep",
    ago === null ? "failed" : graded(ago, SWEEP_WARNING_S, SWEEP_FAILED_S),
    ago === null ? "never" : `${spoken(ago)} ago`,
    remedy,
  );
}

/** @param {Facts} facts @param {number} now */
function unwritten({ rows, queue }, now) {
  const ages = [secondsSince(rows?.oldestUnwrittenAt, now), secondsSince(queue?.oldestAt, now)].filter((age) => age !== null);
  const oldest = Math.max(0, ...ages);
  const count = rows?.unwritten ?? 0;
  const said =
    ages.length === 0 ? "none waits" : `${spoken(oldest)} old${count ? `; ${count >= 1_000 ? "1000 or more" : count} overdue` : ""}`;
  return check(
    "oldest unwritten",
    graded(oldest, WAITING_WARNING_S, WAITING_FAILED_S),
    said,
    `nothing is lost, it is in R2 and queued again each minute; if this does not fall, ${LOGS}`,
  );
}

/** @param {NonNullable<Facts["rows"]>} rows */
function deadLetters({ deadLetters: count, newestDeadLetterAt: newest }) {
  const remedy =
    "`GET /api/v1/dead-letters` and /settings say why; once that is mended, `npm run replay -- --since … --until …` writes them";
  return check(
    "dead letters",
    count ? "failed" : "ok",
    count ? `${count >= 1_000 ? "1000 or more" : count}, the newest of ${newest}` : "none",
    remedy,
  );
}

/** @param {Facts} facts @param {number} now */
function queue({ queue }, now) {
  if (!queue)
    return check(
      "queue",
      "warning",
      "it does not say what waits",
      "nothing, where the deployment is otherwise well: older platforms do not tell",
    );
  const oldest = secondsSince(queue.oldestAt, now);
  const said = queue.messages
    ? `${queue.messages} messages${oldest === null ? "" : `, the oldest ${spoken(oldest)} old`}`
    : "nothing waits";
  return check(
    "queue",
    queue.messages >= BACKLOG_WARNING ? "warning" : "ok",
    said,
    `the consumer is slower than what is sent, or away: ${LOGS}`,
  );
}

/** @param {number} serverNow @param {Measured} measured */
function clock(serverNow, { now, took }) {
  // What the answer took may all lie on one side.
  const off = Math.max(0, Math.round((Math.abs(serverNow - now) - took / 2) / 1_000));
  return check(
    "clock",
    graded(off, CLOCK_WARNING_S, CLOCK_FAILED_S),
    off ? `${spoken(off)} apart from this machine's` : "as this machine's",
    "set this machine's clock (NTP); times of traces come from the clocks of those who send them",
  );
}

/** @param {Measured} measured */
function roundTrip({ roundTrip: trip }) {
  if ("failed" in trip) return check("round trip", "failed", trip.failed, `what is red above explains it, or ${LOGS}`);
  return check(
    "round trip",
    graded(trip.visibleMs, VISIBLE_WARNING_MS, Infinity),
    `a test trace could be read ${trip.visibleMs} ms after it was sent`,
    "the queue's consumer is behind: see the queue above",
  );
}
