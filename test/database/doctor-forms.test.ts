/** That the doctor understands every form of declaration, in any schema: silent about what it says, loud about what it doesn't. */
import { beforeAll, describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.js";
import { guardTable } from "../../src/protect/policies/guard-table.js";
import type { Protection } from "../../src/protect/policies/protection.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

const plain: Protection = {
  schema: "public",
  table: "order",
  singular: "order",
  plural: "orders",
  owner: "owner_id",
  scope: { column: "scope_id", type: null },
  group: { column: "group_id", isRequired: false },
  shares: { schema: "public", table: "order_shares", row: "order_id" },
  parent: null,
  publicRead: { state: "it's public" },
  isPublic: true,
  conditions: { update: { state: ["draft", "review"] } },
  commands: new Set(["read", "create", "update", "delete", "share"]),
  featureOf: (command) => `orders.${command}`,
  fieldFeatures: [],
  insertable: ["text", "state", "group_id"],
  updatable: ["text", "state"],
  references: [],
  isStamped: true,
};
const odd: Protection = { ...plain, schema: "My Shop", shares: { schema: "order", table: "Shares", row: "order_id" } };
const child: Protection = {
  ...plain,
  schema: "My Shop",
  table: "lines",
  singular: "line",
  plural: "lines",
  shares: null,
  scope: null,
  group: null,
  owner: null,
  publicRead: null,
  conditions: {},
  commands: new Set(["read", "create", "update", "delete"]),
  parent: { column: "order_id", protection: odd },
};
const forms = [plain, odd, child];

const columns = `id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.caller_tenant_id(), owner_id uuid, scope_id uuid,
  group_id uuid, order_id uuid, text text, state text, updated_at timestamptz`;
const shareColumns = `tenant_id uuid not null default iam.caller_tenant_id(), order_id uuid, group_id uuid, user_id uuid,
  can_read boolean not null default true, can_write boolean not null default false, can_delete boolean not null default false`;

const look = () =>
  examine({ adminUrl: database.adminUrl, login: "authenticator", protections: forms }).then((found) =>
    found.map(({ id, problem }) => [id, problem]),
  );

beforeAll(async () => {
  await database.owner.query(`
    create schema "My Shop"; create schema "order"; grant usage, create on schema "My Shop", "order" to api_owner, iam_definer;
    create table public."order" (${columns}); create table public.order_shares (${shareColumns});
    create table "My Shop"."order" (${columns}); create table "order"."Shares" (${shareColumns}); create table "My Shop".lines (${columns})`);
  for (const table of ['public."order"', '"My Shop"."order"', '"My Shop".lines'])
    for (const column of ["owner_id", "scope_id", "group_id", "order_id"])
      await database.owner.query(`create index on ${table} (tenant_id, ${column})`);
  for (const table of ["public.order_shares", '"order"."Shares"'])
    for (const column of ["group_id", "user_id", "order_id"])
      await database.owner.query(`create index on ${table} (tenant_id, ${column})`);
  for (const form of forms) await database.owner.query(guardTable(form));
});

describe("the doctor", () => {
  it("finds nothing where each form is what its declaration says", async () => {
    expect(await look()).toEqual([]);
  });

  it("finds what was changed in a schema, a table and a function with odd names", async () => {
    await database.owner.query(`
      alter policy lines_select_user on "My Shop".lines using (text = 'mine');
      alter policy "Shares_delete_user" on "order"."Shares" to web_user, web_anon;
      alter function iam."ways_to_My Shop_order"(uuid, text) rename to gone`);
    expect(await look()).toEqual([
      ["PC052", 'The policy "Shares_delete_user" of "order"."Shares" isn\'t what the declaration says.'],
      ["PC052", 'The policy lines_select_user of "My Shop".lines isn\'t what the declaration says.'],
      ["PC056", 'The function iam."ways_to_My Shop_order"(uuid,text) isn\'t there.'],
    ]);
    const found = await examine({ adminUrl: database.adminUrl, login: "authenticator", protections: forms });
    for (const { mend } of found) await database.owner.query(mend);
    expect(await look()).toEqual([]);
  });
});
