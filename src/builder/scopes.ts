/** In charge of what a field may ask of the caller: a small closed list, so that a rule can be read off the schema. */
import type { Context } from "./context.js";

/** The field scopes. A value is always `true`: a scope that is asked with `false` would open the field, so it doesn't compile. */
export interface FieldScopes {
  /** Everybody, the anonymous caller included. */
  readonly public: true;
  /** Everybody who showed a valid credential. */
  readonly authenticated: true;
  /** Whoever may read the row may read the field: row-level security has judged the row already. */
  readonly row: true;
}

/** Pothos' own scope for what the parent grants: the rule was judged row by row, in the statement that read the row. */
export const grantedByRow = "$granted";

/** The names a field may use in `authScopes`; anything else fails the build (default-deny.ts). */
export const scopeNames: ReadonlySet<string> = new Set<keyof FieldScopes | typeof grantedByRow>([
  "public",
  "authenticated",
  "row",
  grantedByRow,
]);

/** Judges the scopes that depend on nothing but the caller. Synchronous: it runs for every field. */
export function judgeScopes({ caller }: Context): Record<keyof FieldScopes, boolean> {
  return { public: true, row: true, authenticated: caller.kind !== "anonymous" };
}
