/** In charge of asking over HTTP with as little of the machine's time as can be: one kept-alive socket, one request at a time. */
import { connect } from "node:net";

/** A connection to a server. */
export interface HttpClient {
  /** Sends a request as it is and tells the answer's status and body. */
  send(request: Buffer): Promise<{ readonly status: number; readonly body: string }>;
  close(): void;
}

/** A GraphQL request, written out once to be sent many times. */
export function graphqlRequest(url: URL, token: string, query: string): Buffer {
  const body = JSON.stringify({ query });
  return Buffer.from(
    `POST /graphql HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: application/json\r\nauthorization: Bearer ${token}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Connects. Only answers with a content-length or in chunks are understood. */
export function connectTo(url: URL): HttpClient {
  const socket = connect(Number(url.port), url.hostname).setNoDelay(true);
  let received = "";
  let waiting: { resolve(answer: { status: number; body: string }): void; reject(error: unknown): void } | null = null;
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => {
    received += chunk;
    const headEnd = received.indexOf("\r\n\r\n");
    if (headEnd < 0 || !isWhole(received, headEnd)) return;
    const answer = { status: Number(received.slice(9, 12)), body: received.slice(headEnd + 4) };
    received = "";
    waiting?.resolve(answer);
  });
  for (const event of ["error", "close"])
    socket.on(event, (error) => waiting?.reject(error instanceof Error ? error : new TypeError("The server hung up.")));
  return {
    send: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject };
        socket.write(request);
      }),
    close: () => void socket.removeAllListeners("close").destroy(),
  };
}

function isWhole(received: string, headEnd: number): boolean {
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, headEnd)) ?? [];
  return length === undefined ? received.endsWith("0\r\n\r\n") : received.length >= headEnd + 4 + Number(length);
}
