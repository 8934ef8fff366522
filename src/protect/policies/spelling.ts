/** In charge of how names and values stand in the SQL of a migration: quoted where they must be, and only there. */

// Reserved in PostgreSQL 15 to 18; every other lower-case word is a name.
const reserved = new Set(
  `all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
  concurrently constraint create cross current_catalog current_date current_role current_schema current_time
  current_timestamp current_user default deferrable desc distinct do else end except false fetch for foreign freeze from
  full grant group having ilike in initially inner intersect into is isnull join lateral leading left like limit localtime
  localtimestamp natural not notnull null offset on only or order outer overlaps placing primary references returning right
  select session_user similar some symmetric system_user table tablesample then to trailing true union unique user using
  variadic verbose when where window with`.split(/\s+/),
);

/** A name as SQL spells it: todos, "order". */
export function name(word: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(word) && !reserved.has(word) ? word : `"${word.replaceAll('"', '""')}"`;
}

/** A name in its schema: public.todos. */
export function qualified({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return `${name(schema)}.${name(table)}`;
}

/** A table's name where it stands for itself, as in the names of functions: todos, shop_invoices. */
export function bareName({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return schema === "public" ? table : `${schema}_${table}`;
}

/** A value as SQL spells it. */
export function literal(value: string | number | boolean | null): string {
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** Lines moved to the right. */
export function indent(text: string, by = 2): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(by));
}

/** "a", "a or b", "a, b, or c": how the comments of policies list. */
export function listed(parts: readonly string[]): string {
  if (parts.length < 3) return parts.join(" or ");
  return `${parts.slice(0, -1).join(", ")}, or ${parts.at(-1)}`;
}

/** A noun with its article. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? "an" : "a"} ${noun}`;
}
