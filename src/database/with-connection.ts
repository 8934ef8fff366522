/** In charge of short visits to a database outside of the pool: one connection, closed again whatever happens. */
import pg from "pg";
import { StartupError } from "../errors.js";

/** Connects, does `work`, disconnects. Throws a StartupError when nobody answers or the login is refused. */
export async function withConnection<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "portcullis start" });
  // Without a listener a lost connection would end the process; the query that notices it rejects as well.
  client.on("error", () => undefined);
  await connect(client);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function connect(client: pg.Client): Promise<void> {
  try {
    await client.connect();
  } catch (cause) {
    await client.end().catch(() => undefined);
    const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
    throw new StartupError(
      `The database at ${client.host}:${client.port} can't be reached as ${client.user}: ${reason}`,
      "Start the database, or correct DATABASE_URL and DATABASE_ADMIN_URL.",
      { cause },
    );
  }
}
