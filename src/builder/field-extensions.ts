/** In charge of what a GraphQL field says about itself to the stages before and after it. */
import type { GraphQLField, GraphQLResolveInfo } from "graphql";
import type { ReadNumber } from "../audit/events.js";

/** The value of `extensions.portcullis` on a field. */
export interface FieldExtensions {
  /** On a root field: it sends one statement, so that an operation of it alone needs no explicit transaction. */
  readonly isSingleStatement?: true;
  /** On a mutation: it changes who may do what, so the operation takes the lock exclusively. */
  readonly changesAuthority?: true;
  /** The feature a caller needs where the field's own rule denies. */
  readonly requires?: string;
  /** The features of which a caller needs one, where nothing else opens the field: what the printed schema says of it. */
  readonly features?: readonly string[];
  /** Reading it is an event of the audit, by this number. On an object type: reading a row of it by its global id is. */
  readonly audits?: ReadNumber;
}

/** Reads the `extensions.portcullis` of a field or a type; empty when it has none. */
export function fieldExtensions(
  field: Pick<GraphQLField<unknown, unknown>, "extensions"> | undefined,
): FieldExtensions {
  return (field?.extensions["portcullis"] as FieldExtensions | undefined) ?? {};
}

/** What a field, or a type, says whose reading is an event. */
export function audited(audits: ReadNumber | undefined): Pick<FieldExtensions, "audits"> {
  return audits === undefined ? {} : { audits };
}

/** The schema coordinate of the field being resolved: `Todo.internalNote`. */
export function coordinateOf(info: Pick<GraphQLResolveInfo, "parentType" | "fieldName">): string {
  return `${info.parentType.name}.${info.fieldName}`;
}
