/** In charge of telling PostgreSQL to stop what a connection is doing, over a connection of its own. */
import { connect } from "node:net";
import type { PoolClient } from "pg";

// What the driver knows of its connection; its published types leave it out.
interface Backend {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

const cancelRequest = 80_877_102;

/**
 * Asks that the statement under way fails, and with it what waits behind it. Never rejects: where nobody hears it, nothing is
 * stopped. It may come late, so whatever is asked over that connection afterwards may fail.
 */
export function cancel(client: PoolClient): void {
  const { host, port, processID, secretKey } = client as unknown as Backend;
  if (processID === null || secretKey === null) return;
  const message = Buffer.alloc(16);
  for (const [index, word] of [message.length, cancelRequest, processID, secretKey].entries())
    message.writeInt32BE(word, index * 4);
  const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
  socket
    .on("error", () => undefined)
    .end(message)
    .unref();
}
