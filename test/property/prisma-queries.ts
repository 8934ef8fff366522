/** In charge of questions that can be put twice: to GraphQL as a query, and to Prisma as `findMany`. */
import { type EnumName, enums, type ModelName, models } from "../../src/generated/datamodel.js";
import { type Column, idColumn, type Link, type Resource } from "../../src/protect/resource.js";
import { behind, type Resources } from "../../src/protect/resources.js";
import { isComparable } from "../../src/protect/type/filter-input.js";

/** What a value is compared with, in both spellings. */
export interface Comparison {
  readonly column: Column;
  readonly operator: Operator;
  readonly value: unknown;
}

/** Conditions of which all, or one, or none must hold. */
export interface Combination {
  readonly how: "and" | "or" | "not";
  readonly of: readonly Condition[];
}

/** A filter. */
export type Condition = Comparison | Combination;

/** A page of a resource's rows, with what is asked of each. */
export interface Question {
  readonly resource: Resource;
  readonly columns: readonly Column[];
  readonly ones: readonly { readonly link: Link; readonly resource: Resource; readonly columns: readonly Column[] }[];
  readonly lists: readonly { readonly link: Link; readonly question: Question }[];
  readonly filter: Condition | null;
  readonly order: readonly { readonly column: Column; readonly direction: "asc" | "desc" }[];
  readonly first: number;
}

const operators = {
  eq: "equals",
  in: "",
  ne: "not",
  gt: "gt",
  gte: "gte",
  lt: "lt",
  lte: "lte",
  contains: "contains",
  startsWith: "startsWith",
  isNull: "",
} as const;
type Operator = keyof typeof operators;

/** Values that are there, by model and field: what is compared with is among them. */
export type Known = (model: ModelName, field: string) => readonly unknown[];

// What tables without rows are asked for.
const nobody = "00000000-0000-4000-8000-00000000dead";

/** Draws a question. */
export function drawQuestion(
  resources: Resources,
  {
    dice,
    known,
    depth = 0,
    resource,
  }: { readonly dice: Dice; readonly known: Known; readonly depth?: number; readonly resource: Resource },
): Question {
  const columns = openColumns(resource);
  const links = [...resource.links.values()];
  return {
    resource,
    columns: dice.some(columns),
    ones: dice.few(links.filter(({ isList }) => !isList)).flatMap((link) => {
      const other = behind(resources, link.model);
      return other ? [{ link, resource: other, columns: dice.some(openColumns(other)) }] : [];
    }),
    lists: (depth > 0 ? [] : dice.few(links.filter(({ isList }) => isList))).flatMap((link) => {
      const other = resources.get(link.model);
      return other
        ? [{ link, question: drawQuestion(resources, { dice, known, depth: depth + 1, resource: other }) }]
        : [];
    }),
    filter: dice.chance(0.7) ? drawCondition(resource, { dice, known }, 2) : null,
    order: dice
      .few(columns.filter(isComparable))
      .map((column) => ({ column, direction: dice.chance(0.5) ? "asc" : "desc" })),
    first: dice.below(8) + 1,
  };
}

// What a rule hides, Prisma shows: it knows rows only.
function openColumns({ columns }: Resource): readonly Column[] {
  return [...columns.values()].filter(({ rule, type }) => rule.read === null && type !== "Json");
}

type Draw = { readonly dice: Dice; readonly known: Known };

function drawCondition(resource: Resource, draw: Draw, depth: number): Condition {
  const { dice } = draw;
  if (depth > 0 && dice.chance(0.4)) {
    const how = dice.one(["and", "or", "not"] as const);
    const count = how === "not" ? 1 : 1 + dice.below(3);
    return { how, of: Array.from({ length: count }, () => drawCondition(resource, draw, depth - 1)) };
  }
  return drawComparison(resource, draw);
}

// Compared with a value, what is empty is neither equal nor unequal to Prisma: it is asked whether it is empty alone.
function drawComparison(resource: Resource, { dice, known }: Draw): Comparison {
  const column = dice.one(openColumns(resource).filter(isComparable));
  if (!column.isRequired) return { column, operator: "isNull", value: dice.chance(0.5) };
  const values = known(resource.name, column.name).filter((value) => !/[%_\\]/.test(String(value)));
  const { id } = Object.fromEntries(resource.columns);
  if (values.length === 0) return { column: id ?? column, operator: "eq", value: nobody };
  const value = dice.one(values);
  const operator = dice.one(operatorsOf(column));
  if (operator === "in") return { column, operator, value: [value, dice.one(values)] };
  if (operator === "contains") return { column, operator, value: String(value).slice(1, 4) };
  if (operator === "startsWith") return { column, operator, value: String(value).slice(0, 2) };
  return { column, operator, value };
}

function operatorsOf({ type, isEnum, isId }: Column): readonly Operator[] {
  const equality = ["eq", "ne", "in"] as const;
  if (isId || isEnum || type === "Boolean") return equality;
  const ordered = [...equality, "gt", "gte", "lt", "lte"] as const;
  return type === "String" ? [...ordered, "contains", "startsWith"] : ordered;
}

