/** That the three tellings of what is stored agree: the Prisma schema, the migrations, and the generated datamodel. */
import { describe, expect, it } from "vitest";
import { sqlFromDatabase } from "../../src/database/schema-diff.js";
import { enums, models } from "../../src/generated/datamodel.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

describe("the migrations", () => {
  it("leave nothing of the Prisma schema to be written", async () => {
    expect(await sqlFromDatabase(database.adminUrl)).toBe("");
  });

  it("leave something to be written when the database is changed by hand", async () => {
    await database.owner.query("alter table public.todos add column forgotten text");
    expect(await sqlFromDatabase(database.adminUrl)).toContain('DROP COLUMN "forgotten"');
    await database.owner.query("alter table public.todos drop column forgotten");
  });
});

describe("the datamodel", () => {
  it("names every column of every table, with its type and whether it may be null", async () => {
    const { rows } = await database.owner.query(`
      select n.nspname || '.' || c.relname as table, a.attname as column, a.attnotnull and t.typelem = 0 as required,
             case when t.typtype = 'e' then tn.nspname || '.' || t.typname else t.typname end as type
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid and c.relkind = 'r' and c.relname <> '_prisma_migrations'
      join pg_namespace n on n.oid = c.relnamespace and n.nspname in ('iam', 'public')
      join pg_type t on t.oid = a.atttypid
      join pg_namespace tn on tn.oid = t.typnamespace
      where a.attnum > 0 and not a.attisdropped`);
    const stored = rows.map((row) => `${row.table}.${row.column} ${row.type}${row.required ? " not null" : ""}`);
    const described = Object.values(models).flatMap(({ schema, table, fields }) =>
      Object.values(fields).map(
        (field) => `${schema}.${table}.${field.column} ${typeName(field)}${isRequiredScalar(field) ? " not null" : ""}`,
      ),
    );
    expect(described.sort()).toEqual(stored.sort());
  });

  it("joins every relation on the columns of a foreign key, from both sides", async () => {
    const { rows } = await database.owner.query(`
      select conrelid::regclass::text as from, confrelid::regclass::text as to,
        array(select attname::text from unnest(conkey) with ordinality as k (n, i) join pg_attribute on attrelid = conrelid and attnum = n order by i) as columns,
        array(select attname::text from unnest(confkey) with ordinality as k (n, i) join pg_attribute on attrelid = confrelid and attnum = n order by i) as "references"
      from pg_constraint where contype = 'f' and connamespace in ('iam'::regnamespace, 'public'::regnamespace)`);
    const keys = new Set(
      rows.flatMap((row) => [
        join(row.from, row.columns, row.to, row.references),
        join(row.to, row.references, row.from, row.columns),
      ]),
    );
    const relations = Object.values(models).flatMap((model) =>
      Object.values(model.relations).map((relation) =>
        join(nameOf(model), relation.columns, nameOf(models[relation.model]), relation.references),
      ),
    );
    expect(relations.filter((relation) => !keys.has(relation))).toEqual([]);
  });

  it("spells every enum as the database does", async () => {
    const { rows } = await database.owner.query(`
      select t.typname as name, n.nspname as schema, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
      from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace group by 1, 2 order by 1`);
    const described = Object.values(enums).map(({ name, schema, values }) => ({
      name,
      schema,
      labels: Object.values(values),
    }));
    expect(described.sort((one, other) => one.name.localeCompare(other.name))).toEqual(rows);
  });
});

// Where Postgres' catalogue names a type otherwise than SQL does.
const catalogueNames: Readonly<Record<string, string>> = {
  boolean: "bool",
  integer: "int4",
  bigint: "int8",
  smallint: "int2",
  "double precision": "float8",
};

function typeName({ native, isList }: { readonly native: string; readonly isList: boolean }): string {
  return `${isList ? "_" : ""}${catalogueNames[native] ?? native}`;
}

// Prisma knows no null list and lets the database have one.
function isRequiredScalar({ isRequired, isList }: { readonly isRequired: boolean; readonly isList: boolean }): boolean {
  return isRequired && !isList;
}

function join(from: string, columns: readonly string[], to: string, references: readonly string[]): string {
  return `${from}(${columns.join()}) = ${to}(${references.join()})`;
}

function nameOf({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return schema === "public" ? table : `${schema}.${table}`;
}
