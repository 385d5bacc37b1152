// The words in which the files beside this one describe the HTTP surface: an operation is its
// audience, what it is for, what it takes and what it answers. What all operations of an
// audience have in common (keys, failures) is said here once.

/** A schema of JSON, as OpenAPI 3.1 has it: one of JSON Schema 2020-12.
 *  @typedef {Record<string, unknown>} Schema */

/** What an operation takes and answers.
 *  @typedef {object} Said
 *  @property {Record<string, Schema | string>} [query] parameters; a text describes one of text
 *  @property {string[]} [required] parameters of the query without which it is refused
 *  @property {Schema} [body] of JSON
 *  @property {Record<string, Schema>} [bodies] by their content type, where that is not JSON alone
 *  @property {Record<number, Schema | null | Answer>} answers a schema of JSON, or nothing
 *  @property {boolean} [missing] whether there may be nothing at its path
 *  @property {boolean} [conflicts] whether something there may be in the way
 *  @property {string} [note] what else there is to say
 *  @property {keyof typeof FAMILIES} [failures] how it says failures, where that is not as all others do */

/** @typedef {{ content: Record<string, Schema> }} Answer content types with their schemas */

/** @param {string} name */
export const ref = (name) => ({ $ref: `#/components/schemas/${name}` });

/** @param {string} description @param {Schema} [more] @returns {Schema} */
export const text = (description, more = {}) => ({ type: "string", description, ...more });

/** @param {Record<string, Schema>} properties @param {string[]} [required] @returns {Schema} */
export const object = (properties, required = []) => ({ type: "object", properties, ...(required.length > 0 && { required }) });

/** An object of which all fields are always there.
 *  @param {Record<string, Schema>} properties */
export const whole = (properties) => object(properties, Object.keys(properties));

/** @param {Schema} items @param {Schema} [more] @returns {Schema} */
export const list = (items, more = {}) => ({ type: "array", items, ...more });

/** @param {Schema} schema @returns {Schema} */
export const orNull = (schema) =>
  schema.type && !schema.enum ? { ...schema, type: [schema.type, "null"] } : { anyOf: [schema, { type: "null" }] };

/** A count, as queries and answers have it.
 *  @param {number} [minimum] @param {number} [maximum] @returns {Schema} */
export const count = (minimum = 0, maximum) => ({ type: "integer", minimum, ...(maximum && { maximum }) });

/** The form of most answers.
 *  @param {Schema} data */
export const data = (data) => whole({ data, error: { type: "null" } });

const bytes = { type: "string", format: "binary" };

/** How failures are said, and in which content types. */
const FAMILIES = {
  own: { "application/json": ref("Failure") },
  otlp: { "application/json": ref("OtlpFailure"), "application/x-protobuf": bytes },
  langfuse: { "application/json": ref("LangfuseFailure") },
  page: { "text/html": { type: "string" } },
};

const FAILURES = {
  400: "It is not what it should be; `details` says where, and what was expected there.",
  401: "There is no key, or none that is known.",
  403: "The key has not the scope, or a form is of another site.",
  404: "There is nothing at this path.",
  409: "Something there is in the way.",
  413: "It is larger than what is taken at once.",
  415: "The content type or encoding is none that is read.",
  429: "There were too many requests, or too many traces this month.",
  500: "Something went wrong in the service.",
  503: "A service that this one stands on is away, or there is too much at once: send it again.",
};

/** @typedef {{ security: Schema[], fails: number[] }} Audience */

/** Those who have a key of a project, from any origin. @type {Audience} */
const CLIENT = { security: [{ key: [] }, { keyHeader: [] }], fails: [401, 403, 429, 500, 503] };
/** Who has the operator's secret. @type {Audience} */
const OPERATOR = { security: [{ operator: [] }], fails: [401, 500, 503] };
/** People with a browser, on pages of this origin. @type {Audience} */
const PERSON = { security: [{ session: [] }], fails: [429, 500, 503] };
/** Whoever asks. @type {Audience} */
const ANYBODY = { security: [], fails: [] };

