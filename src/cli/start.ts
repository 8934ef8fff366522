/** In charge of `portcullis start`: puts the parts together, listens, and stops them in the opposite order. */
import { sealEvents, writeEvents } from "../audit/audit-database.js";
import { type AuditTrail, createAuditTrail } from "../audit/audit-trail.js";
import { startSealing } from "../audit/seal.js";
import { createAuthenticate } from "../auth/authenticate.js";
import { ensureDemoIssuer } from "../auth/demo-issuer.js";
import { explainToken } from "../auth/explain-token.js";
import { createProviders } from "../auth/providers.js";
import type { Config } from "../config.js";
import { createAdmit } from "../database/admission.js";
import { touchApiKey } from "../database/api-keys.js";
import { createChanges } from "../database/changes.js";
import { createPool, type Pool } from "../database/pool.js";
import { proveDatabase } from "../database/proof.js";
import { createSessions } from "../database/session.js";
import { createGateway } from "../gateway.js";
import { listen } from "../http/server.js";
import { createSubscriptions, type Subscriptions } from "../http/subscriptions.js";
import { createLog, type Log } from "../observe/log.js";
import { createMetrics, type Metrics } from "../observe/metrics.js";
import { ensureDemoKey } from "./key.js";
import { type PreparedDatabase, prepareDatabase } from "./prepare-database.js";
import { welcome } from "./welcome.js";

/** A gateway that serves. */
export interface RunningGateway {
  readonly url: string;
  /** Settles when its embedded database has ended. */
  readonly databaseEnded: Promise<unknown>;
  /** Answers 503 to the question whether it is ready, finishes what is under way, and leaves nothing running. */
  stop(): Promise<void>;
}

const providersFreshMillis = 30_000;
const sealEveryMillis = 10_000;

/**
 * Starts everything and prints the first steps.
 * @throws StartupError when something is not right; nothing is left running then
 */
export async function startGateway(config: Config, log: Log = createLog(config)): Promise<RunningGateway> {
  const demoIssuer = config.isProduction ? null : await ensureDemoIssuer(config.dataFolder);
  const preparing = prepareDatabase(config, demoIssuer);
  try {
    // Building the schema takes about as long as starting the database.
    const [database, { schema }] = await Promise.all([preparing, import("../schema/index.js")]);
    await proveDatabase(database.url);
    const running = await serve({ config, log, database, schema });
    if (demoIssuer !== null && database.hasDemoWorld) {
      const apiKey = database.adminUrl && (await ensureDemoKey(database.adminUrl, config.dataFolder));
      process.stdout.write(await welcome(running.url, { demoIssuer, apiKey: apiKey ?? "" }));
    }
    return running;
  } catch (error) {
    await preparing.then(
      (database) => database.stop(),
      () => undefined,
    );
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly database: PreparedDatabase;
  readonly schema: Parameters<typeof createGateway>[0]["schema"];
}

async function serve({ config, log, database, schema }: Parts): Promise<RunningGateway> {
  const pool = openPool(config, database, log);
  const providers = createProviders({ readRows: () => readProviders(pool), log });
  const audit = createAuditTrail({ write: (events) => writeEvents(pool, events), log });
  const sessions = createSessions(pool, config.database);
  const subscriptions = openSubscriptions(pool, { config, log, database });
  const metrics = config.hasMetrics ? metricsOf({ pool, subscriptions, audit }) : null;
  const rules = { findProvider: providers.find, maxLifetimeSeconds: config.tokenMaxLifetimeSeconds };
  let isStopping = false;
  const gateway = createGateway({
    schema,
    sessions: metrics?.countSessions(sessions) ?? sessions,
    admit: createAdmit(pool),
    authenticate: createAuthenticate(rules),
    explainToken: (token) => explainToken(token, rules),
    audit,
    subscriptions,
    touchApiKey: (publicId) => touchApiKey(pool, publicId),
    isReady: async () => !isStopping && (await pool.query({ sql: "select 1", parameters: [] })).length === 1,
    metrics,
    config,
    log,
  });
  const server = await listen(gateway, config);
  await providers.reload();
  const stopRefreshing = providers.keepFresh(providersFreshMillis);
  const stopSealing = startSealing({ seal: () => sealEvents(pool), log, everyMillis: sealEveryMillis });
  log.write({ event: "listening", url: server.url });
  return {
    url: server.url,
    databaseEnded: database.ended,
    stop: async () => {
      isStopping = true;
      stopRefreshing();
      subscriptions.stop();
      await server.stop(config.shutdownTimeoutMillis);
      await Promise.all([stopSealing(), audit.stop(), subscriptions.changes.stop()]);
      await pool.close();
      await database.stop();
      log.write({ event: "stopped" });
    },
  };
}

function openPool({ database }: Config, { url }: PreparedDatabase, log: Log): Pool {
  const { poolSize, acquireTimeoutMillis, prepare, operationTimeoutMillis: answerTimeoutMillis } = database;
  const onIdleError = (error: Error) => log.write({ event: "connection_lost", error });
  return createPool({ url, size: poolSize, acquireTimeoutMillis, answerTimeoutMillis, prepare, onIdleError });
}

function openSubscriptions(pool: Pool, { config, log, database }: Omit<Parts, "schema">): Subscriptions {
  const { listenUrl, poolSize } = config.database;
  const changes = createChanges({
    pool,
    listenUrl: listenUrl === "off" ? null : (listenUrl ?? database.url),
    onListening: (error) =>
      log.write(error === undefined ? { event: "changes_heard" } : { event: "changes_not_heard", error }),
  });
  const { most, mostPerCaller } = config.subscriptions;
  const turns = Math.max(1, Math.floor(poolSize / 3));
  return createSubscriptions({ changes, most, mostPerSubscriber: mostPerCaller, turns });
}

interface Measured {
  readonly pool: Pool;
  readonly subscriptions: Subscriptions;
  readonly audit: AuditTrail;
}

function metricsOf({ pool, subscriptions, audit }: Measured): Metrics {
  return createMetrics({
    pool: () => pool.load,
    subscriptions: () => subscriptions.count,
    changes: () => subscriptions.changes.means,
    auditLost: () => audit.lost,
  });
}

function readProviders(pool: Pool): Promise<readonly unknown[]> {
  return pool.query({ sql: "select * from iam.list_providers()", parameters: [] });
}
