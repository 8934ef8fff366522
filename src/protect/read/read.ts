/** In charge of sending a read: a selection, one statement, one JSON value. */
import { type GraphQLResolveInfo, getNamedType } from "graphql";
import { sql } from "kysely";
import type { Session } from "../../database/session.js";
import type { Resource, Row } from "../resource.js";
import { objectType } from "./compilation.js";
import { type Connection, connectionOf } from "./connection.js";
import type { Match, Values } from "./field-plan.js";
import type { PageArguments } from "./page.js";
import { compilationOf, selectObject, selectOne, selectPart } from "./select.js";
import { selectPage } from "./select-page.js";
import { type Source, type Sql, toStatement, valueSource } from "./sql.js";

/** Reads the value of an expression as the caller. */
export async function readValue<Value>(session: Session, expression: Sql): Promise<Value | null> {
  const [row] = await session.run<{ data: Value | null }>(toStatement(sql`select ${expression} as data`));
  return row?.data ?? null;
}

/** The row whose id the parent carries. */
export const sameId: Match = (child, parent) => sql`${child("id")} = ${parent("id")}`;

/** Reads what a root field asks of one row; null when there is none that the caller may see. */
export function readOne(
  session: Session,
  info: GraphQLResolveInfo,
  { resource, id }: { readonly resource: Resource; readonly id: string },
): Promise<Row | null> {
  const asked = { type: objectType(info, resource.name), nodes: info.fieldNodes };
  return readValue<Row>(
    session,
    selectOne(compilationOf(info, session), { resource, match: sameId, parent: valueSource({ id }), ...asked }),
  );
}

/** What a root field lists: the rows of a resource, or those of them whose ids a query gives. */
export interface List {
  readonly resource: Resource;
  readonly args: PageArguments;
  readonly ids?: Sql;
}

const isGiven: Match = (child) => sql`${child("id")} in (select given.id from given)`;

/** Reads what a root field asks of a list. */
export async function readPage(
  session: Session,
  info: GraphQLResolveInfo,
  { resource, args, ids }: List,
): Promise<Connection> {
  const asked = { type: objectType(info, getNamedType(info.returnType).name), nodes: info.fieldNodes };
  const compilation = compilationOf(info, session);
  const query = { resource, args, parent: valueSource({}), ...asked };
  // The ids are found once, however often the page asks for them.
  const expression = ids
    ? sql`(with given (id) as materialized (${ids}) select ${selectPage(compilation, { ...query, match: isGiven })})`
    : selectPage(compilation, query);
  const page = await readValue(session, expression);
  return connectionOf(resource, args, page);
}

/** Reads what a root field asks of a type that is no table: of what a mutation has touched, or of the viewer. */
export async function readObject(session: Session, info: GraphQLResolveInfo, source: Source): Promise<Row> {
  const asked = { type: objectType(info, getNamedType(info.returnType).name), nodes: info.fieldNodes };
  return (await readValue<Row>(session, selectObject(compilationOf(info, session), asked, source))) ?? {};
}

/** Reads what a root field asks of a type whose fields find these values, each computed once. */
export async function readPart(session: Session, info: GraphQLResolveInfo, values: Values): Promise<Row> {
  const asked = { type: objectType(info, getNamedType(info.returnType).name), nodes: info.fieldNodes };
  const part = { values, row: valueSource({}), ...asked };
  return (await readValue<Row>(session, selectPart(compilationOf(info, session), part))) ?? {};
}
