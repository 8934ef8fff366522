/** In charge of who may write which field of a row that he may write. */
import { sql } from "kysely";
import { forbidden } from "../../builder/unauthorized.js";
import type { Session } from "../../database/session.js";
import { requirementOf } from "../field-rule.js";
import { tableOf } from "../read/compilation.js";
import { mayWriteField } from "../read/guard.js";
import { readValue } from "../read/read.js";
import { jsonObject, rowSource, typed } from "../read/sql.js";
import type { Resource } from "../resource.js";
import { notFound } from "./refusals.js";
import type { Data } from "./rows.js";

/** Refuses data with a field that the caller may not write on this row: FORBIDDEN, or NOT_FOUND for a row he can't see. */
export async function requireFieldRules(
  session: Session,
  resource: Resource,
  { id, data }: { readonly id: string; readonly data: Data },
): Promise<void> {
  const row = rowSource("t0");
  const ruled = [...resource.columns.values()].flatMap((column) => {
    const may = column.name in data ? mayWriteField(resource, column, row) : null;
    return may ? [{ ...column, may }] : [];
  });
  if (ruled.length === 0) return;
  const verdicts = jsonObject(ruled.map(({ name, may }) => [name, may]));
  const judged = await readValue<Readonly<Record<string, boolean>>>(
    session,
    sql`(select ${verdicts} from ${tableOf(resource, "t0")} where ${row("id")} = ${typed(id, "uuid")})`,
  );
  if (judged === null) throw notFound();
  for (const { name, rule } of ruled) {
    if (rule.write && judged[name] !== true) throw forbidden(`${resource.name}.${name}`, requirementOf(rule.write));
  }
}
