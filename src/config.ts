/** In charge of turning the environment into one frozen Config; nothing else reads process.env. */
import { z } from "zod";
import { StartupError } from "./errors.js";

const count = (least: number, most: number) => {
  const error = `is not a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};
const databaseUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, "is not an address like postgresql://user:password@host:5432/database");
const listenUrl = z
  .string()
  .regex(
    /^(postgres(ql)?:\/\/|off$)/,
    "is neither an address like postgresql://user:password@host:5432/database nor off",
  );
const oneOf = <const Word extends string>(...words: readonly Word[]) =>
  z.enum(words, { error: `is not one of ${words.join(", ")}` });
const flag = oneOf("on", "off", "true", "false", "1", "0").transform((word) => ["on", "true", "1"].includes(word));
const origins = z.string().transform((list, context) => {
  const entries = list
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  for (const entry of entries) {
    if (!URL.canParse(entry) || new URL(entry).origin !== entry)
      context.addIssue(`"${entry}" is not an origin like https://app.example`);
  }
  return entries;
});

const environment = z.object({
  NODE_ENV: oneOf("development", "test", "production").default("development"),
  HOST: z.string().default("127.0.0.1"),
  PORT: count(0, 65_535).default(4000),
  LOG_LEVEL: oneOf("silent", "error", "warn", "info", "debug").default("info"),
  CORS_ORIGINS: origins.default([]),
  DATA_FOLDER: z.string().default(".data"),
  DATABASE_URL: databaseUrl.optional(),
  DATABASE_ADMIN_URL: databaseUrl.optional(),
  DATABASE_LISTEN_URL: listenUrl.optional(),
  DATABASE_POOL_SIZE: count(1, 500).default(10),
  DATABASE_ACQUIRE_TIMEOUT_MS: count(50, 60_000).default(900),
  DATABASE_PREPARE: flag.default(true),
  STATEMENT_TIMEOUT_MS: count(100, 600_000).default(10_000),
  LOCK_TIMEOUT_MS: count(100, 600_000).default(5_000),
  METRICS: flag.default(true),
  SUBSCRIPTION_LIMIT: count(0, 100_000).default(1_000),
  SUBSCRIPTION_LIMIT_PER_CALLER: count(1, 100_000).default(20),
  TOKEN_MAX_LIFETIME_SECONDS: count(60, 31_536_000).default(86_400),
  npm_lifecycle_event: z.string().optional(),
  SHUTDOWN_TIMEOUT_MS: count(0, 600_000).default(20_000),
});

/** Everything that can be set from outside, checked and with its defaults. Times are in the unit of their names. */
export interface Config {
  readonly environment: "development" | "test" | "production";
  /** Demo data, demo tokens, GraphiQL and introspection exist only where this is false. */
  readonly isProduction: boolean;
  readonly host: string;
  readonly port: number;
  readonly logLevel: "silent" | "error" | "warn" | "info" | "debug";
  /** The browser origins that may call the gateway; none by default. */
  readonly corsOrigins: readonly string[];
  /** Where the embedded database and the demo issuer's key live. */
  readonly dataFolder: string;
  readonly database: DatabaseConfig;
  /** Whether figures are counted, and shown at /metrics. */
  readonly hasMetrics: boolean;
  readonly subscriptions: SubscriptionsConfig;
  readonly tokenMaxLifetimeSeconds: number;
  readonly shutdownTimeoutMillis: number;
  /** Whether this is an `npm start` of development: it ends with the npm that started it. */
  readonly isStartedByNpm: boolean;
}

/** How many subscriptions there may be. */
export interface SubscriptionsConfig {
  readonly most: number;
  readonly mostPerCaller: number;
}

/** How the database is reached, and how long anything there may take. */
export interface DatabaseConfig {
  /** As `authenticator`; null starts the embedded PostgreSQL. */
  readonly url: string | null;
  /** For migrations, as an owner; null: somebody else migrates. */
  readonly adminUrl: string | null;
  /** A direct connection for LISTEN, where `url` is a pooler's; `off`: changes are looked for twice a second. */
  readonly listenUrl: string | null;
  readonly poolSize: number;
  readonly acquireTimeoutMillis: number;
  readonly prepare: boolean;
  readonly statementTimeoutMillis: number;
  readonly lockTimeoutMillis: number;
  /** How long an operation may take in all: both of the above, and a moment more. */
  readonly operationTimeoutMillis: number;
}

/**
 * Reads the configuration from the environment. A variable set to the empty string counts as not set.
 * @throws StartupError that lists every problem at once
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = withoutEmpty(variables);
  const parsed = environment.safeParse(given);
  const malformed = parsed.error?.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`) ?? [];
  const problems = [...malformed, ...findContradictions(given)];
  if (!parsed.success || problems.length > 0) throw refuse(problems);
  return toConfig(parsed.data);
}

type Environment = z.infer<typeof environment>;

function withoutEmpty(variables: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value.trim() !== ""),
  );
}

function findContradictions(given: Readonly<Record<string, string | undefined>>): readonly string[] {
  if (given["DATABASE_URL"] !== undefined) return [];
  if (given["NODE_ENV"] === "production")
    return ["DATABASE_URL: is needed in production; the embedded database is for development"];
  const others = ["DATABASE_ADMIN_URL", "DATABASE_LISTEN_URL"].filter((name) => given[name] !== undefined);
  return others.map((name) => `${name}: is of no use without DATABASE_URL`);
}

function refuse(problems: readonly string[]): StartupError {
  const list = problems.map((problem) => `  ${problem}`).join("\n");
  return new StartupError(
    `The environment is not right:\n${list}`,
    "Correct these variables; docs/configuration.md lists them with their defaults.",
  );
}

const operationGraceMillis = 5_000;

function toConfig(values: Environment): Config {
  return Object.freeze({
    environment: values.NODE_ENV,
    isProduction: values.NODE_ENV === "production",
    host: values.HOST,
    port: values.PORT,
    logLevel: values.LOG_LEVEL,
    corsOrigins: Object.freeze(values.CORS_ORIGINS),
    dataFolder: values.DATA_FOLDER,
    database: Object.freeze({
      url: values.DATABASE_URL ?? null,
      adminUrl: values.DATABASE_ADMIN_URL ?? null,
      listenUrl: values.DATABASE_LISTEN_URL ?? values.DATABASE_URL ?? null,
      poolSize: values.DATABASE_POOL_SIZE,
      acquireTimeoutMillis: values.DATABASE_ACQUIRE_TIMEOUT_MS,
      prepare: values.DATABASE_PREPARE,
      statementTimeoutMillis: values.STATEMENT_TIMEOUT_MS,
      lockTimeoutMillis: values.LOCK_TIMEOUT_MS,
      operationTimeoutMillis: values.STATEMENT_TIMEOUT_MS + values.LOCK_TIMEOUT_MS + operationGraceMillis,
    }),
    hasMetrics: values.METRICS,
    subscriptions: Object.freeze({
      most: values.SUBSCRIPTION_LIMIT,
      mostPerCaller: values.SUBSCRIPTION_LIMIT_PER_CALLER,
    }),
    tokenMaxLifetimeSeconds: values.TOKEN_MAX_LIFETIME_SECONDS,
    shutdownTimeoutMillis: values.SHUTDOWN_TIMEOUT_MS,
    isStartedByNpm: values.npm_lifecycle_event === "start" && values.NODE_ENV !== "production",
  });
}
