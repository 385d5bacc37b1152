// The operator's API as a script reaches it: of the server that `npm start` serves, or
// of the deployment. Leaves out: what is asked.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { operatorToken } from "./local.mjs";
import { Failed, cache } from "./run.mjs";
import { checkServer, port, urlAt } from "./running.mjs";

/** Where `npm run deploy` notes where the deployment is and the secret that it has put
 *  there: for nobody else to read, and nothing that git takes. */
const NOTED = join(cache, "deployment.json");

/** @typedef {{ url: string, token: string }} Deployment */

/** Notes a deployment.
 *  @param {Deployment} deployment */
export function noteDeployment(deployment) {
  mkdirSync(cache, { recursive: true });
  writeFileSync(NOTED, JSON.stringify(deployment), { mode: 0o600 });
}

/** The deployment that was noted, if one was.
 *  @returns {Partial<Deployment>} */
export const notedDeployment = () => (existsSync(NOTED) ? JSON.parse(readFileSync(NOTED, "utf8")) : {});

/** The environment's deployment, or what was noted of it. */
function deployment() {
  const noted = notedDeployment();
  const { EDGESPAN_URL: url = noted.url, ADMIN_TOKEN: token = noted.token } = process.env;
  if (!url || !token) {
    throw new Failed(
      "--remote needs to know the deployment: `npm run deploy` from this folder notes where it is and its secret; " +
        "otherwise set EDGESPAN_URL, and ADMIN_TOKEN to what `npx wrangler secret put ADMIN_TOKEN` was given",
    );
  }
  return { url: url.replace(/\/$/, ""), token };
}

/**
 * A function that asks the operator's API and gives the `data` of the answer; `url` is whom.
 * @param {string} command What `npm run` is followed by, for what there is to say when
 * no server runs or another one.
 * @param {boolean} [remote]
 */
export async function operator(command, remote) {
  // The secret of a local server is in its state.
  if (!remote) await checkServer(command, true);
  const { url, token } = remote ? deployment() : { url: urlAt(port), token: operatorToken() };
  /**
   * @param {string} method
   * @param {string} path what follows `/api/v1/admin/`
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  const ask = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
    let response;
    try {
      response = await fetch(`${url}/api/v1/admin/${path}`, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Failed(`${url} does not answer: is it running?`);
    }
    const { data, error } = /** @type {{ data?: unknown, error?: { message: string } }} */ (await response.json().catch(() => ({})));
    if (response.ok && data !== undefined) return data;
    // What is not there is said as the service says it.
    const said =
      response.status === 404 && error ? error.message : `${url} answered ${response.status}: ${error?.message ?? "that is no Edgespan"}`;
    throw Object.assign(new Failed(said), { status: response.status });
  };
  return Object.assign(ask, { url });
}
