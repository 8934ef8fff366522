/**
 * In charge of writing rows: one flat statement each, of which the id comes back. Who may is for the policies. Prisma's client
 * is not asked: it fills in and stamps what a runtime role may not write, and knows moments to the millisecond only.
 */
import { sql } from "kysely";
import type { Session } from "../../database/session.js";
import type { Field } from "../../generated/datamodel.js";
import { type Sql, toStatement, typed } from "../read/sql.js";
import { fieldOf, type Resource } from "../resource.js";

/** Values by field name, as Postgres spells them. */
export type Data = Readonly<Record<string, unknown>>;

/** Writes a new row; tells its id. Whatever is left out is the database's to fill in. */
export async function insertRow(session: Session, resource: Resource, data: Data): Promise<string> {
  const given = givenIn(resource, data);
  const columns = sql.join(given.map(({ column }) => column));
  const values = sql.join(given.map(({ value }) => value));
  const what = given.length === 0 ? sql`default values` : sql`(${columns}) values (${values})`;
  const [id] = await idsOf(session, sql`insert into ${tableOf(resource)} ${what} returning id`);
  if (id === undefined) throw new TypeError("An insert answered no row.");
  return id;
}

/** Changes a row; false when there is none that the caller may change. */
export async function updateRow(
  session: Session,
  resource: Resource,
  { id, data }: { readonly id: string; readonly data: Data },
): Promise<boolean> {
  const changes = sql.join(givenIn(resource, data).map(({ column, value }) => sql`${column} = ${value}`));
  const query = sql`update ${tableOf(resource)} set ${changes} where id = ${typed(id, "uuid")} returning id`;
  return (await idsOf(session, query)).length > 0;
}

/** Deletes a row; false when there is none that the caller may delete. */
export async function deleteRow(session: Session, resource: Resource, id: string): Promise<boolean> {
  const query = sql`delete from ${tableOf(resource)} where id = ${typed(id, "uuid")} returning id`;
  return (await idsOf(session, query)).length > 0;
}

async function idsOf(session: Session, query: Sql): Promise<readonly string[]> {
  const rows = await session.run<{ id: string }>(toStatement(query));
  return rows.map(({ id }) => id);
}

function tableOf({ table }: Resource): Sql {
  return sql`${sql.id(table.schema, table.name)}`;
}

function givenIn({ name }: Resource, data: Data): readonly { readonly column: Sql; readonly value: Sql }[] {
  return Object.entries(data).map(([field, value]) => {
    const known = fieldOf(name, field);
    return { column: sql`${sql.id(known.column)}`, value: spelled(known, value) };
  });
}

function spelled({ type, native, isList }: Field, value: unknown): Sql {
  if (isList) return sql`${typed(value, native)}[]`;
  return typed(type === "Json" && value !== null ? JSON.stringify(value) : value, native);
}
