// Alerts by webhook, and budgets.

import { count, data, list, object, orNull, ref, text, whole } from "./words.mjs";

/** @import { Make, Said, Schema } from "./words.mjs" */

const string = { type: "string" };
const number = { type: "number" };
const time = text("ISO 8601.");
const name = { type: "string", minLength: 1, maxLength: 200 };
const deleted = data(whole({ id: string, deleted: { type: "boolean" } }));

const KINDS = ["errorRate", "cost", "p95Duration", "evaluatorAverage", "noTraces", "deadLetters"];
const RULE = {
  name,
  threshold: { type: "number", exclusiveMinimum: 0 },
  period: { type: "string", enum: ["hour", "day"] },
  evaluator: text("The name of scores, of their average."),
  minCount: count(0, 4_294_967_295),
  url: text("https, at a host of `ALERT_HOSTS`."),
  format: { type: "string", enum: ["json", "slack"] },
  cooldownMinutes: count(0, 44_640),
  enabled: { type: "boolean" },
};
const LIMITS = { name, limitUsd: { type: "number", minimum: 0, maximum: 1e6 }, limitTokens: count(0, 1e12) };
const BUDGET = {
  ...LIMITS,
  subjectKind: { type: "string", enum: ["project", "user", "session"] },
  subject: text("A user's or a session's id; `*`, as where nothing is said, for each."),
  period: { type: "string", enum: ["day", "month", "total"] },
};

/** @param {Record<string, Schema>} properties @param {string[]} [required] */
const exact = (properties, required) => ({ ...object(properties, required), additionalProperties: false });

export const SCHEMAS = {
  Alert: whole({
    id: string,
    name: string,
    kind: { type: "string", enum: KINDS },
    period: orNull(string),
    evaluator: orNull(string),
    threshold: number,
    minCount: count(),
    url: text("Without its path, which may be secret."),
    format: string,
    cooldownMinutes: count(),
    enabled: { type: "boolean" },
    state: { type: "string", enum: ["ok", "firing"] },
    since: time,
    lastSentAt: orNull(string),
    lastError: orNull(string),
    createdAt: time,
    updatedAt: time,
  }),
  Budget: object(
    {
      id: string,
      name: string,
      subjectKind: string,
      subject: orNull(string),
      period: string,
      limitUsd: orNull(number),
      limitTokens: orNull({ type: "integer" }),
      spentUsd: number,
      spentTokens: { type: "integer" },
      leftUsd: orNull(number),
      leftTokens: orNull({ type: "integer" }),
      resetsAt: orNull(string),
      createdAt: time,
    },
    ["id", "name", "subjectKind", "subject", "period", "limitUsd", "limitTokens", "resetsAt", "createdAt"],
  ),
};

export const LEFT = whole({ budgets: list(ref("Budget")), leftUsd: orNull(number), leftTokens: orNull({ type: "integer" }) });

/** @param {Make} make @param {string} under @param {string} suffix @param {Partial<Said>} [more] */
export const alertPaths = (make, under, suffix, more) => ({
  [`${under}/alerts`]: {
    GET: make(`listAlerts${suffix}`, "Alerts, oldest first, and how they stand", {
      ...more,
      answers: { 200: data(whole({ alerts: list(ref("Alert")) })) },
    }),
    POST: make(`createAlert${suffix}`, "Make an alert", {
      ...more,
      body: exact({ ...RULE, kind: { type: "string", enum: KINDS } }, ["name", "kind", "threshold", "url"]),
      answers: { 201: data(ref("Alert")) },
      conflicts: true,
    }),
  },
  [`${under}/alerts/{id}`]: {
    GET: make(`getAlert${suffix}`, "An alert", { answers: { 200: data(ref("Alert")) }, missing: true }),
    PATCH: make(`changeAlert${suffix}`, "Change what is given of one", {
      body: exact(RULE),
      answers: { 200: data(ref("Alert")) },
      missing: true,
      conflicts: true,
    }),
    DELETE: make(`deleteAlert${suffix}`, "Delete one", { answers: { 200: deleted }, missing: true }),
  },
  [`${under}/alerts/{id}/test`]: {
    POST: make(`testAlert${suffix}`, "Send one for a try", {
      answers: { 200: data(whole({ taken: { type: "boolean" }, message: orNull(string) })) },
      missing: true,
    }),
  },
  [`${under}/budgets`]: {
    GET: make(`listBudgets${suffix}`, "Budgets, oldest first, and what is spent of them", {
      ...more,
      answers: { 200: data(whole({ budgets: list(ref("Budget")) })) },
    }),
    POST: make(`createBudget${suffix}`, "Make a budget", {
      ...more,
      body: exact(BUDGET, ["name", "subjectKind", "period"]),
      answers: { 201: data(ref("Budget")) },
      conflicts: true,
    }),
  },
  [`${under}/budgets/{id}`]: {
    GET: make(`getBudget${suffix}`, "A budget", { answers: { 200: data(ref("Budget")) }, missing: true }),
    PATCH: make(`changeBudget${suffix}`, "Change its name and limits", {
      body: exact(LIMITS),
      answers: { 200: data(ref("Budget")) },
      missing: true,
    }),
    DELETE: make(`deleteBudget${suffix}`, "Delete one, and what is spent of it", { answers: { 200: deleted }, missing: true }),
  },
});
