// What a project's administrators manage by a key of the scope admin, what the operator
// manages by the secret, and the pages.

import { LEFT, alertPaths } from "./alerts.mjs";
import { tracesOf } from "./reading.mjs";
import { client, count, data, list, object, operator, orNull, person, ref, tagged, text, whole } from "./words.mjs";

/** @import { Make, Said, Schema } from "./words.mjs" */

const string = { type: "string" };
const none = data({ type: "null" });
const time = text("ISO 8601.");
const page = { limit: count(1, 100), cursor: text("The last answer's `nextCursor`.") };

const PRICE = object(
  {
    pattern: text("A model's name, or the beginning of some and `*`."),
    from: orNull({ type: "string", format: "date" }),
    prices: { type: "object", additionalProperties: { type: "number", minimum: 0 } },
  },
  ["pattern", "prices"],
);

const ROUTING = object({
  name: { type: "string", minLength: 1, maxLength: 200 },
  defaultModel: string,
  enabled: { type: "boolean" },
  rules: list(object({ name: string, condition: { type: "object" }, model: string, priority: { type: "integer" } }), { maxItems: 50 }),
});

/** @param {Make} make @param {string} suffix @param {Partial<Said>} [more] */
const prices = (make, suffix, more) => ({
  GET: make(`listPrices${suffix}`, "A project's own prices", {
    ...more,
    answers: { 200: data(object({ prices: list(ref("Price")), table: { type: "object" } }, ["prices", "table"])) },
  }),
  PUT: make(`setPrice${suffix}`, "Set a price", { ...more, body: PRICE, answers: { 200: data(ref("Price")) } }),
  DELETE: make(`removePrice${suffix}`, "Remove a price", {
    missing: true,
    query: { pattern: "", from: "" },
    required: ["pattern"],
    answers: { 200: none },
  }),
});

/** @param {Make} make @param {string} under @param {string} suffix @param {Partial<Said>} [more] */
const routing = (make, under, suffix, more) => ({
  [under]: {
    GET: make(`listRoutingConfigs${suffix}`, "Routing configurations, oldest first", {
      ...more,
      query: page,
      answers: { 200: data(whole({ routingConfigs: list(ref("RoutingConfig")), nextCursor: orNull(string) })) },
    }),
    POST: make(`createRoutingConfig${suffix}`, "Make a routing configuration", {
      ...more,
      body: { ...ROUTING, required: ["name", "defaultModel"] },
      answers: { 201: data(ref("RoutingConfig")) },
      conflicts: true,
    }),
  },
  [`${under}/{id}`]: {
    GET: make(`getRoutingConfig${suffix}`, "A routing configuration", { answers: { 200: data(ref("RoutingConfig")) }, missing: true }),
    PATCH: make(`updateRoutingConfig${suffix}`, "Change what is given of one", {
      body: ROUTING,
      answers: { 200: data(ref("RoutingConfig")) },
      missing: true,
      conflicts: true,
    }),
    DELETE: make(`deleteRoutingConfig${suffix}`, "Delete one", {
      answers: { 200: data(whole({ id: string, deleted: { type: "boolean" } })) },
      missing: true,
    }),
  },
});

const FIELDS = {
  name: { type: "string", minLength: 1, maxLength: 200 },
  type: string,
  config: { type: "object" },
  enabled: { type: "boolean" },
  autoRun: { type: "boolean" },
  target: { type: "string", enum: ["trace", "span"] },
  filter: object({ traceName: string, tags: list(string), spanTypes: list(string), spanName: string }),
  sampleRate: { type: "number", minimum: 0, maximum: 1 },
  maxRunsPerDay: count(),
};
const EVALUATOR = object(FIELDS);
const RUN = object({ traceIds: list({ type: "string", minLength: 1 }, { minItems: 1, maxItems: 100 }) }, ["traceIds"]);
const TRIED = whole({
  spanId: orNull(string),
  status: { type: "string", enum: ["ok", "skipped", "error"] },
  value: orNull({ type: "number" }),
  label: orNull(string),
  reasoning: orNull(string),
  message: orNull(string),
});

