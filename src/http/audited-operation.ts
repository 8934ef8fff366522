/** In charge of what the audit tells of an operation: its name, its root fields, and the reads in it that are events themselves. */
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from "graphql";
import type { ReadNumber } from "../audit/events.js";
import { fieldExtensions } from "../builder/field-extensions.js";

/** A read that is an event, at the place of the answer where it shows. */
export interface AuditedRead {
  readonly code: ReadNumber;
  /** `Group.members`. */
  readonly coordinate: string;
  /** The response keys that lead to it; lists are walked through. */
  readonly path: readonly string[];
}

/** An operation, as far as the audit is concerned. */
export interface AuditedOperation {
  readonly name: string | null;
  readonly kind: "query" | "mutation" | "subscription";
  /** The names of its root fields, each once. */
  readonly fields: readonly string[];
  readonly reads: readonly AuditedRead[];
}

const known = new WeakMap<DocumentNode, Map<string, AuditedOperation>>();

/**
 * Describes a valid operation; null when the document has none of that name. Yoga hands the same document out for the same
 * text, so each is walked once. A walk ends: document-limits.ts bounds what fragments unfold to.
 */
export function auditedOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): AuditedOperation | null {
  const described = known.get(document)?.get(operationName ?? "");
  if (described !== undefined) return described;
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return null;
  const selected = [...fieldsOf({ schema, document }, operation.selectionSet, root)];
  const found: AuditedOperation = {
    name: operation.name?.value ?? null,
    kind: operation.operation,
    fields: [...new Set(selected.filter(({ path }) => path.length === 1).map(({ node }) => node.name.value))],
    reads: selected.flatMap(({ reads, path }) => reads.map((read) => ({ ...read, path }))),
  };
  known.set(document, (known.get(document) ?? new Map<string, AuditedOperation>()).set(operationName ?? "", found));
  return found;
}

/** Whether the answer has anything at the path: what was skipped, hidden or stood in another type was not read. */
export function isAnswered(data: unknown, path: readonly string[]): boolean {
  if (data === null || data === undefined) return false;
  if (Array.isArray(data)) return data.some((item) => isAnswered(item, path));
  const [key, ...rest] = path;
  return key === undefined || (typeof data === "object" && isAnswered(Reflect.get(data, key), rest));
}

interface Document {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
}

interface Selected {
  readonly node: FieldNode;
  readonly path: readonly string[];
  readonly reads: readonly Omit<AuditedRead, "path">[];
}

interface Place {
  readonly path: readonly string[];
  /** What a row of the narrower type at this place leaves: it came by its global id. */
  readonly narrowed: readonly Omit<AuditedRead, "path">[];
  readonly coordinate: string;
}

const top: Place = { path: [], narrowed: [], coordinate: "" };

function* fieldsOf(
  from: Document,
  set: SelectionSetNode,
  type: GraphQLNamedType,
  place: Place = top,
): Generator<Selected> {
  for (const node of set.selections) {
    if (node.kind === Kind.FIELD) {
      yield* fieldWithin(from, node, type, place);
      continue;
    }
    const inner = node.kind === Kind.INLINE_FRAGMENT ? node : fragmentOf(from, node.name.value);
    if (inner === undefined) continue;
    const condition = inner.typeCondition?.name.value;
    const narrower = (condition === undefined ? undefined : from.schema.getType(condition)) ?? type;
    yield* fieldsOf(from, inner.selectionSet, narrower, narrow(place, type, narrower));
  }
}

function* fieldWithin(from: Document, node: FieldNode, type: GraphQLNamedType, place: Place): Generator<Selected> {
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
  const path = [...place.path, (node.alias ?? node.name).value];
  const coordinate = `${type.name}.${node.name.value}`;
  const { audits } = fieldExtensions(field);
  yield { node, path, reads: [...place.narrowed, ...(audits === undefined ? [] : [{ code: audits, coordinate }])] };
  if (node.selectionSet === undefined || field === undefined) return;
  yield* fieldsOf(from, node.selectionSet, getNamedType(field.type), { path, narrowed: [], coordinate });
}

function narrow(place: Place, type: GraphQLNamedType, narrower: GraphQLNamedType): Place {
  if (!isAbstractType(type) || !isObjectType(narrower)) return place;
  const { audits } = fieldExtensions(narrower);
  return audits === undefined ? place : { ...place, narrowed: [{ code: audits, coordinate: place.coordinate }] };
}

function fragmentOf({ document }: Document, name: string): FragmentDefinitionNode | undefined {
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION && node.name.value === name) return node;
  }
  return undefined;
}
