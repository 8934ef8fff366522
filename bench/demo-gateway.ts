/** In charge of what is measured over HTTP: a server with the demo world, and a gateway on it in a process of its own. */
import { type DemoIssuer, ensureDemoIssuer, signDemoToken } from "../src/auth/demo-issuer.js";
import { seedDemoWorld } from "../src/database/demo-world.js";
import { type SpawnedGateway, spawnGateway } from "../test/support/spawn-gateway.js";
import { type BenchDatabase, startServer } from "./server.js";

/** The demo world, before anybody serves it. */
export interface DemoWorld extends BenchDatabase {
  readonly issuer: DemoIssuer;
  /** A token that lasts as long as a measurement. */
  tokenFor(email: string): Promise<string>;
  /** Starts the one gateway, with these settings beside the database's. */
  serve(environment?: Readonly<Record<string, string>>): Promise<URL>;
  /** Ends the gateway, then the server. */
  stop(): Promise<void>;
}

/** Starts a server, with settings of PostgreSQL's, and seeds it. */
export async function startDemoWorld(settings?: Readonly<Record<string, string>>): Promise<DemoWorld> {
  const server = await startServer(settings);
  const database = await server.migrated("portcullis");
  const issuer = await ensureDemoIssuer(server.folder);
  await seedDemoWorld(database.adminUrl, issuer);
  let gateway: SpawnedGateway | null = null;
  return {
    ...database,
    issuer,
    tokenFor: (email) => signDemoToken(issuer, { subject: email, email, lifetimeSeconds: 3_600 }),
    serve: async (environment) => {
      gateway = await spawnGateway(database.url, environment);
      return new URL(gateway.url);
    },
    stop: async () => {
      await gateway?.stop();
      await server.stop();
    },
  };
}