/**
 * An operation.
 * @param {Audience} audience
 * @param {string} id
 * @param {string} summary
 * @param {Said} said
 */
function operation(audience, id, summary, said) {
  const { query = {}, required = [], body, bodies, answers, missing, conflicts, note, failures = "own" } = said;
  const content = bodies ?? (body && { "application/json": body });
  const asked = content || Object.keys(query).length > 0;
  const fails = [...audience.fails, ...(asked ? [400] : []), ...(missing ? [404] : []), ...(conflicts ? [409] : [])];
  if (content) fails.push(413, 415);
  const parameters = Object.entries(query).map(([name, of]) => ({
    name,
    in: "query",
    ...(required.includes(name) && { required: true }),
    ...parameter(typeof of === "string" ? { type: "string", description: of } : of),
  }));
  return {
    operationId: id,
    summary,
    ...(note && { description: note }),
    security: audience.security,
    ...(parameters.length > 0 && { parameters }),
    ...(content && { requestBody: { required: true, content: schemas(content) } }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answered(answer)])),
      ...Object.fromEntries(
        fails.filter((status) => !(status in answers)).map((status) => [status, { $ref: `#/components/responses/${failures}${status}` }]),
      ),
    },
  };
}

/** Every failure, as operations refer to it. */
export const RESPONSES = Object.fromEntries(
  Object.entries(FAMILIES).flatMap(([family, content]) =>
    Object.entries(FAILURES).map(([status, description]) => [`${family}${status}`, { description, content: schemas(content) }]),
  ),
);

/** A parameter's description stands beside its schema. @param {Schema} of */
function parameter({ description, example, ...schema }) {
  return { ...(description ? { description } : {}), ...(example ? { example } : {}), schema };
}

/** @param {Record<string, Schema>} content */
function schemas(content) {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

/** @param {Schema | null | Answer} answer */
function answered(answer) {
  const description = "What was asked for.";
  if (answer === null) return { description: "There is no body." };
  if ("content" in answer) return { description, content: schemas(/** @type {Answer} */ (answer).content) };
  return { description, content: schemas({ "application/json": /** @type {Schema} */ (answer) }) };
}

/** @typedef {(id: string, summary: string, said: Said) => ReturnType<typeof operation>} Make */

/** @type {Make} */
export const client = (...all) => operation(CLIENT, ...all);
/** @type {Make} */
export const operator = (...all) => operation(OPERATOR, ...all);
/** @type {Make} */
export const person = (...all) => operation(PERSON, ...all);
/** @type {Make} */
export const anybody = (...all) => operation(ANYBODY, ...all);

/** The ids in paths: what each is, and one that there may be.
 *  @type {Record<string, Schema>} */
export const IDS = {
  trace: text("A trace's id.", { example: "first" }),
  span: text("A span's id.", { example: "answer" }),
  id: text("What it is called in lists of them.", { example: "first" }),
  project: text("A project's name.", { example: "shop" }),
  key: text("A key's id, never the key.", { example: "key_0a1b2c3d4e5f" }),
  token: text("What a link has after `/share/`."),
  share: text("A link's id, of which it is one part.", { example: "0a1b2c3d4e5f" }),
  session: text("A session's id.", { example: "session-1" }),
};

/**
 * Paths with what they have in common.
 * @param {string} tag
 * @param {Record<string, Record<string, ReturnType<Make>>>} paths
 */
export function tagged(tag, paths) {
  return Object.entries(paths).map(([path, methods]) => {
    const ids = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => ({
      name,
      in: "path",
      required: true,
      ...parameter(IDS[name] ?? {}),
    }));
    const operations = Object.entries(methods).map(([method, of]) => [method.toLowerCase(), { tags: [tag], ...of }]);
    return /** @type {const} */ ([path, { ...(ids.length > 0 && { parameters: ids }), ...Object.fromEntries(operations) }]);
  });
}
