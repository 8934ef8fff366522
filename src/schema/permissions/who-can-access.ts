/** In charge of the list of everybody who may do something with one row, or use one field of it. */
import { sql } from "kysely";
import { builder } from "../../builder/builder.js";
import { GatewayError } from "../../errors.js";
import type { FieldWays } from "../../protect/field-rule.js";
import type { Resource } from "../../protect/resource.js";
import { editableColumns } from "../../protect/writable.js";
import { onePage, PermittedUserConnection, readPermitted } from "./permitted-users.js";
import { protectedRow, RowCommand } from "./protected-row.js";

builder.queryField("whoCanAccess", (t) =>
  t.field({
    type: PermittedUserConnection,
    nullable: false,
    description:
      "Everybody who may do something with a row, the newest user first. Needs `iam.explain` at the row's scope.",
    args: {
      id: t.arg.id({ required: true, description: "The row's global id: `Todo:uuid`." }),
      command: t.arg({ type: RowCommand, required: true, description: "What is to be done with it." }),
      field: t.arg.string({ description: "A field that is to be read, or edited, besides." }),
      ...onePage,
    },
    authScopes: { authenticated: true },
    extensions: { portcullis: { features: ["iam.explain"] } },
    resolve: (_root, { id, command, field, ...args }, { session }, info) => {
      const { resource, table, uuid } = protectedRow(String(id));
      const ways = field == null ? null : waysToField(resource, field, command);
      const asked = sql`${table}, ${uuid}::uuid, ${command}`;
      return readPermitted(session, info, {
        permitted: {
          ids: sql`select iam.users_who_can_access(${asked}, ${ways?.isOwners ?? false}, ${ways?.features ?? null}::text[])`,
          chainsOf: (ids) => sql`select user_id, chain from iam.how_they_can_access(${ids}::uuid[], ${asked})`,
        },
        args,
      });
    },
  }),
);

function waysToField(resource: Resource, field: string, command: string): FieldWays | null {
  const column = resource.columns.get(field);
  if (column === undefined || !["read", "update"].includes(command))
    throw new GatewayError("BAD_USER_INPUT", "A field of the row is read or updated.");
  if (command === "read") return column.rule.read;
  if (!editableColumns(resource).includes(column))
    throw new GatewayError("BAD_USER_INPUT", "No edit takes this field.");
  return column.rule.write;
}
