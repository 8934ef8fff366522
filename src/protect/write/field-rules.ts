/** In charge of who may write which field of a row that he may write. */
import { sql } from "kysely";
import { forbidden } from "../../builder/unauthorized.js";
import type { Session } from "../../database/session.js";
import { requirementOf } from "../field-rule.js";
import { tableOf } from "../read/compilation.js";
import { mayWriteField } from "../read/guard.js";
import { readValue } from "../read/read.js";
import { jsonObject, rowSource, type Source, type Sql, typed } from "../read/sql.js";
import { type Column, fieldOf, type Resource } from "../resource.js";
import { notFound } from "./refusals.js";
import type { Data } from "./rows.js";

/** Refuses data with a field that the caller may not write on this row: FORBIDDEN, or NOT_FOUND for a row he can't see. */
export async function requireFieldRules(
  session: Session,
  resource: Resource,
  { id, data }: { readonly id: string; readonly data: Data },
): Promise<void> {
  const row = rowSource("t0");
  const ruled = ruledIn(resource, data, row);
  if (ruled.length === 0) return;
  const verdicts = sql`(select ${verdictsOn(ruled)} from ${tableOf(resource, "t0")} where ${row("id")} = ${typed(id, "uuid")})`;
  const judged = await readValue<Verdicts>(session, verdicts);
  if (judged === null) throw notFound();
  requireAll(resource, ruled, judged);
}

/**
 * The same for a row to be, before the database says a word about its values: that one of them is taken already is for
 * nobody who may not write it. Judged on the place that a new row gets; what is stored is judged again.
 */
export async function requireFieldRulesOfNew(session: Session, resource: Resource, data: Data): Promise<void> {
  const ruled = ruledIn(resource, data, newRow(resource, data));
  if (ruled.length === 0) return;
  requireAll(resource, ruled, (await readValue<Verdicts>(session, verdictsOn(ruled))) ?? {});
}

type Verdicts = Readonly<Record<string, boolean | null>>;

interface Ruled extends Column {
  readonly may: Sql;
}

function ruledIn(resource: Resource, data: Data, row: Source): readonly Ruled[] {
  return [...resource.columns.values()].flatMap((column) => {
    const may = column.name in data ? mayWriteField(resource, column, row) : null;
    return may ? [{ ...column, may }] : [];
  });
}

function verdictsOn(ruled: readonly Ruled[]): Sql {
  return jsonObject(ruled.map(({ name, may }) => [name, may]));
}

function requireAll(resource: Resource, ruled: readonly Ruled[], judged: Verdicts): void {
  for (const { name, rule } of ruled) {
    if (rule.write && judged[name] !== true) throw forbidden(`${resource.name}.${name}`, requirementOf(rule.write));
  }
}

// In the caller's name, at the scope that he says or else at the root of his tenant.
function newRow({ name, owner, scope }: Resource, data: Data): Source {
  return (column) => {
    if (column === owner?.column) return sql`iam.caller_id()`;
    const given = scope && data[scope.field];
    return given ? typed(given, fieldOf(name, scope.field).native) : sql`iam.caller_root_scope_id()`;
  };
}