/** The question as a GraphQL field. */
export function toGraphQL(question: Question, name: string, after?: string): string {
  const { filter, order, first } = question;
  const args = [
    `first: ${first}`,
    ...(after === undefined ? [] : [`after: ${JSON.stringify(after)}`]),
    ...(filter ? [`filter: ${filterText(question.resource, filter)}`] : []),
    ...(order.length > 0
      ? [
          `orderBy: [${order.map(({ column, direction }) => `{ ${column.name}: ${direction.toUpperCase()} }`).join(", ")}]`,
        ]
      : []),
  ];
  return `${name}(${args.join(", ")}) { totalCount pageInfo { endCursor } nodes { ${selection(question)} } }`;
}

function selection({ columns, ones, lists }: Question): string {
  return [
    "id",
    ...columns.map(({ name }) => name),
    ...ones.map(({ link, columns: of }) => `${link.name} { id ${of.map(({ name }) => name).join(" ")} }`),
    ...lists.map(({ link, question }) => toGraphQL(question, link.name)),
  ].join(" ");
}

/** A filter as GraphQL has it. */
export function filterText(resource: Resource, condition: Condition): string {
  if ("how" in condition) {
    const all = condition.of.map((one) => filterText(resource, one));
    return condition.how === "not" ? `{ not: ${all.join()} }` : `{ ${condition.how}: [${all.join(", ")}] }`;
  }
  const { column, operator, value } = condition;
  const text = Array.isArray(value)
    ? `[${value.map((one) => literal(resource, column, one)).join(", ")}]`
    : literal(resource, column, value);
  return `{ ${column.name}: { ${operator}: ${text} } }`;
}

function literal({ name }: Resource, column: Column, value: unknown): string {
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (value instanceof Date) return JSON.stringify(value.toISOString());
  if (column.isEnum) return String(value).toUpperCase();
  return JSON.stringify(column.name === "id" ? `${name}:${value}` : String(value));
}

type Json = Readonly<Record<string, unknown>>;

/** The question as Prisma's `findMany` takes it; what a row belongs to is asked by its id, beside. */
export function toPrisma(question: Question): { readonly [part: string]: unknown; readonly take: number } {
  const { resource, columns, ones, lists, filter } = question;
  return {
    ...(filter ? { where: whereOf(filter) } : {}),
    orderBy: orderOf(question),
    take: question.first,
    select: {
      id: true,
      ...Object.fromEntries(columns.map(({ name }) => [name, true])),
      ...Object.fromEntries(ones.map(({ link }) => [keyField(resource, link), true])),
      ...Object.fromEntries(lists.map((list) => [list.link.name, toPrisma(list.question)])),
    },
  };
}

/** The field with the id of the row that a row belongs to. */
export function keyField({ name }: Resource, link: Link): string {
  const column = idColumn(link);
  const found = Object.entries(models[name].fields).find(([, field]) => field.column === column);
  if (found === undefined) throw new TypeError(`${name} has no column ${column}.`);
  return found[0];
}

function whereOf(condition: Condition): Json {
  if ("how" in condition) return { [condition.how.toUpperCase()]: condition.of.map(whereOf) };
  const { column, operator, value } = condition;
  if (operator === "isNull") return { [column.name]: value === true ? { equals: null } : { not: null } };
  // Of booleans Prisma has no `in`.
  if (Array.isArray(value))
    return { OR: value.map((one) => ({ [column.name]: { equals: prismaValue(column, one) } })) };
  return { [column.name]: { [operators[operator]]: prismaValue(column, value) } };
}

function prismaValue(column: Column, value: unknown): unknown {
  if (!column.isEnum) return value;
  return Object.entries<string>(enums[column.type as EnumName].values).find(([, spelling]) => spelling === value)?.[0];
}

function orderOf({ resource, order }: Question): readonly Json[] {
  const wanted =
    order.length > 0
      ? order
      : resource.columns.has("createdAt")
        ? [{ column: { name: "createdAt" }, direction: "desc" }]
        : [];
  const last = wanted.at(-1)?.direction ?? "asc";
  const named = wanted.map(({ column, direction }) => ({ [column.name]: direction }));
  return wanted.some(({ column }) => column.name === "id") ? named : [...named, { id: last }];
}

/** Numbers that look random. */
export interface Dice {
  below(limit: number): number;
  chance(of: number): boolean;
  one<T>(list: readonly T[]): T;
  /** At least one of them. */
  some<T>(list: readonly T[]): readonly T[];
  /** At most two of them. */
  few<T>(list: readonly T[]): readonly T[];
}

/** Dice over a generator of numbers from 0 up to 1. */
export function diceOf(random: () => number): Dice {
  const below = (limit: number) => Math.floor(random() * limit);
  const one = <T>(list: readonly T[]): T => {
    const [found] = list.slice(below(list.length));
    if (found === undefined) throw new TypeError("There is nothing to draw from.");
    return found;
  };
  const take = <T>(list: readonly T[], count: number): readonly T[] => {
    const left = [...list];
    return Array.from({ length: Math.min(count, list.length) }, () => left.splice(below(left.length), 1)).flat();
  };
  return {
    below,
    chance: (of) => random() < of,
    one,
    some: (list) => take(list, 1 + below(list.length)),
    few: (list) => take(list, below(3)),
  };
}
