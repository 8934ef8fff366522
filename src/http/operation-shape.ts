/** In charge of reading from an operation, before it runs, what kind of session it needs. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { fieldExtensions } from "../builder/field-extensions.js";

/** What a session is opened for. */
export interface OperationShape {
  readonly mode: "read" | "write";
  /** The whole operation is one SQL statement: it needs no BEGIN and no COMMIT. */
  readonly isSingleStatement: boolean;
  /** Some root field of the mutation changes what people may do: the mutation waits for, and keeps out, every other one of the tenant. */
  readonly changesAuthority: boolean;
}

/**
 * The shape of the operation that is about to run; null when the document has no such operation. It is read from the
 * document alone: `@skip` and `@include` count as taken, for a lock can't be made stronger once the operation runs.
 */
export function shapeOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
): OperationShape | null {
  const operation = getOperationAST(document, operationName);
  if (!operation) return null;
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {};
  const names = rootFieldNames(operation, document).filter((name) => !name.startsWith("__"));
  const extensions = names.map((name) => fieldExtensions(fields[name]));
  const isWrite = operation.operation === "mutation";
  return {
    mode: isWrite ? "write" : "read",
    isSingleStatement: !isWrite && extensions.length === 1 && extensions[0]?.isSingleStatement === true,
    changesAuthority: isWrite && extensions.some(({ changesAuthority }) => changesAuthority === true),
  };
}

function rootFieldNames(operation: OperationDefinitionNode, document: DocumentNode): readonly string[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions)
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  const namesIn = (set: SelectionSetNode): readonly string[] =>
    set.selections.flatMap((node) => {
      if (node.kind === Kind.FIELD) return [node.name.value];
      const inner = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value);
      return inner === undefined ? [] : namesIn(inner.selectionSet);
    });
  return namesIn(operation.selectionSet);
}
