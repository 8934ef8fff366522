/** In charge of how large an operation may be, judged on the parsed document, before it is validated or executed. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from "graphql";
import { GatewayError } from "../errors.js";

/**
 * The limits. Fields and depth are counted with every fragment written out. Validation compares the fields of a level in
 * pairs: with 500 of them the worst documents that were tried took it 23 ms, with 1,000 it was 76. A name stands in the
 * answer once for every row, and again in the path of every error.
 */
export const documentLimits = {
  characters: 32_768,
  tokens: 2_000,
  name: 100,
  depth: 20,
  fields: 500,
  rootFields: 50,
  aliases: 100,
  directives: 50,
} as const;

interface Size {
  readonly depth: number;
  readonly fields: number;
  readonly aliases: number;
  readonly directives: number;
  /** The length of the longest alias. */
  readonly name: number;
}

/**
 * Refuses a document with an operation beyond the limits. Each fragment is measured once however often it is spread,
 * so a document that would unfold to millions of fields costs no more than its own length.
 * @throws GatewayError GRAPHQL_VALIDATION_FAILED
 */
export function checkDocumentLimits(document: DocumentNode): void {
  const measure = measurer(document);
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) checkOperation(definition, measure);
    // A fragment that nothing spreads is validated all the same.
    if (definition.kind === Kind.FRAGMENT_DEFINITION) checkSize(measure.selectionSet(definition.selectionSet));
  }
}

function checkOperation(operation: OperationDefinitionNode, measure: Measurer): void {
  refuseAbove("name", operation.name?.value.length ?? 0, "characters in a name");
  checkSize(measure.selectionSet(operation.selectionSet));
  refuseAbove("rootFields", measure.rootFields(operation.selectionSet), "root fields");
}

function checkSize(size: Size): void {
  refuseAbove("depth", size.depth, "levels");
  refuseAbove("fields", size.fields, "fields");
  refuseAbove("aliases", size.aliases, "aliases");
  refuseAbove("directives", size.directives, "directives");
  refuseAbove("name", size.name, "characters in a name");
}

/** Refuses what was counted, where it is more than the limit. */
export function refuseAbove(name: keyof typeof documentLimits, found: number, noun: string): void {
  const limit = documentLimits[name];
  if (found > limit)
    throw new GatewayError("GRAPHQL_VALIDATION_FAILED", `An operation may have at most ${limit} ${noun}.`, {
      reason: "TOO_LARGE",
    });
}

interface Measurer {
  selectionSet(set: SelectionSetNode): Size;
  rootFields(set: SelectionSetNode): number;
}

const nothing: Size = { depth: 0, fields: 0, aliases: 0, directives: 0, name: 0 };

function measurer(document: DocumentNode): Measurer {
  const fragments = new Map(document.definitions.filter(isFragment).map((fragment) => [fragment.name.value, fragment]));
  const sizes = perFragment(fragments, nothing, (set) => sizeOf(set));
  const roots = perFragment(fragments, 0, (set) => rootsOf(set));

  const sizeOf = (set: SelectionSetNode): Size =>
    set.selections.reduce<Size>((sum, node) => add(sum, sizeOfNode(node)), nothing);
  const sizeOfNode = (node: SelectionSetNode["selections"][number]): Size => {
    const directives = node.directives?.length ?? 0;
    if (node.kind === Kind.FRAGMENT_SPREAD) return add(sizes(node.name.value), { ...nothing, directives });
    const inner = node.selectionSet === undefined ? nothing : sizeOf(node.selectionSet);
    if (node.kind === Kind.INLINE_FRAGMENT) return add(inner, { ...nothing, directives });
    const own = { depth: 0, fields: 1, aliases: node.alias === undefined ? 0 : 1, directives };
    return { ...add(inner, { ...own, name: node.alias?.value.length ?? 0 }), depth: inner.depth + 1 };
  };
  const rootsOf = (set: SelectionSetNode): number =>
    set.selections.reduce((sum, node) => {
      if (node.kind === Kind.FIELD) return sum + 1;
      return sum + (node.kind === Kind.FRAGMENT_SPREAD ? roots(node.name.value) : rootsOf(node.selectionSet));
    }, 0);
  return { selectionSet: sizeOf, rootFields: rootsOf };
}

// A fragment that spreads itself counts as nothing here; validation refuses it by name.
function perFragment<Value>(
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  start: Value,
  measure: (set: SelectionSetNode) => Value,
) {
  const known = new Map<string, Value>();
  return (name: string): Value => {
    const fragment = fragments.get(name);
    const value = known.get(name);
    if (value !== undefined || fragment === undefined) return value ?? start;
    known.set(name, start);
    const measured = measure(fragment.selectionSet);
    known.set(name, measured);
    return measured;
  };
}

function add(a: Size, b: Size): Size {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
    directives: a.directives + b.directives,
    name: Math.max(a.name, b.name),
  };
}

function isFragment(node: DocumentNode["definitions"][number]): node is FragmentDefinitionNode {
  return node.kind === Kind.FRAGMENT_DEFINITION;
}
