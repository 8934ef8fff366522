/** In charge of permissions: every feature that somebody holds, and what he may do with each type and each of its fields. */
import type { GraphQLResolveInfo } from "graphql";
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import type { Session } from "../../database/session.js";
import { carry, type Values } from "../../protect/read/field-plan.js";
import { readPart } from "../../protect/read/read.js";
import { type Sql, typed } from "../../protect/read/sql.js";
import type { Row } from "../../protect/resource.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { TypePermissions, typesAt } from "./type-permissions.js";

/** Whose, and where. */
export interface Asked {
  /** Written `type/key`. Without it, features anywhere, and types at the tenant's root. */
  readonly scope?: string | null | undefined;
  /** By e-mail or global id; by default the caller. */
  readonly user?: string | null | undefined;
}

const HeldFeature = builder.objectRef<{ readonly feature: string; readonly scope: string }>("HeldFeature").implement({
  description: "A feature, and where it is held.",
  fields: (t) => ({
    feature: t.string({
      nullable: false,
      description: "The feature's code.",
      authScopes: rowScope,
      resolve: ({ feature }) => feature,
    }),
    scope: t.string({
      nullable: false,
      description: "The scope as `type/key`. It is held there, and below but where it is denied.",
      authScopes: rowScope,
      resolve: ({ scope }) => scope,
    }),
  }),
});

/** What somebody may do, at one moment. */
export const Permissions = builder.objectRef<Row>("Permissions").implement({
  description: "What somebody may do.",
  fields: (t) => ({
    features: t.field({
      type: [HeldFeature],
      nullable: false,
      description:
        "Every feature that he holds at the scope, with the topmost scope that gives it there; without a scope, everything that he holds, and where.",
      authScopes: rowScope,
      extensions: carry({ kind: "value", expression: (row) => row("features?") }),
      resolve: (row, _args, _context, info) =>
        row[info.path.key] as { readonly feature: string; readonly scope: string }[],
    }),
    types: t.field({
      type: [TypePermissions],
      nullable: false,
      description:
        "What he may do with rows of others that stand at the scope (by default the tenant's root), type by type. A row may allow more: to its owner, by a share.",
      authScopes: rowScope,
      extensions: carry({ kind: "parts", values: typesAt }),
      resolve: (row, _args, _context, info) => row[info.path.key] as Row[],
    }),
  }),
});

/** Where the types are asked about, as `typesAt` finds it. */
export function permissionsAsked({ scope, user }: Asked): Values {
  const [place, whom] = [typed(scope ?? null, "text"), typed(user ?? null, "text")];
  const held = sql`iam.features_held(${place}, ${whom}) as held`;
  return {
    "features?": sql`(select coalesce(json_agg(json_build_object('feature', held.feature, 'scope', held.scope)), '[]'::json) from ${held})`,
    // Policies judge the caller; of somebody else it is told by the features that he holds.
    "held?": user == null ? sql`null::text[]` : sql`array(select held.feature from ${held} where held.reaches)`,
    "place?": scopeNamed(scope),
  };
}

function scopeNamed(scope: string | null | undefined): Sql {
  if (scope == null) return sql`iam.caller_root_scope_id()`;
  return sql`(select s.id from iam.scopes as s where s.type || '/' || s.key = ${typed(scope, "text")})`;
}

/** Reads what was asked of the caller's permissions, in a statement of its own. */
export function readPermissions(session: Session, info: GraphQLResolveInfo): Promise<Row> {
  return readPart(session, info, permissionsAsked({}));
}
