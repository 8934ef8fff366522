/**
 * In charge of the six roles that everything else is granted to. They belong to the whole cluster, so no migration makes
 * them: one that did would break every second database of the cluster, Prisma's shadow database first.
 */
import type pg from "pg";
import { StartupError } from "../errors.js";
import { scramVerifier } from "./scram.js";
import { withConnection } from "./with-connection.js";

/** What the bootstrap is told. */
export interface BootstrapOptions {
  /** A superuser, or the owner of the database with CREATEROLE. */
  readonly adminUrl: string;
  /** Becomes the password of `authenticator`. Left out: whatever that is stays. */
  readonly authenticatorPassword?: string | undefined;
}

/**
 * Makes what is missing: the roles, the runtime roles that `authenticator` may switch to, the administrator's membership of
 * the owning ones. Changes nothing the second time. Throws a StartupError with the SQL to run when the administrator may not.
 */
export async function bootstrapRoles({ adminUrl, authenticatorPassword }: BootstrapOptions): Promise<void> {
  await withConnection(adminUrl, async (client) => {
    for (const step of stepsFor(await describeServer(client))) await ensure(client, step);
    if (authenticatorPassword === undefined) return;
    const verifier = client.escapeLiteral(scramVerifier(authenticatorPassword));
    await retryOnConflict(() => client.query(`alter role authenticator password ${verifier}`));
  });
}

/** Makes a database of this name where there is none, and answers its address. */
export async function ensureDatabase(adminUrl: string, name: string): Promise<string> {
  await withConnection(adminUrl, (client) =>
    ensure(client, {
      isDone: `select exists (select from pg_database where datname = ${client.escapeLiteral(name)})`,
      statement: `create database ${client.escapeIdentifier(name)}`,
    }),
  );
  const url = new URL(adminUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

interface Step {
  /** A query for one boolean. */
  readonly isDone: string;
  readonly statement: string;
}

interface Server {
  readonly admin: string;
  readonly database: string;
  readonly isSuperuser: boolean;
  /** Since PostgreSQL 16 a membership says itself whether it inherits and whether it may SET ROLE. */
  readonly hasMembershipOptions: boolean;
}

async function describeServer(client: pg.Client): Promise<Server> {
  const { rows } = await client.query<Server>(`
    select quote_ident(current_user) as admin,
           quote_ident(current_database()) as database,
           (select rolsuper from pg_roles where rolname = current_user) as "isSuperuser",
           current_setting('server_version_num')::int >= 160000 as "hasMembershipOptions"`);
  const [server] = rows;
  if (server === undefined) throw new StartupError("The database doesn't say who we are.", "Check DATABASE_ADMIN_URL.");
  return server;
}

function stepsFor(server: Server): readonly Step[] {
  const admins = server.isSuperuser ? [] : ["api_owner", "iam_definer"].map((role) => adminInto(role, server));
  return [
    ...["api_owner", "iam_definer", "web_user", "web_delegate", "web_anon"].map((role) => roleStep(role, "nologin")),
    roleStep("authenticator", "login noinherit"),
    delegateIsUser,
    ...["web_user", "web_delegate", "web_anon"].map((role) => authenticatorInto(role, server)),
    ...admins,
    {
      isDone: `select has_database_privilege('api_owner', current_database(), 'create')`,
      statement: `grant create on database ${server.database} to api_owner`,
    },
    {
      isDone: `select has_schema_privilege('api_owner', 'public', 'create') and has_schema_privilege('api_owner', 'public', 'usage')`,
      statement: "grant usage, create on schema public to api_owner",
    },
  ];
}

function roleStep(role: string, attributes: string): Step {
  return {
    isDone: `select exists (select from pg_roles where rolname = '${role}')`,
    statement: `create role ${role} ${attributes}`,
  };
}

// A delegate is a user of whom more is asked: what a user may is granted once.
const delegateIsUser: Step = {
  isDone: "select pg_has_role('web_delegate', 'web_user', 'usage')",
  statement: "grant web_user to web_delegate",
};

// It may become the role but has nothing of it before it does: on 15 because it is NOINHERIT, later because the grant says so.
function authenticatorInto(role: string, { hasMembershipOptions }: Server): Step {
  const may = hasMembershipOptions ? "set" : "member";
  return {
    isDone: `select pg_has_role('authenticator', '${role}', '${may}') and not pg_has_role('authenticator', '${role}', 'usage')`,
    statement: `grant ${role} to authenticator${hasMembershipOptions ? " with inherit false, set true" : ""}`,
  };
}

// Since 16 a role's maker may administer it, but neither has its rights nor can switch to it until he grants that to himself.
function adminInto(role: string, { admin, hasMembershipOptions }: Server): Step {
  const may = hasMembershipOptions ? "set" : "member";
  return {
    isDone: `select pg_has_role(current_user, '${role}', '${may}') and pg_has_role(current_user, '${role}', 'usage')`,
    statement: `grant ${role} to ${admin}${hasMembershipOptions ? " with inherit true, set true" : ""}`,
  };
}

// A GRANT without the right to it is only a warning, so the question is asked again.
async function ensure(client: pg.Client, { isDone, statement }: Step): Promise<void> {
  const holds = async () => (await client.query<[boolean]>({ text: isDone, rowMode: "array" })).rows[0]?.[0] === true;
  if (await holds()) return;
  const failure = await retryOnConflict(() => client.query(statement)).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (await holds()) return;
  throw new StartupError(
    `${client.user} may not prepare the database: ${failure instanceof Error ? failure.message : "the grant had no effect"}.`,
    `Run this as a superuser in database ${client.database}, then start again: ${statement};`,
    { cause: failure },
  );
}

// Two processes that bootstrap one cluster at once meet in its catalogue ("tuple concurrently updated").
async function retryOnConflict<T>(work: () => Promise<T>, attempts = 5): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isConflict = (error as { readonly code?: string }).code === "XX000";
    if (!isConflict || attempts === 1) throw error;
    return await retryOnConflict(work, attempts - 1);
  }
}
