/** In charge of writing rows: flat data, and the count told. Who may is for the policies. */
import { sql } from "kysely";
import type { Session } from "../../database/session.js";
import { type EnumName, enums } from "../../generated/datamodel.js";
import { toStatement, typed } from "../read/sql.js";
import { type Column, fieldOf, type Resource } from "../resource.js";

/** Values by field name, as Postgres spells them. */
export type Data = Readonly<Record<string, unknown>>;

/**
 * Writes a new row; tells its id. A statement of its own: Prisma would fill in `@default(now())` itself, and a runtime role
 * may write the columns on offer only. Whatever is left out is the database's to fill in.
 */
export async function insertRow(session: Session, resource: Resource, data: Data): Promise<string> {
  const { schema, name } = resource.table;
  const given = Object.entries(data).map(([field, value]) => ({ value, ...fieldOf(resource.name, field) }));
  const columns = sql.join(given.map(({ column }) => sql.id(column)));
  const values = sql.join(
    given.map(({ value, type, native }) => typed(type === "Json" ? JSON.stringify(value) : value, native)),
  );
  const what = given.length === 0 ? sql`default values` : sql`(${columns}) values (${values})`;
  const [row] = await session.run<{ id: string }>(
    toStatement(sql`insert into ${sql.id(schema, name)} ${what} returning id`),
  );
  if (row === undefined) throw new TypeError("An insert answered no row.");
  return row.id;
}

// The part of a Prisma model that is used: nothing nested, nothing that reads back.
interface Delegate {
  updateMany(query: {
    readonly where: { readonly id: string };
    readonly data: Data;
  }): Promise<{ readonly count: number }>;
  deleteMany(query: { readonly where: { readonly id: string } }): Promise<{ readonly count: number }>;
}

/** Changes a row; false when there is none that the caller may change. */
export async function updateRow(
  session: Session,
  resource: Resource,
  { id, data }: { readonly id: string; readonly data: Data },
): Promise<boolean> {
  const given = Object.entries(data).map(([name, value]) => [name, toPrisma(resource.columns.get(name), value)]);
  const { count } = await onTable(session, resource, (table) =>
    table.updateMany({ where: { id }, data: Object.fromEntries(given) }),
  );
  return count > 0;
}

// Prisma has its own names for an enum's values, and takes 64-bit integers as such.
function toPrisma(column: Column | undefined, value: unknown): unknown {
  if (column === undefined || value === null) return value;
  if (column.type === "BigInt") return BigInt(String(value));
  if (!column.isEnum) return value;
  return Object.entries<string>(enums[column.type as EnumName].values).find(([, spelling]) => spelling === value)?.[0];
}

/** Deletes a row; false when there is none that the caller may delete. */
export async function deleteRow(session: Session, resource: Resource, id: string): Promise<boolean> {
  const { count } = await onTable(session, resource, (table) => table.deleteMany({ where: { id } }));
  return count > 0;
}

function onTable<T>(session: Session, { singular }: Resource, work: (table: Delegate) => Promise<T>): Promise<T> {
  return session.prisma((client) => {
    const tables = client as unknown as Readonly<Record<string, Delegate | undefined>>;
    const table = tables[singular];
    if (table === undefined) throw new TypeError(`The Prisma client has no ${singular}.`);
    return work(table);
  });
}
