/** In charge of naming what explanations of rows are about: a type whose policies are generated, a row of it, a command. */
import { builder } from "../../builder/builder.js";
import { GatewayError } from "../../errors.js";
import { parseGlobalId } from "../../protect/global-id.js";
import { qualified } from "../../protect/policies/spelling.js";
import type { Resource } from "../../protect/resource.js";
import { resources } from "../../resources/resources.js";

/** What is asked to be done with a row. */
export const RowCommand = builder.enumType("RowCommand", {
  description: "What can be done with a row.",
  values: {
    READ: { value: "read", description: "See it." },
    UPDATE: { value: "update", description: "Edit it." },
    DELETE: { value: "delete", description: "Delete it." },
    SHARE: { value: "share", description: "Share it." },
  } as const,
});

/** A type with its table as SQL spells it. */
export interface ProtectedType {
  readonly resource: Resource;
  readonly table: string;
}

/** A row of such a type, there or not. */
export interface ProtectedRow extends ProtectedType {
  readonly uuid: string;
}

/** A type by its name. BAD_USER_INPUT for a type whose policies are not generated. */
export function protectedType(name: string): ProtectedType {
  const resource = resources.find((one) => one.name === name);
  if (resource === undefined || resource.table.schema === "iam")
    throw new GatewayError("BAD_USER_INPUT", "Rows of this type are not explained.");
  const { schema, name: table } = resource.table;
  return { resource, table: qualified({ schema, table }) };
}

/** A row by its global id. BAD_USER_INPUT for what is none, and for a type whose policies are not generated. */
export function protectedRow(id: string): ProtectedRow {
  const { type, uuid } = parseGlobalId(id);
  return { ...protectedType(type), uuid };
}
