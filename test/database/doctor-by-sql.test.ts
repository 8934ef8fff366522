/** That the doctor holds tables guarded by `iam.protect()` to what it was asked: in any schema, with parents, shares and conditions. */
import { beforeAll, describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.js";
import type { FindingId } from "../../src/doctor/finding.js";
import { declaredProtections } from "../../src/resources/protections.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();
const look = (adminUrl = database.adminUrl) =>
  examine({ adminUrl, login: "authenticator", protections: declaredProtections() });

const columns = `id uuid primary key default gen_random_uuid(), number bigint generated always as identity, tenant_id uuid not null,
  owner_id uuid, campus text, group_id uuid, paid boolean not null default false, total numeric generated always as (1) stored,
  updated_at timestamptz not null default now()`;

beforeAll(async () => {
  await database.owner.query(`
    create schema "My Shop";
    create table "My Shop"."Order" (${columns}, unique (tenant_id, id));
    create table "My Shop".shares (tenant_id uuid not null, order_id uuid not null references "My Shop"."Order" (id), group_id uuid, user_id uuid,
      can_read boolean not null default true, can_write boolean not null default false, can_delete boolean not null default false);
    create table "My Shop".lines (${columns}, order_id uuid, foreign key (tenant_id, order_id) references "My Shop"."Order" (tenant_id, id));
    create table public.memos (${columns});
    select iam.protect('"My Shop"."Order"', 'orders', owner_column => 'owner_id', scope_column => 'campus', scope_type => 'campus',
      group_column => 'group_id', share_table => '"My Shop".shares', conditions => '{"update": "not paid", "delete": "campus <> ''it''''s''"}');
    select iam.protect('"My Shop".lines', 'orders', parent_table => '"My Shop"."Order"', writable => '{paid}');
    select iam.protect('public.memos', public_read => true, commands => '{read, create}')`);
});

const faults: readonly (readonly [id: FindingId, name: string, fault: string])[] = [
  ["PC040", "an index that was dropped", `drop index "My Shop".lines_tenant_id_order_id_idx`],
  ["PC051", "a policy that was dropped", `drop policy "Order_update_user" on "My Shop"."Order"`],
  [
    "PC052",
    "a policy without its condition",
    `alter policy "Order_delete_user" on "My Shop"."Order" using (owner_id is null)`,
  ],
  [
    "PC052",
    "a row that everybody reads by its parent",
    `alter policy lines_select_user on "My Shop".lines using (order_id is not null)`,
  ],
  ["PC053", "a policy that nobody asked for", "create policy mine on public.memos for select to web_user using (paid)"],
  ["PC054", "a column that nobody may write", `grant update (campus) on "My Shop".lines to web_user`],
  ["PC054", "a whole table that may be deleted from", "grant delete on public.memos to web_user"],
  ["PC055", "a missing right", `revoke insert (order_id) on "My Shop".lines from web_user`],
  [
    "PC056",
    "a function of shares that says something else",
    `create or replace function iam."shared_My Shop_Order"(command text, whose text) returns setof uuid language sql stable
       security definer set search_path = pg_catalog, pg_temp as 'select s.order_id from "My Shop".shares s'`,
  ],
  ["PC057", "a trigger that was dropped", `drop trigger lock on "My Shop".shares`],
  ["PC058", "a table of somebody else's", "alter table public.memos owner to current_user"],
];

describe("the doctor, of what iam.protect() guards", () => {
  it("finds nothing where all is as it was asked", async () => {
    expect(await look()).toEqual([]);
  });

  it.each(faults)("finds %s, %s, and its mend silences it", async (id, _, fault) => {
    await database.owner.query(fault);
    const found = await look();
    expect(found.map((one) => one.id)).toContain(id);
    for (const { mend } of found) await database.owner.query(mend);
    expect(await look()).toEqual([]);
  });

  it("finds nothing in a column that came later, which nobody may write until it is asked again", async () => {
    await database.owner.query(`alter table "My Shop"."Order" add column note text`);
    expect(await look()).toEqual([]);
  });

  it("finds the same as an administrator who is no superuser", async () => {
    await database.owner.query(
      `create role by_sql_doctor login password 'doctor'; grant api_owner, iam_definer to by_sql_doctor;
      do $$ begin execute format('grant create on database %I to api_owner', current_database()); end $$`,
    );
    const url = new URL(database.adminUrl);
    [url.username, url.password] = ["by_sql_doctor", "doctor"];
    await database.owner.query(`drop policy lines_delete_user on "My Shop".lines`);
    const found = await look(url.href);
    expect(found.map(({ id }) => id)).toEqual(["PC051"]);
    await database.owner.query(found[0]?.mend ?? "");
    expect(await look(url.href)).toEqual([]);
    await database.owner.query("drop owned by by_sql_doctor; drop role by_sql_doctor");
  });

  it("finds nothing once iam.unprotect() has closed a table", async () => {
    await database.owner.query(`select iam.unprotect('"My Shop".lines'); select iam.unprotect('"My Shop"."Order"')`);
    expect(await look()).toEqual([]);
  });
});
