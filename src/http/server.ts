/** In charge of Node's HTTP server: how long a client may dawdle, and how the gateway stops without cutting anybody off. */
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { StartupError } from "../errors.js";

/** A server that listens. */
export interface RunningServer {
  readonly url: string;
  /** Takes no more connections, lets what is under way finish for at most this long, then ends the rest. */
  stop(timeoutMillis: number): Promise<void>;
}

/**
 * Listens.
 * @throws StartupError when the port can't be had
 */
export async function listen(
  listener: RequestListener,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<RunningServer> {
  const server = createServer(
    {
      // Without it a second Authorization header would be dropped in silence instead of being refused.
      joinDuplicateHeaders: true,
      // A body of one byte a second is cut off before 15 seconds.
      requestTimeout: 12_000,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 65_000,
    },
    listener,
  );
  await startListening(server, host, port);
  const { port: actualPort } = server.address() as AddressInfo;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  return { url: `http://${shownHost}:${actualPort}`, stop: (timeoutMillis) => stopServer(server, timeoutMillis) };
}

function startListening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(explain(error, host, port)));
    server.listen(port, host, resolve);
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): Error {
  if (error.code === "EADDRINUSE")
    return new StartupError(`Port ${port} of ${host} is taken.`, "Stop what listens there, or set PORT to another.", {
      cause: error,
    });
  if (error.code === "EACCES")
    return new StartupError(`This user may not listen on port ${port}.`, "Set PORT to one above 1023.", {
      cause: error,
    });
  return new StartupError(`The address ${host}:${port} can't be listened on (${error.code}).`, "Set HOST and PORT.", {
    cause: error,
  });
}

async function stopServer(server: Server, timeoutMillis: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A kept-alive connection that finishes its last request now would stay open otherwise.
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const deadline = setTimeout(() => server.closeAllConnections(), timeoutMillis);
  await closed;
  clearInterval(idle);
  clearTimeout(deadline);
}