/** @param {Make} make @param {string} under @param {string} suffix @param {Partial<Said>} [more] */
const evaluators = (make, under, suffix, more) => ({
  [under]: {
    GET: make(`listEvaluators${suffix}`, "Evaluators of stored traces, oldest first", {
      ...more,
      query: { ...page, type: "A type of evaluator.", enabled: { type: "boolean" } },
      answers: { 200: data(whole({ evaluators: list(ref("Evaluator")), nextCursor: orNull(string) })) },
    }),
    POST: make(`createEvaluator${suffix}`, "Make an evaluator", {
      ...more,
      body: { ...EVALUATOR, required: ["name", "type"] },
      answers: { 201: data(ref("Evaluator")) },
      conflicts: true,
    }),
  },
  [`${under}/{id}`]: {
    GET: make(`getEvaluator${suffix}`, "An evaluator", { answers: { 200: data(ref("Evaluator")) }, missing: true }),
    PATCH: make(`updateEvaluator${suffix}`, "Change what is given of one", {
      body: EVALUATOR,
      answers: { 200: data(ref("Evaluator")) },
      missing: true,
      conflicts: true,
    }),
    DELETE: make(`deleteEvaluator${suffix}`, "Delete one; its scores stay", {
      answers: { 200: data(whole({ id: string, deleted: { type: "boolean" } })) },
      missing: true,
    }),
  },
  [`${under}/{id}/run`]: {
    POST: make(`runEvaluator${suffix}`, "Have one judge traces that there are", {
      body: RUN,
      answers: { 202: data(whole({ queued: count() })) },
      missing: true,
    }),
  },
});

const NAME = text("1 to 64 of `A-Z a-z 0-9 . _ -`.", { pattern: "^[A-Za-z0-9._-]{1,64}$" });
const HANDLING = { type: "string", enum: ["strict", "lenient"] };
const NEW_KEY = {
  ...object({
    name: NAME,
    handling: HANDLING,
    scopes: text("Some of ingest, read, admin, joined by commas.", { examples: ["ingest,read"] }),
  }),
  additionalProperties: false,
};
const ROTATED = { ...object({ name: NAME, keepOld: { type: "boolean" } }), additionalProperties: false };

export const MANAGING = tagged("managing", {
  "/api/v1/prices": prices(client, ""),
  ...evaluators(client, "/api/v1/evaluators", ""),
  "/api/v1/evaluators/try": {
    POST: client("tryEvaluator", "Try one on a trace; nothing is kept", {
      body: object({ ...FIELDS, traceId: string }, ["name", "type", "traceId"]),
      answers: { 200: data(whole({ results: list(TRIED), warnings: list(string) })) },
      missing: true,
    }),
  },
  ...routing(client, "/api/v1/routing-configs", ""),
  ...alertPaths(client, "/api/v1", ""),
  "/api/v1/budget": {
    GET: client("budgetLeft", "What is left of the project's budgets, and of a user's and a session's", {
      query: { user: "A user's id.", session: "A session's id." },
      answers: { 200: data(LEFT) },
    }),
  },
  "/api/v1/api-keys": {
    GET: client("listKeys", "The project's keys, never the keys themselves", {
      answers: { 200: data(whole({ apiKeys: list(ref("Key")), nextCursor: { type: "null" } })) },
    }),
    POST: client("createKey", "Make a key", { body: NEW_KEY, answers: { 201: data(ref("NewKey")) } }),
  },
  "/api/v1/api-keys/{key}": {
    DELETE: client("revokeKey", "Revoke a key", {
      answers: { 200: data(whole({ id: string, revoked: { type: "boolean" }, warnings: list(string) })) },
      missing: true,
    }),
  },
  "/api/v1/api-keys/{key}/rotate": {
    POST: client("rotateKey", "Make a key that takes over from another", {
      body: ROTATED,
      answers: { 201: data(ref("NewKey")) },
      missing: true,
    }),
  },
});

/** @param {string} name @param {string[]} required @param {Record<string, object>} properties */
const step = (name, required, properties) =>
  operator(name, STEPS[name] ?? "", {
    body: { ...object({ since: time, ...properties }, required), additionalProperties: false },
    answers: { 200: data({ type: "object" }) },
  });

/** @type {Record<string, string>} */
const STEPS = {
  replay: "One step of a replay",
  verify: "Compare some raw batches with the index",
  verifyRows: "Go along some rows of the index",
  forget: "Forget traces that are wrong",
};

