/** In charge of seeing whether anything at all was written: one hash over every row of every table. */
import type { TestDatabase } from "./database.js";

/** Changes when any row of iam or public does. */
export async function fingerprint({ owner }: TestDatabase): Promise<string> {
  const { rows: tables } = await owner.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace in ('iam'::regnamespace, 'public'::regnamespace) order by 1",
  );
  const parts = tables.map(
    ({ name }) => `select '${name}' as t, md5(string_agg(r::text, '' order by r::text)) as h from ${name} r`,
  );
  const { rows } = await owner.query<{ hash: string }>(
    `select md5(string_agg(t || coalesce(h, ''), ' ' order by t)) as hash from (${parts.join(" union all ")}) every_table`,
  );
  return rows[0]?.hash ?? "";
}
