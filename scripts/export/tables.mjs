// The tables of an export: their columns, and what a trace as the API gives it comes to in
// them. Leaves out: who asks for it, and where it goes.

/** A column: its name, its type in Parquet, and what is in it.
 *  @typedef {[name: string, type: "STRING" | "JSON" | "TIMESTAMP" | "INT64" | "DOUBLE", of: (row: any) => unknown]} Column */

/** A field of the API's as it is.
 *  @param {string} field
 *  @returns {Column[2]} */
const its = (field) => (row) => row[field] ?? null;
/** The same of a decimal number that is text.
 *  @param {string} field
 *  @returns {Column[2]} */
const number = (field) => (row) => (row[field] == null ? null : Number(row[field]));
/** @param {string} name @param {string} field @returns {Column} */
const text = (name, field) => [name, "STRING", its(field)];
/** @param {string} name @param {string} field @returns {Column} */
const json = (name, field) => [name, "JSON", its(field)];
/** @param {string} name @param {string} field @returns {Column} */
const time = (name, field) => [name, "TIMESTAMP", its(field)];
/** @param {string} name @param {string} field @returns {Column} */
const whole = (name, field) => [name, "INT64", its(field)];

/** @type {Column[]} */
const TRACES = [
  text("id", "id"),
  text("name", "name"),
  text("status", "status"),
  time("start_time", "startTime"),
  time("end_time", "endTime"),
  whole("duration_ms", "durationMs"),
  text("session_id", "sessionId"),
  text("user_id", "userId"),
  text("parent_trace_id", "parentTraceId"),
  text("deployment_id", "deploymentId"),
  json("tags", "tags"),
  json("metadata", "metadata"),
  whole("span_count", "spanCount"),
  whole("error_count", "errorCount"),
  whole("score_count", "scoreCount"),
  whole("total_tokens", "totalTokens"),
  ["total_cost", "DOUBLE", number("totalCost")],
  time("created_at", "createdAt"),
];

/** @type {Column[]} */
const SPANS = [
  text("trace_id", "traceId"),
  text("id", "id"),
  text("parent_span_id", "parentSpanId"),
  text("name", "name"),
  text("type", "type"),
  text("status", "status"),
  text("error_message", "errorMessage"),
  text("model", "model"),
  time("start_time", "startTime"),
  time("end_time", "endTime"),
  whole("duration_ms", "durationMs"),
  whole("prompt_tokens", "promptTokens"),
  whole("completion_tokens", "completionTokens"),
  whole("total_tokens", "totalTokens"),
  whole("cached_tokens", "cachedTokens"),
  ["cost", "DOUBLE", number("cost")],
  text("cost_source", "costSource"),
  time("created_at", "createdAt"),
];

const PAYLOADS = {
  traces: [json("input", "input"), json("output", "output"), text("payload_error", "payloadError")],
  spans: [
    json("input", "input"),
    json("output", "output"),
    json("metadata", "metadata"),
    json("model_parameters", "modelParameters"),
    text("payload_error", "payloadError"),
  ],
};

/** The columns of each table.
 *  @param {boolean} payloads */
export const columnsOf = (payloads) => ({
  traces: payloads ? [...TRACES, ...PAYLOADS.traces] : TRACES,
  spans: payloads ? [...SPANS, ...PAYLOADS.spans] : SPANS,
});

/** A row as a line of JSON: what is JSON in it stays that.
 *  @param {Column[]} columns
 *  @param {object} row */
export const toLine = (columns, row) => `${JSON.stringify(Object.fromEntries(columns.map(([name, , of]) => [name, of(row)])))}\n`;

/** A value as it stands in Parquet.
 *  @param {Column[1]} type
 *  @param {any} value */
function packed(type, value) {
  if (value === null) return null;
  if (type === "JSON") return JSON.stringify(value);
  if (type === "STRING") return typeof value === "string" ? value : JSON.stringify(value);
  if (type === "TIMESTAMP") return new Date(value);
  return type === "INT64" ? BigInt(value) : value;
}

/** Rows as columns of Parquet, JSON as text: the writer would make it of values once more.
 *  @param {Column[]} columns
 *  @param {object[]} rows */
export const toColumns = (columns, rows) =>
  columns.map(([name, type, of]) => {
    /** @type {Exclude<Column[1], "JSON">} */
    const stored = type === "JSON" ? "STRING" : type;
    return { name, type: stored, nullable: true, data: rows.map((row) => packed(type, of(row))) };
  });
