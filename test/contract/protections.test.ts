/** That every declaration has its migration, and what is written when one changes. */
import { describe, expect, it } from "vitest";
import { pendingMigrations } from "../../src/cli/protect.js";
import { guardTable } from "../../src/protect/policies/guard-table.js";
import { ideaOf, type Known, nameMigration, protectScript } from "../../src/protect/policies/migration.js";
import { requireReferences } from "../../src/protect/policies/missing-tables.js";
import { requireIndexes } from "../../src/protect/policies/needed-indexes.js";
import { protectionOf } from "../../src/protect/policies/protection-of.js";
import { resources } from "../../src/resources/resources.js";
import { sale } from "../../src/resources/sale.js";
import { todo } from "../../src/resources/todo.js";

const byName = new Map(resources.map((resource) => [resource.name as string, resource]));
const todos = protectionOf(todo, byName);
const sales = protectionOf(sale, byName);
const nothing: Known = { migrations: [], tables: "", seeds: "" };

describe("the declarations", () => {
  it("have their migrations", async () => {
    expect(await pendingMigrations()).toEqual([]);
  });
});

describe("a declaration", () => {
  const first = { name: "20260101000000_protect_sales", script: protectScript(sales, nothing) ?? "" };

  it("writes nothing the second time", () => {
    expect(first.script).toContain(guardTable(sales));
    expect(protectScript(sales, { ...nothing, migrations: [first] })).toBeNull();
  });

  it("writes what was and what is when it changes, and features that are nowhere yet", () => {
    const changed = { ...sales, commands: new Set(["read", "delete"] as const) };
    const script = protectScript(
      { ...changed, featureOf: (one) => `sales.${one}` },
      { ...nothing, migrations: [first] },
    );
    expect(script).toContain("drop policy sales_select_user on public.sales;");
    expect(script).toContain("revoke all on public.sales from web_user, web_delegate, web_anon;");
    expect(script).toContain("create policy sales_delete_user");
    expect(script).toContain("select 'sales.delete', id");
    expect(script).not.toContain("'view_sales_page'");
  });

  it("drops the trigger and the function of its shares before it makes them anew", () => {
    const script = protectScript(todos, nothing) ?? "";
    const last = { name: "20260101000000_protect_todos", script };
    const changed = protectScript({ ...todos, owner: null }, { ...nothing, migrations: [last] });
    expect(changed).toContain("drop trigger touch on public.todos;");
    expect(changed).toContain("drop trigger lock on public.todo_shares;");
    expect(changed).toContain("drop function iam.shared_todos(text, text);");
  });

  it("takes every right on shares that it has no more", () => {
    const last = { name: "20260101000000_protect_todos", script: protectScript(todos, nothing) ?? "" };
    const script = protectScript({ ...todos, shares: null }, { ...nothing, migrations: [last] });
    expect(script).toContain("drop policy todo_shares_all_tenant on public.todo_shares;");
    expect(script).toContain("revoke all on public.todo_shares from web_user, web_delegate, web_anon, iam_definer;");
    expect(script).toContain("revoke all on public.todos from web_user, web_delegate, web_anon;");
    expect(script).not.toContain("on public.todo_shares to");
  });

  it("brings a table that no migration makes", () => {
    const tables = `CREATE TABLE "public"."sales" (\n  "id" UUID NOT NULL\n);\n\nCREATE TABLE "public"."unrelated" (\n  "id" UUID\n);\n\nCREATE INDEX "i" ON "public"."sales"("id");\n`;
    const script = protectScript(sales, { ...nothing, tables });
    expect(script).toContain('CREATE TABLE "public"."sales"');
    expect(script).toContain('CREATE INDEX "i" ON "public"."sales"("id");');
    expect(script).not.toContain("unrelated");
  });
});

