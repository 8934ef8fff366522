/** That iam.protect() writes what `portcullis protect` writes, refuses what it can't, and that nothing else may call it. */
import { describe, expect, test } from "vitest";
import { examine } from "../../src/doctor/examine.js";
import { readGuard } from "../../src/doctor/guard.js";
import { guardTable } from "../../src/protect/policies/guard-table.js";
import type { Protection, RowCommand } from "../../src/protect/policies/protection.js";
import { declaredProtections } from "../../src/resources/protections.js";
import { outcomeOf, type SqlCaller, useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const people = ["alice@acme.test", "bob@acme.test", "jane@acme.test", "carol@globex.test"].map((who) => as(who));
const [alice, bob, jane, carol] = people as [SqlCaller, SqlCaller, SqlCaller, SqlCaller];

const columns = `id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.caller_tenant_id(),
  owner_id uuid default iam.caller_id(), scope_id uuid default iam.caller_root_scope_id(), campus text, group_id uuid, team_id uuid not null default gen_random_uuid(), folder_id uuid,
  text text not null default 'x', created_at timestamptz default now(), updated_at timestamptz default now()`;
const shareColumns = `id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.caller_tenant_id(), note_id uuid not null,
  group_id uuid, user_id uuid, can_read boolean not null default true, can_write boolean not null default false, can_delete boolean not null default false`;

const plain: Protection = {
  schema: "public",
  table: "notes",
  singular: "note",
  plural: "notes",
  owner: null,
  scope: null,
  group: null,
  shares: null,
  parent: null,
  publicRead: null,
  isPublic: false,
  conditions: {},
  commands: new Set(["read", "create", "update", "delete"]),
  featureOf: (command) => `notes.${command}`,
  fieldFeatures: [],
  insertable: [],
  updatable: [],
  references: [],
  isStamped: true,
};

const shares = { schema: "public", table: "note_shares", row: "note_id" };
const id = { column: "scope_id", type: null };
const key = { column: "campus", type: "campus" };
const group = { column: "group_id", isRequired: false };
const own = { read: "view_sales_page", create: "a.b.c", update: "notes.update", delete: "notes.delete" };

/** What notes follow, and what that follows. */
const shelves: Partial<Protection> = {
  ...{ table: "shelves", singular: "shelf", plural: "shelves", owner: "owner_id", scope: id },
  featureOf: (command) => `shelves.${command}`,
};
const folders: Partial<Protection> = {
  ...{ table: "folders", singular: "folder", plural: "folders", owner: "owner_id", group },
  conditions: { update: { text: "x" } },
  featureOf: (command) => `folders.${command}`,
};
const above = [
  "iam.protect('by_sql.shelves', owner_column => 'owner_id', scope_column => 'scope_id', singular => 'shelf')",
  `iam.protect('by_sql.folders', owner_column => 'owner_id', group_column => 'group_id', conditions => '{"update": "text = ''x''"}',
     parent_table => 'by_sql.shelves', parent_column => 'folder_id')`,
];
const following = "parent_table => 'by_sql.folders', parent_column => 'folder_id'";

/** Each form with the arguments that say the same. */
const forms: readonly (readonly [options: string, form: Partial<Protection>])[] = [
  ["", {}],
  ["owner_column => 'owner_id'", { owner: "owner_id" }],
  ["owner_column => 'owner_id', scope_column => 'scope_id'", { owner: "owner_id", scope: id }],
  ["scope_column => 'scope_id'", { scope: id }],
  ["scope_column => 'campus', scope_type => 'campus'", { scope: key }],
  ["owner_column => 'owner_id', scope_column => 'campus', scope_type => 'campus'", { owner: "owner_id", scope: key }],
  ["group_column => 'group_id'", { group }],
  ["owner_column => 'owner_id', group_column => 'group_id'", { owner: "owner_id", group }],
  [
    "scope_column => 'scope_id', group_column => 'team_id'",
    { scope: id, group: { column: "team_id", isRequired: true } },
  ],
  ["share_table => 'note_shares'", { shares }],
  [
    "owner_column => 'owner_id', scope_column => 'scope_id', share_table => 'note_shares'",
    { owner: "owner_id", scope: id, shares },
  ],
  [
    "owner_column => 'owner_id', scope_column => 'campus', scope_type => 'campus', group_column => 'group_id', share_table => 'note_shares', public_read => true",
    { owner: "owner_id", scope: key, group, shares, publicRead: {}, isPublic: true },
  ],
  ["public_read => true", { publicRead: {}, isPublic: true }],
  [
    "commands => '{read}', scope_column => 'campus', scope_type => 'campus'",
    { scope: key, commands: new Set(["read"]) },
  ],
  [
    `owner_column => 'owner_id', features => '${JSON.stringify(own)}'`,
    { owner: "owner_id", featureOf: (command) => own[command as RowCommand] },
  ],
  [
    `owner_column => 'owner_id', conditions => '{"create": "text = ''x''", "update": "text = ''x'' and campus is null", "delete": "text in (''x'', ''y'')"}'`,
    {
      owner: "owner_id",
      conditions: { create: { text: "x" }, update: { text: "x", campus: null }, delete: { text: ["x", "y"] } },
    },
  ],
  [
    "owner_column => 'owner_id', writable => '{text, book_id}'",
    {
      owner: "owner_id",
      insertable: ["text", "book_id"],
      updatable: ["text", "book_id"],
      references: [{ column: "book_id", to: { schema: "by_hand", table: "books", column: "id" } }],
    },
  ],
  [following, { parent: follow("folders") }],
  [`${following}, owner_column => 'owner_id'`, { owner: "owner_id", parent: follow("folders") }],
  [
    `${following}, scope_column => 'scope_id', share_table => 'note_shares'`,
    { scope: id, shares, parent: follow("folders") },
  ],
];

// The schema is given where the tables are made.
function follow(table: "folders" | "shelves"): Protection["parent"] {
  const form = table === "shelves" ? shelves : { ...folders, parent: follow("shelves") };
  return { column: "folder_id", protection: declared("by_hand", form) };
}

function declared(schema: string, form: Partial<Protection>): Protection {
  const writable = ["owner_id", "scope_id", "campus", "group_id", "team_id", "folder_id", "text"];
  const named = [form.owner, form.scope?.column, form.group?.column, form.parent?.column];
  const updatable = writable.filter((column) => !named.includes(column));
  const placed = [form.scope?.column, form.group?.column, form.parent?.column].filter((column) => column !== undefined);
  const commands = form.commands ?? new Set([...plain.commands, ...(form.shares ? (["share"] as const) : [])]);
  const ofSchema = form.shares == null ? {} : { shares: { ...form.shares, schema } };
  return { ...plain, schema, updatable, insertable: [...updatable, ...placed], ...form, commands, ...ofSchema };
}

async function tables(schema: string): Promise<void> {
  await database.owner.query(`drop schema if exists ${schema} cascade; create schema ${schema};
    grant usage, create on schema ${schema} to api_owner, iam_definer; grant usage on schema ${schema} to web_user, web_anon;
    create table ${schema}.books (id uuid primary key); alter table ${schema}.books enable row level security;
    create table ${schema}.shelves (${columns}); create table ${schema}.folders (${columns});
    create table ${schema}.notes (${columns}, book_id uuid references ${schema}.books (id)); create table ${schema}.note_shares (${shareColumns})`);
}

type Ask = Parameters<typeof readGuard>[0];
const ask: Ask = async (sql, values) => (await database.owner.query(sql, values && [...values])).rows;
const findings = () =>
  examine({ adminUrl: database.adminUrl, login: "authenticator", protections: declaredProtections() });

const ofLastForm = `do $$
  declare f record;
  begin
    for f in select oid::regprocedure as signature from pg_proc where pronamespace = 'iam'::regnamespace and proname ~ 'by_(hand|sql)_' loop
      execute format('drop function if exists %s cascade', f.signature);
    end loop;
  end $$`;

async function guardOf(schema: string) {
  const client = await database.owner.connect();
  try {
    await client.query("set search_path = pg_catalog");
    const asked: Ask = async (sql, values) => (await client.query(sql, values && [...values])).rows;
    const [notes, given] = [
      await readGuard(asked, { schema, table: "notes" }),
      await readGuard(asked, { schema, table: "note_shares" }),
    ];
    const comments = await asked(
      `select c.relname, p.polname, obj_description(p.oid, 'pg_policy') from pg_policy p join pg_class c on c.oid = p.polrelid
       where c.relnamespace = $1::regnamespace order by 1, 2`,
      [schema],
    );
    const functions = await asked(
      `select p.proname, p.prosrc, p.proacl::text, obj_description(p.oid, 'pg_proc') from pg_proc p
       where p.pronamespace = 'iam'::regnamespace and p.proname in ('shared_' || $1 || '_notes', 'ways_to_' || $1 || '_notes') order by 1`,
      [schema],
    );
    const text = JSON.stringify({ notes, given, comments, functions }).replaceAll(schema, "here");
    // A condition is told as it was written; the policies compare what it means.
    return JSON.parse(
      text.replaceAll(/ Only where [^.]*\./g, "").replaceAll(/then case when .*? then/g, "then case when … then"),
    );
  } finally {
    client.release(true);
  }
}

describe("iam.protect", () => {
  test.each(forms)("writes what the generator writes, and running it again the same: %s", async (options, form) => {
    await tables("by_hand");
    await tables("by_sql");
    await database.owner.query(ofLastForm);
    if (form.parent) {
      const [folder, shelf] = [form.parent.protection, form.parent.protection.parent?.protection];
      for (const protection of [shelf, folder]) if (protection) await database.owner.query(guardTable(protection));
      for (const call of above) await database.owner.query(`select ${call}`);
    }
    await database.owner.query(guardTable(declared("by_hand", form)));
    const call =
      `select iam.protect('by_sql.notes', ${options.replace("'note_shares'", "'by_sql.note_shares'")})`.replace(
        ", )",
        ")",
      );
    await database.owner.query(call);
    const written = await guardOf("by_sql");
    const expected = await guardOf("by_hand");
    if (form.shares == null) [written.given, expected.given] = [null, null];
    expect(written).toEqual(expected);
    await database.owner.query(call);
    const again = await guardOf("by_sql");
    if (form.shares == null) again.given = null;
    expect(again).toEqual(expected);
  });

  test("fills in what a client doesn't write, leads to the rows, and adds the features", async () => {
    await database.owner.query(`create schema bare; create table bare.memos (id uuid primary key default gen_random_uuid(),
      tenant_id uuid not null, owner_id uuid not null, campus text, text text)`);
    await database.owner.query(
      "select iam.protect('bare.memos', 'memos', owner_column => 'owner_id', features => '{\"read\": \"office.memos.see\"}')",
    );
    expect(await bob.outcome("insert into bare.memos (text) values ('x')")).toBe("allowed");
    expect(await bob.read("select text from bare.memos")).toEqual([{ text: "x" }]);
    expect(await jane.read("select text from bare.memos")).toEqual([]);
    expect(await carol.read("select text from bare.memos")).toEqual([]);
    expect(await alice.read("select text from bare.memos")).toEqual([{ text: "x" }]);
    expect(await bob.outcome("update bare.memos set owner_id = iam.caller_id()")).toBe("42501");
    const { rows } = await database.owner.query(
      `select (select array_agg(f.code order by f.code) from iam.features f where f.code ~ '^(office|memos)') as features,
              (select count(*)::int from pg_index where indrelid = 'bare.memos'::regclass) as indexes`,
    );
    const features = [
      "memos",
      "memos.create",
      "memos.delete",
      "memos.update",
      "office",
      "office.memos",
      "office.memos.see",
    ];
    expect(rows).toEqual([{ features, indexes: 3 }]);
    expect(await findings()).toEqual([]);
  });

  test.each([
    ["'iam.users'", "PT400"],
    ["'pg_catalog.pg_class'", "PT400"],
    ["'iam.nothing'", "42P01"],
    ["'by_sql.notes', owner_column => 'nobody'", "PT400"],
    ["'by_sql.notes', owner_column => 'text'", "PT400"],
    ["'by_sql.notes', group_column => 'campus'", "PT400"],
    ["'by_sql.notes', scope_column => 'campus'", "PT400"],
    ["'by_sql.notes', scope_column => 'scope_id', scope_type => 'campus'", "PT400"],
    ["'by_sql.notes', scope_type => 'campus'", "PT400"],
    ["'by_sql.notes', commands => '{update}'", "PT400"],
    ["'by_sql.notes', feature => 'My Notes'", "PT400"],
    ["'by_sql.notes', feature => '*'", "PT400"],
    [`'by_sql.notes', features => '{"read": "*"}'`, "PT400"],
    [`'by_sql.notes', features => '{"raed": "notes.see"}'`, "PT400"],
    ["'by_sql.\"Notes\"'", "PT400"],
    ["'by_sql.notes', owner_column => 'tenant_id'", "PT400"],
    ["'by_sql.notes', owner_column => 'owner_id', group_column => 'owner_id'", "PT400"],
    ["'by_sql.notes', share_table => 'public.todo_shares', share_column => 'todo_id'", "PT400"],
    ["'by_sql.notes', commands => '{read,share}'", "PT400"],
    ["'by_sql.notes', share_table => 'by_sql.notes'", "PT400"],
    ["'by_sql.notes', writable => '{title}'", "PT400"],
    ["'by_sql.notes', writable => '{tenant_id}'", "PT400"],
    ["'by_sql.notes', parent_table => 'by_sql.notes', parent_column => 'folder_id'", "PT400"],
    ["'by_sql.notes', parent_table => 'by_sql.folders', parent_column => 'folder_id'", "PT400"],
    ["'by_sql.notes', parent_table => 'public.todos', parent_column => 'folder_id'", "PT400"],
    ["'by_sql.notes', parent_table => 'by_sql.shelves'", "PT400"],
    ["'by_sql.notes', parent_column => 'folder_id'", "PT400"],
    ["'by_sql.notes', parent_table => 'by_sql.shelves', parent_column => 'text'", "PT400"],
    [
      "'by_sql.notes', parent_table => 'by_sql.shelves', parent_column => 'folder_id', writable => '{folder_id}'",
      "PT400",
    ],
    [`'by_sql.notes', conditions => '{"share": "true"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"open": "true"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"update": "done"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"update": "text"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"update": "text = ''x'') or (true"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"update": "true); drop table by_sql.notes; select (true"}'`, "PT400"],
    [`'by_sql.notes', conditions => '{"update": "exists (select from by_sql.shelves)"}'`, "PT400"],
    [`'by_sql.notes', public_read => true, conditions => '{"read": "text = ''x''"}'`, "PT400"],
    ["'public.by_sql_shelves'", "PT409"],
    ["'by_sql.loose'", "PT400"],
    ["'by_sql.view'", "PT400"],
    ["'by_sql.taken'", "PT409"],
  ])("rejects iam.protect(%s) with %s, and writes nothing", async (options, code) => {
    await tables("by_sql");
    await database.owner.query(`create table by_sql.loose (id uuid primary key, tenant_id uuid);
      create view by_sql.view as select 1 as id;
      drop table if exists public.by_sql_shelves; create table public.by_sql_shelves (id uuid primary key, tenant_id uuid not null);
      create table by_sql.taken (id uuid primary key, tenant_id uuid not null);
      create table by_sql."Notes" (id uuid primary key, tenant_id uuid not null);
      create policy mine on by_sql.taken as restrictive for select to web_user using (id is not null);
      ${ofLastForm}; select iam.protect('by_sql.shelves', owner_column => 'owner_id')`);
    expect(await outcomeOf(database.owner.query(`select iam.protect(${options})`))).toBe(code);
    const { rows } = await database.owner.query(
      "select polname from pg_policy where polrelid::regclass::text like 'by_sql.%' and polrelid <> 'by_sql.shelves'::regclass",
    );
    expect(rows).toEqual([{ polname: "mine" }]);
  });

  test("lets rows follow others, as those change their ways, and only where a condition holds", async () => {
    await tables("by_sql");
    await database.owner.query(`${ofLastForm}; select iam.protect('by_sql.folders', owner_column => 'owner_id');
      alter table by_sql.notes add foreign key (folder_id) references by_sql.folders (id);
      select iam.protect('by_sql.notes', parent_table => 'by_sql.folders', conditions => '{"update": "text <> ''done''"}')`);
    expect(await bob.outcome("insert into by_sql.folders (text) values ('his')")).toBe("allowed");
    expect(await bob.outcome("insert into by_sql.notes (folder_id, text) select id, 'x' from by_sql.folders")).toBe(
      "allowed",
    );
    expect(await bob.outcome("insert into by_sql.notes (text) values ('nowhere')")).toBe("42501");
    expect(await bob.read("select text from by_sql.notes")).toEqual([{ text: "x" }]);
    expect(await jane.read("select text from by_sql.notes")).toEqual([]);
    await database.owner.query("select iam.protect('by_sql.folders', owner_column => 'owner_id', public_read => true)");
    expect(await jane.read("select text from by_sql.notes")).toEqual([{ text: "x" }]);
    expect(await jane.sql("update by_sql.notes set text = 'mine' returning text")).toEqual([]);
    expect(await carol.read("select text from by_sql.notes")).toEqual([]);
    await database.owner.query(`select iam.protect('by_sql.folders', owner_column => 'owner_id',
      conditions => '{"update": "text <> ''closed''"}')`);
    expect(await jane.read("select text from by_sql.notes")).toEqual([]);
    expect(await bob.sql("update by_sql.notes set text = 'done' returning text")).toEqual([{ text: "done" }]);
    expect(await bob.sql("update by_sql.notes set text = 'again' returning text")).toEqual([]);
    expect(await bob.sql("update by_sql.folders set text = 'closed' returning text")).toEqual([{ text: "closed" }]);
    expect(await bob.sql("delete from by_sql.notes returning text")).toEqual([]);
    expect(await outcomeOf(database.owner.query("select iam.unprotect('by_sql.folders')"))).toBe("PT409");
    expect(
      await outcomeOf(
        database.owner.query(
          "select iam.protect('by_sql.folders', parent_table => 'by_sql.notes', parent_column => 'folder_id')",
        ),
      ),
    ).toBe("PT400");
    await database.owner.query("select iam.unprotect('by_sql.notes'); select iam.unprotect('by_sql.folders')");
    expect(await bob.outcome("select text from by_sql.notes")).toBe("42501");
  });

  test("takes back the rights on shares that are no more, also where other rows followed them", async () => {
    await tables("by_sql");
    const owned = "select iam.protect('by_sql.notes', owner_column => 'owner_id'";
    await database.owner.query(`${ofLastForm}; ${owned}, share_table => 'by_sql.note_shares');
      select iam.protect('by_sql.folders', parent_table => 'by_sql.notes', parent_column => 'folder_id')`);
    expect(await bob.outcome("insert into by_sql.notes (text) values ('his')")).toBe("allowed");
    const share = "insert into by_sql.note_shares (note_id, user_id) select id, iam.caller_id() from by_sql.notes";
    expect(await bob.outcome(share)).toBe("allowed");
    await database.owner.query(`${owned})`);
    expect(await bob.outcome(share)).toBe("42501");
    expect(await bob.outcome("select from by_sql.note_shares")).toBe("42501");
    expect(await bob.read("select text from by_sql.notes")).toEqual([{ text: "his" }]);
    const { rows } = await database.owner.query("select from pg_proc where proname = 'shared_by_sql_notes'");
    expect(rows).toEqual([]);
  });

  test("keeps a condition in one piece, whatever it compares with", async () => {
    await tables("by_sql");
    await database.owner.query(ofLastForm);
    await database.owner.query("select iam.protect('by_sql.notes', owner_column => 'owner_id', conditions => $1)", [
      JSON.stringify({ update: "text <> '$body$ %s $1 \\'" }),
    ]);
    expect(await bob.outcome("insert into by_sql.notes (text) values ('his')")).toBe("allowed");
    expect(await bob.sql("update by_sql.notes set text = '$body$ %s $1 \\' returning text")).toHaveLength(1);
    expect(await bob.sql("update by_sql.notes set text = 'again' returning text")).toEqual([]);
    const { rows } = await database.owner.query("select id from by_sql.notes");
    expect(
      await alice.value("select iam.explain_row('by_sql.notes', $1::uuid, 'update', 'bob@acme.test')", rows[0]?.id),
    ).toMatchObject({ allowed: false });
  });

  test("denies it to every runtime role, and allows it to a member of the owners who is no superuser", async () => {
    await tables("by_sql");
    expect(await alice.outcome("select iam.protect('by_sql.notes')")).toBe("42501");
    expect(await alice.outcome("select iam.unprotect('public.todos')")).toBe("42501");
    expect(await alice.outcome("select iam.add_feature_of_table('x', 'x', 'x')")).toBe("42501");
    await database.owner.query(`alter table by_sql.notes owner to api_owner;
      create role by_sql_admin login; grant api_owner, iam_definer to by_sql_admin`);
    const client = await database.owner.connect();
    try {
      await client.query("set session authorization by_sql_admin");
      await client.query("select iam.protect('by_sql.notes', owner_column => 'owner_id')");
      await client.query("select iam.unprotect('by_sql.notes')");
    } finally {
      client.release(true);
      await database.owner.query("drop role by_sql_admin");
    }
  });
});

describe("iam.unprotect", () => {
  test("leaves the table and its shares closed, and never open", async () => {
    await tables("by_sql");
    const protect =
      "select iam.protect('by_sql.notes', owner_column => 'owner_id', share_table => 'by_sql.note_shares')";
    await database.owner.query(protect);
    expect(await bob.outcome("insert into by_sql.notes (text) values ('x')")).toBe("allowed");
    await database.owner.query("select iam.unprotect('by_sql.notes')");
    for (const table of ["notes", "note_shares"]) {
      const guard = await readGuard(ask, { schema: "by_sql", table });
      expect(guard?.policies.map(({ name }) => name)).toEqual([`${table}_all_definer`, `${table}_all_tenant`]);
      expect(guard?.triggers).toEqual([]);
      expect(guard?.rights.filter(({ grantee }) => grantee !== "iam_definer")).toEqual([]);
      expect(await bob.outcome(`select id from by_sql.${table}`)).toBe("42501");
    }
    const { rows } = await database.owner.query(
      `select bool_and(relrowsecurity and relforcerowsecurity) as forced from pg_class where relnamespace = 'by_sql'::regnamespace and relname like 'note%' and relkind = 'r'`,
    );
    expect(rows).toEqual([{ forced: true }]);
    await database.owner.query("grant select on by_sql.notes to web_user");
    expect(await bob.read("select id from by_sql.notes")).toEqual([]);
    await database.owner.query(protect);
    expect(await bob.read("select text from by_sql.notes")).toEqual([{ text: "x" }]);
  });

  test("leaves room for the migration of a declaration", async () => {
    await tables("by_sql");
    await database.owner.query("select iam.protect('by_sql.notes', share_table => 'by_sql.note_shares')");
    await database.owner.query(`select iam.unprotect('by_sql.notes');
      drop policy notes_all_definer on by_sql.notes; drop policy notes_all_tenant on by_sql.notes;
      drop policy note_shares_all_definer on by_sql.note_shares; drop policy note_shares_all_tenant on by_sql.note_shares`);
    await database.owner.query(guardTable(declared("by_sql", { owner: "owner_id", shares })));
    expect(await bob.read("select text from by_sql.notes")).toEqual([]);
  });

  test.each(["iam.users", "pg_catalog.pg_class", "public._prisma_migrations"])("rejects %s", async (table) => {
    expect(await outcomeOf(database.owner.query(`select iam.unprotect('${table}')`))).toBe("PT400");
  });
});
