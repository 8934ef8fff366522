/** In charge of where a new row stands: its scope, its group, the row it follows, as a client names them. */
import { sql } from "kysely";
import type { Session } from "../../database/session.js";
import { models } from "../../generated/datamodel.js";
import { uuidOf } from "../global-id.js";
import { readValue } from "../read/read.js";
import { type Sql, typed } from "../read/sql.js";
import { idColumn, type Resource } from "../resource.js";
import { hasScopeId, parentLink } from "../writable.js";
import type { WriteInput } from "./input.js";
import type { Data } from "./rows.js";

/** The fields that put a new row in its place; what the client leaves out is the database's to fill in. */
export async function placeIn(session: Session, resource: Resource, input: WriteInput): Promise<Data> {
  const { scope, group, name } = resource;
  const data: Record<string, unknown> = {};
  if (hasScopeId(resource) && scope && isGiven(input["scope"]))
    data[scope.field] = await resolved(session, sql`iam.resolve_scope(${typed(input["scope"], "text")})`);
  if (group && isGiven(input["group"]))
    data[fieldWith(name, group.column)] = await resolved(
      session,
      sql`iam.resolve_group(${typed(input["group"], "text")})`,
    );
  const parent = parentLink(resource);
  if (parent && isGiven(input[parent.name]))
    data[fieldWith(name, idColumn(parent))] = uuidOf(parent.model, String(input[parent.name]));
  return data;
}

function resolved(session: Session, reference: Sql): Promise<string | null> {
  return readValue<string>(session, reference);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** The name of the field with a column. */
export function fieldWith(model: Resource["name"], column: string): string {
  const found = Object.entries(models[model].fields).find(([, field]) => field.column === column);
  if (found === undefined) throw new TypeError(`${model} has no column ${column}.`);
  return found[0];
}
