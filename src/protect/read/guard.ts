/** In charge of the rule of a field, as an expression on the row: judged by Postgres, in the statement that reads the row. */
import { sql } from "kysely";
import type { FieldWays } from "../field-rule.js";
import type { Principal } from "../policies/protection.js";
import type { Column, Resource } from "../resource.js";
import { allOf, anyOf, type Source, type Sql } from "./sql.js";

/** Whether the caller may read a field of a row that he may read; null when whoever may read the row may. */
export function mayReadField(resource: Resource, { rule }: Column, row: Source): Sql | null {
  return rule.read && mayUse(resource, rule.read, row);
}

/** Whether the caller may write a field of a row that he may create or update; null when whoever may do that may. */
export function mayWriteField(resource: Resource, { rule }: Column, row: Source): Sql | null {
  return rule.write && mayUse(resource, rule.write, row);
}

function mayUse(resource: Resource, ways: FieldWays, row: Source): Sql {
  const [feature, another] = ways.features;
  if (!ways.isOwners && feature !== undefined && another === undefined) return holdsAtRow(resource, feature, row);
  const waysFor = (whose: Principal): readonly Sql[] => waysOf(resource, ways, { whose, row });
  return allOf([
    anyOf(waysFor("caller")),
    anyOf([sql`not (select iam.is_acting())`, ...waysFor("actor")]),
    anyOf([sql`not (select iam.has_api_key())`, ...waysFor("key")]),
  ]);
}

function waysOf(
  resource: Resource,
  { isOwners, features }: FieldWays,
  { whose, row }: { readonly whose: Principal; readonly row: Source },
): readonly Sql[] {
  const { owner } = resource;
  return [
    // What its owner may do with his own row, a key may that was given the command: the row's policy has seen to it.
    ...(isOwners && owner ? [sql`${row(owner.column)} = (select ${whose === "actor" ? actorId : callerId})`] : []),
    ...features.flatMap((feature) => holding(resource, { feature, whose, row })),
  ];
}

const callerId = sql`iam.caller_id()`;
const actorId = sql`iam.actor_id()`;

/** True where the caller holds the feature at the row's scope. Both look-ups run once per statement, not per row. */
export function holdsAtRow(resource: Resource, feature: string, row: Source): Sql {
  return anyOf(holding(resource, { feature, row }));
}

interface Held {
  readonly feature: string;
  /** One of the session's three; without it, all of them together. */
  readonly whose?: Principal;
  readonly row: Source;
}

function holding({ scope, parent }: Resource, { feature, whose, row }: Held): readonly Sql[] {
  const ask = (...words: readonly (string | undefined)[]): Sql =>
    sql.join(words.flatMap((word) => (word === undefined ? [] : [sql.lit(word)])));
  const everywhere = sql`(select iam.holds_everywhere(${ask(feature, whose)}))`;
  const scopes = sql`(select iam.scopes_with(${ask(feature, whose)}))`;
  if (scope?.type != null)
    return [everywhere, sql`${row(scope.column)} in (select iam.scope_keys_with(${ask(feature, scope.type, whose)}))`];
  if (scope !== null) return [everywhere, sql`${row(scope.column)} in ${scopes}`];
  // A row without a scope of its own stands at the tenant's root; one that follows another stands nowhere by itself.
  return parent === null ? [everywhere, sql`(select iam.caller_root_scope_id()) in ${scopes}`] : [everywhere];
}

/**
 * A column as filters, orders, cursors and aggregates see it: null on a row where the caller may not read it, so that no
 * answer ever depends on a value that he can't see.
 */
export function comparable(resource: Resource, column: Column, row: Source): Sql {
  const value = column.isEnum ? sql`${row(column.column)}::text` : row(column.column);
  const mayRead = mayReadField(resource, column, row);
  return mayRead === null ? value : sql`case when ${mayRead} then ${value} end`;
}
