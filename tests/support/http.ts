// One HTTP/1.1 exchange, sent exactly as asked: no header is added that the
// test did not write (fetch adds content types and encodings of its own), and
// a body given in pieces goes out chunked, without a Content-Length.
import http from "node:http";

export interface Outgoing {
  method?: string;
  headers?: Record<string, string>;
  /** A whole body, or its pieces. */
  body?: string | Uint8Array | (string | Uint8Array)[];
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** The text as JSON; undefined where it is empty, of a page, and of protobuf. */
  json: any;
}

export function exchange(url: URL, { method = "GET", headers = {}, body }: Outgoing): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunked = Array.isArray(body);
    const whole = typeof body === "string" ? Buffer.from(body) : chunked ? undefined : body;
    const length = whole ? { "content-length": String(whole.byteLength) } : {};
    const request = http.request(url, { method, headers: { ...length, ...headers }, agent: false });
    let answered = false;
    request.on("response", (response) => {
      answered = true;
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(parts).toString("utf8");
        try {
          const said = response.headers["content-type"] ?? "";
          const other = said.startsWith("text/html") || said.startsWith("application/x-protobuf");
          const json = text === "" || other ? undefined : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
        } catch {
          reject(new Error(`${method} ${url.pathname} answered ${response.statusCode} and no JSON: ${text.slice(0, 500)}`));
        }
      });
    });
    // A server may answer before it has read a body that it refuses.
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    if (chunked) for (const piece of body as (string | Uint8Array)[]) request.write(piece);
    request.end(whole);
  });
}