const range = { until: time, project: text("A project's id."), after: text("The last step's `next`.") };
const PROJECT = object({ id: string, name: string, handling: string, rateLimit: count(), createdAt: string }, [
  "id",
  "name",
  "handling",
  "rateLimit",
]);
const HEALTH = whole({
  version: string,
  now: string,
  bindings: { type: "object", additionalProperties: { type: "boolean" } },
  rows: orNull(
    whole({
      sweptAt: orNull(string),
      unwritten: count(),
      oldestUnwrittenAt: orNull(string),
      deadLetters: count(),
      newestDeadLetterAt: orNull(string),
    }),
  ),
  databaseBytes: orNull(count()),
  migrations: orNull(whole({ count: count(), newest: orNull(string) })),
  newestMigration: string,
  queue: orNull(whole({ messages: count(), oldestAt: orNull(string) })),
});
const PROJECTS = "/api/v1/admin/projects/{project}";

export const OPERATING = tagged("operating", {
  [PROJECTS]: {
    GET: operator("getProject", "A project and its keys", {
      answers: { 200: data(whole({ project: PROJECT, keys: list(ref("Key")) })) },
      missing: true,
    }),
    PATCH: operator("configureProject", "Set a project", {
      body: {
        ...object({ handling: HANDLING, rateLimit: { type: "integer", enum: [0, 100, 1_000, 10_000] } }),
        minProperties: 1,
        additionalProperties: false,
      },
      answers: { 200: data(PROJECT) },
      missing: true,
    }),
  },
  [`${PROJECTS}/keys`]: {
    POST: operator("createProjectKey", "Make a key, and the project when it is new", {
      body: NEW_KEY,
      answers: { 201: data(ref("NewKey")) },
      missing: true,
    }),
  },
  [`${PROJECTS}/keys/{key}`]: { DELETE: operator("revokeProjectKey", "Revoke a key", { answers: { 200: none }, missing: true }) },
  [`${PROJECTS}/keys/{key}/rotate`]: {
    POST: operator("rotateProjectKey", "Make a key that takes over from another", {
      body: ROTATED,
      answers: { 201: data(ref("NewKey")) },
      missing: true,
    }),
  },
  [`${PROJECTS}/prices`]: prices(operator, "OfProject", { missing: true }),
  ...tracesOf(operator, PROJECTS),
  ...evaluators(operator, `${PROJECTS}/evaluators`, "OfProject", { missing: true }),
  ...routing(operator, `${PROJECTS}/routing-configs`, "OfProject", { missing: true }),
  ...alertPaths(operator, PROJECTS, "OfProject", { missing: true }),
  "/api/v1/admin/health": { GET: operator("adminHealth", "How the deployment is", { answers: { 200: data(HEALTH) } }) },
  "/api/v1/admin/usage": {
    GET: operator("usageOfAll", "What all projects used in a month", {
      query: { month: "`YYYY-MM`." },
      answers: { 200: data(ref("Usage")) },
    }),
  },
  "/api/v1/admin/usage/history": {
    GET: operator("usageHistoryOfAll", "What all projects used in the last months", {
      query: { months: count(1, 24) },
      answers: { 200: data(list(ref("Usage"))) },
    }),
  },
  "/api/v1/admin/replay": { POST: step("replay", ["since", "until"], { ...range, dryRun: { type: "boolean" } }) },
  "/api/v1/admin/verify": { POST: step("verify", ["since"], { ...range, queue: { type: "boolean" } }) },
  "/api/v1/admin/verify/rows": { POST: step("verifyRows", ["since"], range) },
  "/api/v1/admin/verify/forget": {
    POST: step("forget", ["since", "project"], {
      project: string,
      traces: list(string, { maxItems: 100 }),
      keys: list(string, { maxItems: 100 }),
      gone: list(string),
    }),
  },
});

/** A page, or for htmx a part of one; whoever is not signed in is sent to sign in: htmx with a
 *  401.
 *  @param {string} id @param {string} summary @param {Partial<Said>} [more] */
const shown = (id, summary, more) =>
  person(id, summary, { ...more, answers: { 200: HTML, 303: null, 304: null, 401: null, ...more?.answers }, failures: "page" });
/** @type {{ content: Record<string, object> }} */
const HTML = { content: { "text/html": { type: "string" } } };
/** A form of a page of this origin; one of another site is refused.
 *  @param {string} id @param {string} summary @param {Record<string, Schema>} fields @param {Partial<Said>} [more] */
