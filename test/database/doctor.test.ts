/** What the doctor finds: each finding is made, mended with the SQL as it is printed, and gone. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.js";
import { type Finding, findingNames } from "../../src/doctor/finding.js";
import { declaredProtections } from "../../src/resources/protections.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

// A login like authenticator, so that what is done to it here touches no other test of the same cluster.
const login = "doctor_login";

const look = (): Promise<readonly Finding[]> =>
  examine({ adminUrl: database.adminUrl, login, protections: declaredProtections() });

beforeAll(async () => {
  await database.owner.query(`
    create role ${login} login noinherit; grant web_user, web_delegate, web_anon to ${login}; grant usage on schema iam to ${login};
    grant execute on function iam.open_session() to ${login};
    create role doctor_bystander`);
});

afterAll(async () => {
  await database.owner.query(`
    drop owned by ${login}; drop role ${login}; drop owned by doctor_bystander; drop role doctor_bystander`);
});

interface Fault {
  readonly id: keyof typeof findingNames;
  readonly name: string;
  readonly fault: string;
  /** What the mend leaves behind. */
  readonly rest?: string;
}

const guarded = "enable row level security, force row level security";
const oneOf = `create table public.things (id uuid primary key, tenant_id uuid not null); alter table public.things ${guarded}`;
const floor = `create policy things_all_tenant on public.things as restrictive for all to web_user, web_anon
  using (tenant_id = (select iam.caller_tenant_id())) with check (tenant_id = (select iam.caller_tenant_id()))`;
const noThings = "drop table public.things";
const definer = "returns int language sql security definer";

