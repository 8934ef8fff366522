/** In charge of what was asked: the fields of a selection by response key, with fragments spread and @skip and @include obeyed. */
import {
  type FieldNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

/** The parts of an operation that a selection is read with; GraphQLResolveInfo fits. */
export type Operation = Pick<GraphQLResolveInfo, "schema" | "fragments" | "variableValues">;

/** One asked field. */
export interface SelectedField {
  /** The key in the answer: the alias, else the name. */
  readonly key: string;
  readonly definition: GraphQLField<unknown, unknown>;
  readonly args: Readonly<Record<string, unknown>>;
  /** Every place it was asked at: GraphQL merges their selections. */
  readonly nodes: readonly FieldNode[];
}

/** The fields asked of `type` below `nodes`, in order. `__typename` is left out: GraphQL answers it itself. */
export function selectedFields(
  operation: Operation,
  type: GraphQLObjectType,
  nodes: readonly FieldNode[],
): readonly SelectedField[] {
  const found = new Map<string, FieldNode[]>();
  for (const { selectionSet } of nodes) if (selectionSet) collect({ operation, type, found }, selectionSet);
  const fields = type.getFields();
  return [...found].flatMap(([key, [node, ...more]]) => {
    const definition = node && fields[node.name.value];
    if (!node || !definition) return [];
    return [{ key, definition, args: argumentsOf(definition, node, operation), nodes: [node, ...more] }];
  });
}

function argumentsOf(
  definition: SelectedField["definition"],
  node: FieldNode,
  { variableValues }: Operation,
): SelectedField["args"] {
  return definition.args.length === 0 ? {} : getArgumentValues(definition, node, variableValues);
}

interface Collection {
  readonly operation: Operation;
  readonly type: GraphQLObjectType;
  readonly found: Map<string, FieldNode[]>;
}

function collect(into: Collection, { selections }: SelectionSetNode): void {
  for (const selection of selections) {
    if (!isIncluded(into.operation, selection)) continue;
    if (selection.kind === Kind.FIELD) addField(into.found, selection);
    else collectFragment(into, selection);
  }
}

function addField(found: Map<string, FieldNode[]>, node: FieldNode): void {
  const key = node.alias?.value ?? node.name.value;
  found.set(key, [...(found.get(key) ?? []), node]);
}

function collectFragment(into: Collection, selection: Exclude<SelectionNode, FieldNode>): void {
  const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : into.operation.fragments[selection.name.value];
  if (fragment && fits(into, fragment.typeCondition?.name.value)) collect(into, fragment.selectionSet);
}

function fits({ operation: { schema }, type }: Collection, condition: string | undefined): boolean {
  if (condition === undefined || condition === type.name) return true;
  const asked = schema.getType(condition);
  return isAbstractType(asked) && schema.isSubType(asked, type);
}

function isIncluded({ variableValues }: Operation, node: SelectionNode): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, node, variableValues);
  const include = getDirectiveValues(GraphQLIncludeDirective, node, variableValues);
  return skip?.["if"] !== true && include?.["if"] !== false;
}
