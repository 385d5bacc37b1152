// Bytes on a socket, for what no HTTP client would send: headers twice, lengths
// that lie, requests that break off. Gives back whatever came before the
// connection closed.
import net from "node:net";

export interface Raw {
  /** 0 where nothing that is HTTP came back. */
  status: number;
  text: string;
}

/** A request's head: its first line and its headers, each a line. */
export function head(line: string, headers: string[] = []): string {
  return [line, "Host: localhost", "Connection: close", ...headers, "", ""].join("\r\n");
}

/** Sends the pieces; then, if it is to be cut off, says that nothing more
 *  comes (`end`) or dies (`reset`). */
export function raw(url: URL, pieces: (string | Uint8Array)[], { cut }: { cut?: "end" | "reset" } = {}): Promise<Raw> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const socket = net.connect(Number(url.port), url.hostname.replace(/^\[|]$/g, ""));
    socket.on("data", (part) => parts.push(part));
    socket.on("error", () => {}); // it closes, too
    socket.on("close", () => {
      const text = Buffer.concat(parts).toString("utf8");
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
    for (const piece of pieces) socket.write(piece);
    if (cut === "end") socket.end();
    if (cut === "reset") socket.write("", () => socket.resetAndDestroy());
  });
}