const faults: readonly Fault[] = [
  { id: "PC001", name: "a login that is a superuser", fault: `alter role ${login} superuser` },
  {
    id: "PC001",
    name: "a login that may become a superuser",
    fault: `alter role doctor_bystander superuser; grant doctor_bystander to ${login}`,
    rest: "alter role doctor_bystander nosuperuser",
  },
  { id: "PC002", name: "a login that has BYPASSRLS", fault: `alter role ${login} bypassrls` },
  {
    id: "PC002",
    name: "a login that may become a role with BYPASSRLS",
    fault: `alter role doctor_bystander bypassrls; grant doctor_bystander to ${login}`,
    rest: "alter role doctor_bystander nobypassrls",
  },
  { id: "PC003", name: "a login that may become the owner of the tables", fault: `grant api_owner to ${login}` },
  {
    id: "PC003",
    name: "a login that owns a table",
    fault: `create table public.things (); alter table public.things ${guarded}, owner to ${login}`,
    rest: noThings,
  },
  { id: "PC004", name: "a schema that everybody may create in", fault: "grant create on schema public to public" },
  { id: "PC005", name: "a login that may not become web_user", fault: `revoke web_user, web_delegate from ${login}` },
  { id: "PC005", name: "a login that may not become web_delegate", fault: `revoke web_delegate from ${login}` },
  { id: "PC006", name: "a login that may not open a session", fault: `revoke usage on schema iam from ${login}` },
  { id: "PC007", name: "a login with a right on a table", fault: `grant select on public.todos to ${login}` },
  { id: "PC007", name: "a login with a right on a column", fault: `grant select (title) on public.todos to ${login}` },
  { id: "PC008", name: "a runtime role in another", fault: "grant web_anon to web_delegate" },
  { id: "PC008", name: "a login in a foreign role", fault: `grant pg_read_all_data to ${login}` },
  {
    id: "PC010",
    name: "a table without row-level security",
    fault: "create table public.things ()",
    rest: noThings,
  },
  {
    id: "PC010",
    name: "a table whose security is not forced",
    fault: "alter table iam.users no force row level security",
  },
  {
    id: "PC010",
    name: "a table of another schema that a runtime role may read",
    fault: "create schema shop; create table shop.items (id int); grant select (id) on shop.items to web_anon",
    rest: "drop schema shop cascade",
  },
  {
    id: "PC011",
    name: "a view that reads as its owner",
    fault: "create view public.leak as select * from public.todos; grant select on public.leak to web_user",
    rest: "drop view public.leak",
  },
  {
    id: "PC011",
    name: "a materialized view",
    fault: "create materialized view public.leak as select 1 as one; grant select on public.leak to web_user",
    rest: "drop materialized view public.leak",
  },
  { id: "PC012", name: "a right to truncate", fault: "grant truncate on public.todos to web_user" },
  { id: "PC012", name: "a right to refer to a table", fault: "grant references on iam.users to web_anon" },
  { id: "PC012", name: "a right to hang triggers on a table", fault: "grant trigger on public.sales to public" },
  { id: "PC013", name: "a table granted to everybody", fault: "grant select on public.todos to public" },
  {
    id: "PC014",
    name: "the table between two lists that Prisma doesn't tell of",
    fault: `create table public."_NoteToTag" ("A" uuid, "B" uuid); grant select, insert on public."_NoteToTag" to web_user`,
    rest: `drop table public."_NoteToTag"`,
  },
  {
    id: "PC015",
    name: "a policy that is always true",
    fault: `${oneOf}; ${floor}; grant select on public.things to web_user; create policy everything on public.things for select to web_user using (true)`,
    rest: noThings,
  },
  {
    id: "PC016",
    name: "a table without a floor",
    fault: `${oneOf}; grant select on public.things to web_user`,
    rest: noThings,
  },
  {
    id: "PC016",
    name: "a floor that lets everything through",
    fault: `${oneOf}; create policy things_all_tenant on public.things as restrictive for all to web_user, web_anon using (true) with check (true);
      grant select on public.things to web_user`,
    rest: noThings,
  },
  {
    id: "PC017",
    name: "an editable tenant",
    fault: `${oneOf}; alter table public.things add name text; ${floor}; grant select, update on public.things to web_user`,
    rest: noThings,
  },
  {
    id: "PC017",
    name: "a tenant that delegates may edit, and users may not",
    fault: `${oneOf}; alter table public.things add name text; ${floor}; grant select on public.things to web_user; grant update on public.things to web_delegate`,
    rest: noThings,
  },
  {
    id: "PC020",
    name: "a definer function without a search path",
    fault: `create function public.leak() ${definer} as 'select 1'; revoke all on function public.leak() from public`,
    rest: "drop function public.leak()",
  },
  {
    id: "PC020",
    name: "a definer function that looks into pg_temp first",
    fault: `create function public.leak(a int, b text[]) ${definer} set search_path = '' as 'select 1'; revoke all on function public.leak from public`,
    rest: "drop function public.leak",
  },
  {
    id: "PC021",
    name: "a definer function for everybody",
    fault: `create function public.leak() ${definer} set search_path = pg_catalog, pg_temp as 'select 1'; grant execute on function public.leak() to public`,
    rest: "drop function public.leak()",
  },
  {
    id: "PC022",
    name: "a function that claims to be leakproof",
    fault: "create function public.leak(int) returns boolean language sql leakproof as 'select true'",
    rest: "drop function public.leak(int)",
  },
  {
    id: "PC030",
    name: "a helper called for each row",
    fault: `${oneOf}; ${floor}; create policy mine on public.things for select to web_user
      using (id = iam.caller_id() or id = nullif(current_setting('app.it''s (', true), '')::uuid or iam.can('todos.read', 'tenant/acme'))`,
    rest: noThings,
  },
  {
    id: "PC030",
    name: "a helper asked about each row",
    fault: `${oneOf}; ${floor}; create policy mine on public.things for select to web_user using ((select iam.can('todos.read', 'campus', id::text)))`,
    rest: noThings,
  },
  {
    id: "PC040",
    name: "an owner's column without an index",
    fault: "drop index public.todos_tenant_id_owner_id_created_at_id_idx",
  },
  {
    id: "PC040",
    name: "a share's column whose only index leaves rows out",
    fault: `drop index public.todo_shares_tenant_id_group_id_idx;
      create index partial on public.todo_shares (tenant_id, group_id) where can_read`,
    rest: "drop index public.partial",
  },
  { id: "PC050", name: "a declared table that isn't there", fault: "alter table public.sales rename to sold" },
  { id: "PC051", name: "a policy that was dropped", fault: "drop policy todos_update_delegate on public.todos" },
  {
    id: "PC052",
    name: "a policy that was changed",
    fault: "alter policy sales_select_user on public.sales using (campus = 'chicago')",
  },
  {
    id: "PC052",
    name: "a policy that is for more roles",
    fault: "alter policy todos_select_user on public.todos to web_user, web_anon",
  },
  {
    id: "PC053",
    name: "a policy that nobody declared",
    fault: "create policy mine on public.sales for select to web_user using (amount < 5)",
  },
  {
    id: "PC054",
    name: "a column that nobody declared editable",
    fault: "grant update (owner_id) on public.todos to web_user",
  },
  { id: "PC054", name: "a whole table editable", fault: "grant update on public.todo_shares to web_user" },
  { id: "PC054", name: "a declared table open to the anonymous", fault: "grant select on public.todos to web_anon" },
  { id: "PC055", name: "a missing right", fault: "revoke update (title), delete on public.todos from web_user" },
  {
    id: "PC056",
    name: "a function of shares that says something else",
    fault: `create or replace function iam.shared_todos(command text, whose text) returns setof uuid language sql stable
      security definer set search_path = pg_catalog, pg_temp as 'select s.todo_id from public.todo_shares s'`,
  },
  { id: "PC056", name: "a function of ways that was dropped", fault: "drop function iam.ways_to_sales(uuid, text)" },
  { id: "PC057", name: "a trigger that was dropped", fault: "drop trigger lock on public.todo_shares" },
  { id: "PC057", name: "a trigger that was turned off", fault: "alter table public.chats disable trigger touch" },
  { id: "PC058", name: "a table of somebody else's", fault: "alter table public.chats owner to doctor_bystander" },
  {
    id: "PC059",
    name: "what iam.protect() made for a table that was dropped",
    fault: `create table public.memos (id uuid primary key default gen_random_uuid(), tenant_id uuid not null);
      select iam.protect('public.memos'); drop table public.memos`,
  },
];