const form = (id, summary, fields, more) =>
  person(id, summary, {
    ...more,
    bodies: { "application/x-www-form-urlencoded": object(fields) },
    answers: { 200: HTML, 303: null, 401: HTML, 403: HTML },
    failures: "page",
  });
const missing = { missing: true };
/** A page with a filter, which says what of it cannot be read. */
const filtered = { answers: { 400: HTML } };
const RAW = { content: { "application/json": {}, "text/plain": string, "text/html": string } };
const raw = (/** @type {string} */ id) =>
  person(id, "A payload as it was sent", {
    ...missing,
    query: { field: "", part: "" },
    answers: { 200: RAW, 303: null, 401: null },
    failures: "page",
  });
const rating = { good: string, note: string };

export const PAGES = tagged("pages", {
  "/": { GET: shown("pageHome", "The list of traces, with its charts", filtered) },
  "/traces": { GET: shown("pageTraces", "The rows of that list", filtered) },
  "/chart": { GET: shown("pageChart", "The charts above it") },
  "/compare": { GET: shown("pageCompare", "Two traces side by side", { ...missing, query: { a: "", b: "", spanA: "", spanB: "" } }) },
  "/errors": { GET: shown("pageErrors", "What failed, by message", filtered) },
  "/costs": { GET: shown("pageCosts", "What was used and what it cost", filtered) },
  "/scores": { GET: shown("pageScores", "The results of evaluators", filtered) },
  "/evaluators": {
    GET: shown("pageEvaluators", "The evaluators of stored traces"),
    POST: form(
      "changeEvaluators",
      "Try, save, switch or delete one",
      {
        action: { type: "string", enum: ["save", "try", "enable", "disable", "delete"] },
        id: string,
        name: string,
        type: string,
        config: string,
        target: string,
        filter: string,
        sample: string,
        arrival: string,
        trace: string,
      },
      { missing: true, conflicts: true },
    ),
  },
  "/traces/{trace}": { GET: shown("pageTrace", "A trace", missing) },
  "/traces/{trace}/rating": { POST: form("rateTrace", "Rate a trace", rating, missing) },
  "/traces/{trace}/share": {
    POST: form(
      "makeShare",
      "Make a link to a trace",
      { days: { type: "string", enum: ["1", "7", "30"] } },
      { missing: true, conflicts: true },
    ),
  },
  "/share/{token}": { GET: shown("openShare", "Open a link to a trace", missing) },
  "/settings/shares/{share}/revoke": { POST: form("revokeShare", "Take a link to a trace back", {}) },
  "/traces/{trace}/conversation": { GET: shown("pageConversation", "A trace as one conversation", missing) },
  "/traces/{trace}/content": { GET: shown("pageContent", "A trace's own input and output", missing) },
  "/traces/{trace}/content/raw": { GET: raw("pageRawContent") },
  "/traces/{trace}/spans/{span}": { GET: shown("pageSpan", "A span", missing) },
  "/traces/{trace}/spans/{span}/raw": { GET: raw("pageRawSpan") },
  "/traces/{trace}/spans/{span}/image": {
    GET: person("pageImage", "An image of a message", {
      ...missing,
      query: { image: "Which: a hash of it." },
      answers: { 200: { content: { "image/*": {} } }, 303: null, 401: null },
      failures: "page",
    }),
  },
  "/traces/{trace}/spans/{span}/rating": { POST: form("rateSpan", "Rate a span", rating, missing) },
  "/sessions/{session}": { GET: shown("pageSession", "A session's traces in order", missing) },
  "/settings": { GET: shown("pageSettings", "Usage, limits, dead letters, keys") },
  "/settings/keys": { POST: form("createKeyOnPage", "Make a key, which the page shows this once", { name: string, scopes: string }) },
  "/settings/keys/{key}/rotate": { POST: form("rotateKeyOnPage", "Make a key that takes over", {}, missing) },
  "/settings/keys/{key}/revoke": { POST: form("revokeKeyOnPage", "Revoke a key", {}, missing) },
  "/settings/dead-letters/replay": { POST: form("replayOnPage", "Queue dead letters again", { batch: string }, missing) },
  "/sign-in": {
    GET: person("pageSignIn", "The form for signing in", {
      query: { to: "", ended: "" },
      answers: { 200: HTML, 303: null },
      failures: "page",
    }),
    POST: form("signIn", "Sign in", { key: string, to: string }),
  },
  "/sign-out": { POST: form("signOut", "Sign out", {}) },
});
