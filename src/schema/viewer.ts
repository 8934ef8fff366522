/** In charge of the viewer: who the gateway takes the caller for. */
import { sql } from "kysely";
import { builder } from "../builder/builder.js";
import { carry, type Match } from "../protect/read/field-plan.js";
import { readObject } from "../protect/read/read.js";
import { valueSource } from "../protect/read/sql.js";
import type { Row } from "../protect/resource.js";
import { tenant } from "../resources/tenant.js";
import { user } from "../resources/user.js";
import { Permissions, permissionsAsked } from "./permissions/permissions.js";

const ViewerKind = builder.enumType("ViewerKind", {
  description: "The kinds of caller.",
  values: {
    ANONYMOUS: { description: "A request without a credential." },
    USER: { description: "A person." },
    SERVICE: { description: "A machine." },
  } as const,
});

const isCaller: Match = (child) => sql`${child("id")} = (select iam.caller_id())`;
const isTenantOfCaller: Match = (child) => sql`${child("id")} = (select iam.caller_tenant_id())`;
const kind = sql`case when (select is_service from iam.users where id = (select iam.caller_id())) then 'SERVICE' else 'USER' end`;

// Without a prototype: an alias like `constructor` must find nothing in it.
const nothing: Row = Object.freeze(Object.create(null));

const authScopes = { public: true } as const;

const Viewer = builder.objectRef<Row>("Viewer").implement({
  description: "The caller as the gateway knows him, in the tenant he acts in.",
  fields: (t) => ({
    kind: t.field({
      type: ViewerKind,
      nullable: false,
      description: "What kind of caller.",
      authScopes,
      extensions: carry({ kind: "value", expression: () => kind }),
      resolve: (row, _args, _context, info) => (row[info.path.key] as "USER" | "SERVICE" | undefined) ?? "ANONYMOUS",
    }),
    user: t.field({
      type: user.type,
      description: "The user. Null for an anonymous caller.",
      authScopes,
      extensions: carry({ kind: "one", resource: user, match: isCaller }),
      resolve: (row, _args, _context, info) => (row[info.path.key] ?? null) as Row | null,
    }),
    tenant: t.field({
      type: tenant.type,
      description: "The tenant the caller acts in. Null when he belongs to several and has chosen none.",
      authScopes,
      extensions: carry({ kind: "one", resource: tenant, match: isTenantOfCaller }),
      resolve: (row, _args, _context, info) => (row[info.path.key] ?? null) as Row | null,
    }),
    permissions: t.field({
      type: Permissions,
      nullable: true,
      description: "What he may do, or what somebody else may. Null for an anonymous caller.",
      args: {
        scope: t.arg.string({
          description: "Where, as `type/key`. By default anywhere, and of types at the tenant's root.",
        }),
        user: t.arg.string({
          description:
            "Of whom, by e-mail or global id; by default the caller. Of others with `iam.explain` at the scope.",
        }),
      },
      authScopes,
      extensions: carry({ kind: "part", values: (_row, args) => permissionsAsked(args), isComputedOnce: true }),
      resolve: (row, _args, _context, info) => (row[info.path.key] ?? null) as Row | null,
    }),
  }),
});

builder.queryField("viewer", (t) =>
  t.field({
    type: Viewer,
    nullable: false,
    description: "Who is asking.",
    authScopes,
    extensions: { portcullis: { isSingleStatement: true } },
    resolve: async (_root, _args, { caller, session }, info) => {
      if (caller.kind !== "anonymous") return readObject(session, info, valueSource({}));
      // Nothing is stored of him, but a tenant that he names must be one all the same.
      await session.identity();
      return nothing;
    },
  }),
);
