/** In charge of what is counted. Every label comes from a closed list: never an id, a name, an address or a text of a client. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Changes } from "../database/changes.js";
import type { PoolLoad } from "../database/pool.js";
import type { Sessions } from "../database/session.js";

/** What is looked up at the moment when somebody asks for the figures. */
export interface Levels {
  readonly pool: () => PoolLoad;
  readonly subscriptions: () => number;
  readonly changes: () => Changes["means"];
  /** How many events the audit has lost, ever. */
  readonly auditLost: () => number;
}

/** The kinds of operation. */
export type OperationKind = "query" | "mutation" | "subscription";

/** The figures of one process. */
export interface Metrics {
  countRequest(status: number): void;
  /** A query or a mutation that has ended. */
  countOperation(operation: {
    readonly kind: OperationKind;
    readonly hasErrors: boolean;
    readonly seconds: number;
  }): void;
  /** An error that a client was answered with, by its code. */
  countError(code: string): void;
  /** Counts the sessions that are opened. */
  countSessions(sessions: Sessions): Sessions;
  /** All of them, as Prometheus reads them. */
  text(): Promise<string>;
  readonly contentType: string;
}

const means: readonly Changes["means"][] = ["none", "notifications", "polling"];
const secondsUpTo = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Makes them, all at nothing. */
export function createMetrics(levels: Levels): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "portcullis_requests_total",
    help: "HTTP requests answered, by status; health and metrics are not counted.",
    labelNames: ["status"],
    registers,
  });
  const operations = new Histogram({
    name: "portcullis_operation_seconds",
    help: "Queries and mutations with their sessions, by kind and outcome (success, error).",
    labelNames: ["kind", "outcome"],
    buckets: secondsUpTo,
    registers,
  });
  const errors = new Counter({
    name: "portcullis_errors_total",
    help: "Errors that clients were answered with, by code: FORBIDDEN, UNAUTHENTICATED, …",
    labelNames: ["code"],
    registers,
  });
  const sessions = new Counter({
    name: "portcullis_sessions_total",
    help: "Sessions opened, by mode (read, write).",
    labelNames: ["mode"],
    registers,
  });
  addLevels(levels, registers);
  return {
    countRequest: (status) => requests.inc({ status: String(status) }),
    countOperation: ({ kind, hasErrors, seconds }) =>
      operations.observe({ kind, outcome: hasErrors ? "error" : "success" }, seconds),
    countError: (code) => errors.inc({ code }),
    countSessions: ({ open }) => ({
      open: (caller, options) => {
        sessions.inc({ mode: options.mode });
        return open(caller, options);
      },
    }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function addLevels({ pool, subscriptions, changes, auditLost }: Levels, registers: Registry[]): void {
  new Gauge({
    name: "portcullis_pool_connections",
    help: "Connections to the database, by state: idle, or lent to a session.",
    labelNames: ["state"],
    registers,
    collect() {
      const { idle, lent } = pool();
      this.set({ state: "idle" }, idle);
      this.set({ state: "lent" }, lent);
    },
  });
  new Gauge({
    name: "portcullis_pool_waiting",
    help: "Sessions that wait for a connection.",
    registers,
    collect() {
      this.set(pool().waiting);
    },
  });
  new Gauge({
    name: "portcullis_subscriptions",
    help: "Subscriptions that are open.",
    registers,
    collect() {
      this.set(subscriptions());
    },
  });
  new Gauge({
    name: "portcullis_changes_heard_by",
    help: "1 for the means by which changes are heard of: notifications, polling, or none while nobody is subscribed.",
    labelNames: ["means"],
    registers,
    collect() {
      for (const one of means) this.set({ means: one }, one === changes() ? 1 : 0);
    },
  });
  new Gauge({
    name: "portcullis_audit_events_lost",
    help: "Events of the audit that were dropped or could not be written since the start.",
    registers,
    collect() {
      this.set(auditLost());
    },
  });
}
