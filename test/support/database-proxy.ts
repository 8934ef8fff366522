/** In charge of standing between the gateway and PostgreSQL: sees what is written, and cuts the line at a chosen word. */
import { connect, createServer, type Socket } from "node:net";

/** A running proxy. */
export interface DatabaseProxy {
  readonly url: string;
  /** How many separate writes have come from the gateway. */
  readonly writes: () => number;
  /** Every statement that was sent to be executed, in order. */
  readonly statements: () => readonly string[];
  /** From now on: hand on the first write that contains the word, then cut the line, so that its answer is lost. */
  readonly cutAfter: (word: string) => void;
  /** From now on: hand on nothing of what the gateway writes. */
  readonly hang: () => void;
  /** For the next connection: say in one breath that it is ready and that its backend ends. */
  readonly endWhenReady: () => void;
  readonly stop: () => Promise<void>;
}

/** Starts a proxy in front of the database of a URL. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl);
  const url = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const statements: string[] = [];
  let writes = 0;
  let cutWord: string | null = null;
  let isHanging = false;
  let isEndingWhenReady = false;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const readMessages = createReader((text) => statements.push(text));
    client.setNoDelay(true);
    upstream.setNoDelay(true);
    for (const socket of [client, upstream]) sockets.add(socket.on("error", () => {}));
    client.on("data", (chunk) => {
      writes += 1;
      readMessages(chunk);
      if (isHanging) return;
      if (cutWord === null || !chunk.includes(cutWord)) return void upstream.write(chunk);
      client.destroy();
      upstream.end(chunk);
    });
    upstream.on("data", (chunk) => {
      if (client.destroyed) return;
      if (!isEndingWhenReady || !chunk.subarray(-6).equals(readyForQuery)) return void client.write(chunk);
      isEndingWhenReady = false;
      client.end(Buffer.concat([chunk, fatalError]));
    });
    client.on("close", () => upstream.end());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("No address.");
  url.port = String(address.port);

  return {
    url: url.toString(),
    writes: () => writes,
    statements: () => statements,
    cutAfter: (word) => {
      cutWord = word;
    },
    hang: () => {
      isHanging = true;
    },
    endWhenReady: () => {
      isEndingWhenReady = true;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const readyForQuery = Buffer.from("Z\0\0\0\x05I");
const fatalFields = "SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0";
const fatalError = Buffer.from(`E\0\0\0${String.fromCharCode(fatalFields.length + 4)}${fatalFields}`);

/** Reads the frontend's messages out of one connection's chunks: https://www.postgresql.org/docs/current/protocol-message-formats.html */
function createReader(onStatement: (text: string) => void): (chunk: Buffer) => void {
  const texts = new Map<string, string>();
  let rest: Buffer = Buffer.alloc(0);
  // The first message of a connection, and only that, has no letter.
  let letterBytes = 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= letterBytes + 4 && rest.length >= letterBytes + rest.readInt32BE(letterBytes)) {
      const end = letterBytes + rest.readInt32BE(letterBytes);
      const letter = letterBytes === 0 ? "" : String.fromCharCode(rest[0] ?? 0);
      const [first = "", second = ""] = rest.toString("utf8", letterBytes + 4, end).split("\0");
      if (letter === "P") texts.set(first, second);
      if (letter === "B") onStatement(texts.get(second) ?? "");
      rest = rest.subarray(end);
      letterBytes = 1;
    }
  };
}
