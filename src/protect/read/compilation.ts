/** In charge of what one statement is compiled with, and of how a table enters it. */
import { type FieldNode, type GraphQLObjectType, getNamedType, isObjectType } from "graphql";
import { sql } from "kysely";
import type { Resource } from "../resource.js";
import type { Operation, SelectedField } from "./selection.js";
import type { Source, Sql } from "./sql.js";

/** One compilation: the operation it reads from, the aliases it gives out, and the way back into the compiler. */
export interface Compilation {
  readonly operation: Operation;
  /** True when it is asked by nobody who has signed in: it touches public tables only. */
  readonly isAnonymous: boolean;
  /** A name for the next table of the statement. */
  readonly nextAlias: () => string;
  /** How many rows the lists above can give together: what is compiled here may run as often. */
  readonly rowsAbove: number;
  /** Counts what the statement can give. BAD_USER_INPUT when it is too much. */
  readonly spend: (what: "rows" | "values" | "checks", count: number) => void;
  /** What was asked of a type, as a JSON object on one row (select.ts). */
  readonly selectObject: (compilation: Compilation, asked: AskedType, row: Source) => Sql;
}

/** A type with the places in the operation where it was selected. */
export interface AskedType {
  readonly type: GraphQLObjectType;
  readonly nodes: readonly FieldNode[];
}

/** The type behind a field, with what was asked of it. */
export function askedOf({ definition, nodes }: SelectedField): AskedType {
  const type = getNamedType(definition.type);
  if (!isObjectType(type)) throw new TypeError(`${definition.name} is no object.`);
  return { type, nodes };
}

/** A resource's table under an alias. */
export function tableOf({ table }: Resource, alias: string): Sql {
  return sql`${sql.id(table.schema, table.name)} as ${sql.id(alias)}`;
}

/** An object type of the schema by its name. */
export function objectType({ schema }: Pick<Operation, "schema">, name: string) {
  const type = schema.getType(name);
  if (!isObjectType(type)) throw new TypeError(`${name} is no object type.`);
  return type;
}