describe("the doctor", () => {
  it("finds nothing in the demo world", async () => {
    expect(await look()).toEqual([]);
  });

  it.each(faults.filter(({ id }) => id !== "PC050"))("finds $name ($id), and its mend silences it", async (one) => {
    await database.owner.query(one.fault);
    const found = await look();
    expect(found.map(({ id }) => id)).toContain(one.id);
    for (const { mend } of found) await database.owner.query(mend);
    expect(await look()).toEqual([]);
    if (one.rest !== undefined) await database.owner.query(one.rest);
  });

  it("tells of what a user may edit once, though a delegate is a user", async () => {
    await database.owner.query("grant update (tenant_id) on public.todos to web_user");
    const found = (await look()).filter(({ id }) => id === "PC017");
    expect(found.map(({ mend }) => mend.includes("web_delegate"))).toEqual([false]);
    await database.owner.query("revoke update (tenant_id) on public.todos from web_user");
    expect(await look()).toEqual([]);
  });

  it("finds a declared table that isn't there (PC050), and nothing more when it is", async () => {
    await database.owner.query("alter table public.sales rename to sold");
    const found = await look();
    expect(found).toEqual([
      {
        id: "PC050",
        problem: "The declared table public.sales isn't there.",
        mend: expect.stringContaining("migrate"),
      },
    ]);
    await database.owner.query("alter table public.sold rename to sales");
    expect(await look()).toEqual([]);
  });

  it("finds the same as an administrator who is no superuser", async () => {
    await database.owner.query(
      `create role doctor_admin login password 'doctor'; grant api_owner, iam_definer to doctor_admin;
      do $$ begin execute format('grant create on database %I to api_owner', current_database()); end $$`,
    );
    const url = new URL(database.adminUrl);
    [url.username, url.password] = ["doctor_admin", "doctor"];
    await database.owner.query("grant update (owner_id) on public.todos to web_user");
    const patient = { adminUrl: url.href, login, protections: declaredProtections() };
    const found = await examine(patient);
    expect(found.map(({ id }) => id)).toEqual(["PC054"]);
    await database.owner.query(found[0]?.mend ?? "");
    expect(await examine(patient)).toEqual([]);
    await database.owner.query("drop owned by doctor_admin; drop role doctor_admin");
  });

  it("has a fault for each of its findings", () => {
    expect([...new Set(faults.map(({ id }) => id))].toSorted()).toEqual(Object.keys(findingNames));
  });

  it("has a page that names each of them", () => {
    const page = readFileSync(new URL("../../docs/doctor.md", import.meta.url), "utf8");
    const listed = [...page.matchAll(/^\| (PC\d+) \| (\S+) \|/gm)].map(([, id = "", name]) => [id, name]);
    expect(Object.fromEntries(listed)).toEqual(findingNames);
  });

  it("changes nothing by looking", async () => {
    const { rows } = await database.owner.query("select nspname from pg_namespace where nspname like '~%'");
    expect(rows).toEqual([]);
  });
});

describe("portcullis doctor", () => {
  const run = (args: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string }>((resolve) => {
      const { PATH = "" } = process.env;
      const env = { PATH, DATABASE_URL: database.url, DATABASE_ADMIN_URL: database.adminUrl };
      const child = execFile(
        process.execPath,
        ["--import", "tsx", "src/cli/portcullis.ts", "doctor", ...args],
        { cwd: new URL("../..", import.meta.url).pathname, env },
        (_, stdout) => resolve({ code: child.exitCode ?? -1, stdout }),
      );
    });

  it("says that there is nothing, and exits with 0", { timeout: 60_000 }, async () => {
    expect(await run([])).toEqual({ code: 0, stdout: "Nothing found.\n" });
  });

  it("denies with 1 what it finds: as a script whose comments say what is wrong, or as JSON", {
    timeout: 60_000,
  }, async () => {
    await database.owner.query("grant update (owner_id) on public.todos to web_user");
    const [script, json] = [await run([]), await run(["--json"])];
    const problem = "web_user holds update (owner_id) on public.todos, which no declaration says.";
    const mend = "revoke update (owner_id) on public.todos from web_user;";
    expect(script).toEqual({ code: 1, stdout: `-- PC054 right-not-declared: ${problem}\n${mend}\n\n-- 1 finding.\n` });
    expect([json.code, JSON.parse(json.stdout)]).toEqual([
      1,
      [{ id: "PC054", name: "right-not-declared", problem, mend }],
    ]);
    await database.owner.query(script.stdout);
    expect(await look()).toEqual([]);
  });
});
