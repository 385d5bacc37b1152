// `npm run openapi`: writes docs/openapi.json, which describes the whole HTTP surface, from
// the files in openapi/. The build serves it at /api/v1/openapi.json; tests compare it with
// the table of routes, with docs/api.md and with what the running Worker answers.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MANAGING, OPERATING, PAGES } from "./openapi/managing.mjs";
import { LANGFUSE, READING } from "./openapi/reading.mjs";
import { SCHEMAS } from "./openapi/schemas.mjs";
import { JUDGING, SENDING } from "./openapi/sending.mjs";
import { RESPONSES } from "./openapi/words.mjs";
import { cli, ownVersion, root, say } from "./run.mjs";

export const OPENAPI = "docs/openapi.json";

/** The document. */
export function describe() {
  /** @type {Record<string, object>} */
  const paths = {};
  for (const [path, methods] of [...SENDING, ...READING, ...JUDGING, ...MANAGING, ...OPERATING, ...LANGFUSE, ...PAGES]) {
    paths[path] = { ...paths[path], ...methods };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Edgespan",
      version: ownVersion(),
      summary: "Traces of LLM agents: sent, kept, read.",
      description: "docs/api.md says in words what is here by fields. Every answer of the Worker has an `X-Request-Id`.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: TAGS.map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: SCHEMAS, responses: RESPONSES, securitySchemes: KEYS },
  };
}

const TAGS = [
  ["sending", "What agents and their SDKs send."],
  ["reading", "What a key of the scope `read` reads."],
  ["judging", "Answers by rule, of which nothing is kept."],
  ["managing", "What a key of the scope `admin` manages of its project."],
  ["operating", "What the operator's secret is for."],
  ["langfuse", "What Langfuse's SDKs read, in their own shape."],
  ["pages", "The dashboard: pages of this origin, for people."],
];

const KEYS = {
  key: { type: "http", scheme: "bearer", description: "A project's key: `ts_…`." },
  keyHeader: { type: "apiKey", in: "header", name: "x-api-key", description: "The same, where there is no `Authorization`." },
  operator: { type: "http", scheme: "bearer", description: "The secret `ADMIN_TOKEN`." },
  session: { type: "apiKey", in: "cookie", name: "edgespan_session", description: "What signing in sets." },
};

/** Its text, as it is kept: each operation, schema and answer is a line.
 *  @param {unknown} [value] @param {number} [depth] @returns {string} */
export function text(value = describe(), depth = 0) {
  if (depth === 3 || typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify(value);
  const lines = Object.entries(value).map(([name, of]) => `${" ".repeat(depth + 1)}${JSON.stringify(name)}: ${text(of, depth + 1)}`);
  return `{\n${lines.join(",\n")}\n${" ".repeat(depth)}}${depth ? "" : "\n"}`;
}

if (process.argv[1] === import.meta.filename) {
  await cli(async () => {
    writeFileSync(join(root, OPENAPI), text());
    say(`${OPENAPI} is written`);
  });
}
