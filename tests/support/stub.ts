// A server on this machine that keeps what it is asked and answers as a test says: what a Worker
// calls, or what a command takes for a Worker.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach } from "vitest";

export interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** What came as JSON. */
  body: any;
}

export interface Stub {
  host: string;
  url: string;
  /** What the test that runs has caused it to be asked. */
  asked: Asked[];
}

/** Starts one, and ends it after the file's tests. */
export async function useStub(answer: (response: ServerResponse, asked: Asked) => void): Promise<Stub> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const { method = "", url: path = "", headers } = request;
    const one = { method, path, headers, body: JSON.parse(body || "null") };
    asked.push(one);
    answer(response, one);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  beforeEach(() => void asked.splice(0));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { host, url: `http://${host}`, asked };
}