describe("tables that no migration makes", () => {
  const tables = `CREATE SCHEMA IF NOT EXISTS "shop";

-- CreateEnum
CREATE TYPE "shop"."State" AS ENUM ('new', 'old');

-- CreateTable
CREATE TABLE "shop"."Order" (
    "id" UUID NOT NULL,
    "state" "shop"."State" NOT NULL
);

-- CreateTable
CREATE TABLE "customers" (
    "id" UUID NOT NULL
);

-- AddForeignKey
ALTER TABLE "shop"."Order" ADD CONSTRAINT "Order_fkey" FOREIGN KEY ("customer_id") REFERENCES "customers"("id");
`;
  const orders = { ...sales, schema: "shop", table: "Order" };
  const known: Known = { ...nothing, tables };
  const first = { name: `1_${ideaOf(orders)}`, script: protectScript(orders, known) ?? "" };

  it("come with their schema and their types, which come once", () => {
    expect(first.script).toMatch(
      /create schema if not exists shop;\nCREATE TYPE "shop"."State"[^;]*;\nCREATE TABLE "shop"."Order"/,
    );
    expect(first.script).toContain("grant usage on schema shop to web_user, web_anon, iam_definer;");
    const again = { ...sales, table: "later" };
    const others = `${tables}\nCREATE TABLE "later" (\n    "state" "shop"."State" NOT NULL\n);\n`;
    expect(protectScript(again, { ...nothing, tables: others, migrations: [first] })).not.toContain("CREATE TYPE");
  });

  it("get the key between two of them with the later one", () => {
    expect(first.script).not.toContain("Order_fkey");
    const later = protectScript({ ...sales, table: "customers" }, { ...known, migrations: [first] });
    expect(later).toContain('ADD CONSTRAINT "Order_fkey"');
  });

  it("write nothing the second time, whatever their names", () => {
    expect(protectScript(orders, { ...known, migrations: [first] })).toBeNull();
  });

  it("are not made again where one that was there before is guarded already", () => {
    const guarded = { ...first, script: first.script.replace(/CREATE TABLE[^;]*;/, "") };
    const changed = protectScript({ ...orders, owner: "owner_id" }, { ...known, migrations: [guarded] });
    expect(changed).toContain("owner_id");
    expect(changed).not.toContain("CREATE TABLE");
  });

  it("leave another schema's table of the same name alone", () => {
    expect(protectScript({ ...sales, table: "Order" }, { ...known, migrations: [first] })).not.toContain("drop policy");
  });

  it("are refused where one would lack a key, since nothing makes what it refers to", () => {
    const declared = [{ model: "Order", schema: "shop", table: "Order" }];
    expect(() => requireReferences(declared, known)).toThrow(
      "src/resources/order.ts: Order refers to customers, a table that no migration makes.",
    );
    const both = [...declared, { model: "Customer", schema: "public", table: "customers" }];
    expect(() => requireReferences(both, known)).not.toThrow();
  });
});

describe("the indexes of a table that no migration makes", () => {
  const declared = [
    {
      model: "Order",
      schema: "public",
      table: "orders",
      chosenBy: [
        { column: "tenant_id", field: "tenantId" },
        { column: "place", field: "placeKey" },
      ],
    },
  ];
  const create = 'CREATE TABLE "orders" (\n    "id" UUID NOT NULL\n);\n';

  it("are asked for where the Prisma model has none that policies can use", () => {
    const wrong = `${create}CREATE INDEX "a" ON "orders"("created_at", "place");\nCREATE INDEX "b" ON "others"("tenant_id", "place");\n`;
    expect(() => requireIndexes(declared, { ...nothing, tables: wrong })).toThrow(
      "src/resources/order.ts: no index of Order leads to tenantId or placeKey, by which its policies choose rows.",
    );
    const right = `${create}CREATE INDEX "a" ON "orders"("tenant_id", "place" DESC);\n`;
    expect(() => requireIndexes(declared, { ...nothing, tables: right })).not.toThrow();
  });

  it("are the doctor's once the table is there", () => {
    const made = { name: "1_orders", script: create };
    expect(() => requireIndexes(declared, { ...nothing, tables: create, migrations: [made] })).not.toThrow();
  });
});

describe("the name of a migration", () => {
  it("comes after every other, whatever the clock says", () => {
    const migrations = [{ name: "20991231235959_last", script: "" }];
    expect(nameMigration("protect_a", { migrations, now: new Date(0) })).toBe("20991231235960_protect_a");
  });

  it("is a folder's, whatever the table is called", () => {
    expect(ideaOf({ ...sales, table: "Price List" })).toBe("protect_Price_List");
    expect(ideaOf({ ...sales, schema: "shop" })).toBe("protect_shop_sales");
  });
});
