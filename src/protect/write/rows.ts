/** In charge of writing rows: flat data through the session's Prisma client, and the count told. Who may is for the policies. */
import type { Session } from "../../database/session.js";
import type { Resource } from "../resource.js";

/** Values by Prisma field name. */
export type Data = Readonly<Record<string, unknown>>;

// The part of a Prisma model that is used: nothing nested, nothing that reads back more than the id.
interface Delegate {
  create(query: { readonly data: Data; readonly select: { readonly id: true } }): Promise<{ readonly id: string }>;
  updateMany(query: {
    readonly where: { readonly id: string };
    readonly data: Data;
  }): Promise<{ readonly count: number }>;
  deleteMany(query: { readonly where: { readonly id: string } }): Promise<{ readonly count: number }>;
}

/** Writes a new row; tells its id. */
export async function insertRow(session: Session, resource: Resource, data: Data): Promise<string> {
  const { id } = await onTable(session, resource, (table) => table.create({ data, select: { id: true } }));
  return id;
}

/** Changes a row; false when there is none that the caller may change. */
export async function updateRow(
  session: Session,
  resource: Resource,
  { id, data }: { readonly id: string; readonly data: Data },
): Promise<boolean> {
  const { count } = await onTable(session, resource, (table) => table.updateMany({ where: { id }, data }));
  return count > 0;
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
