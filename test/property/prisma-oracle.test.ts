/** Prisma as an oracle of reading: the same question, the same caller, the same rows, whatever one statement is made of it. */
import { describe, expect, it } from "vitest";
import type { Resource } from "../../src/protect/resource.js";
import { callers, plain, type Row, type Table, usePrismaOracle } from "./ask-prisma.js";
import { diceOf, drawQuestion, keyField, type Question, toGraphQL, toPrisma } from "./prisma-queries.js";
import { createRandom } from "./random.js";

const oracle = usePrismaOracle();

/** What GraphQL answered, without its ways of spelling. */
function fromGraphQL({ columns, ones, lists }: Question, node: Row): Row {
  return {
    id: uuidIn(node["id"]),
    ...Object.fromEntries(
      columns.map(({ name, type }) => [name, plain(type, name === "id" ? uuidIn(node[name]) : node[name])]),
    ),
    ...Object.fromEntries(
      ones.map(({ link, columns: of }) => {
        const found = node[link.name] as Row | null;
        return [
          link.name,
          found && {
            id: uuidIn(found["id"]),
            ...Object.fromEntries(
              of.map(({ name, type }) => [name, plain(type, name === "id" ? uuidIn(found[name]) : found[name])]),
            ),
          },
        ];
      }),
    ),
    ...Object.fromEntries(
      lists.map(({ link, question }) => [
        link.name,
        (node[link.name] as { nodes: Row[] }).nodes.map((one) => fromGraphQL(question, one)),
      ]),
    ),
  };
}

/** What Prisma answered, in the same spelling; `others` finds what a row belongs to. */
function fromPrisma({ resource, columns, ones, lists }: Question, row: Row, others: Others): Row {
  return {
    id: row["id"],
    ...Object.fromEntries(columns.map(({ name, type }) => [name, plain(type, row[name])])),
    ...Object.fromEntries(
      ones.map(({ link, resource: other, columns: of }) => {
        const found = others(other, row[keyField(resource, link)]);
        return [
          link.name,
          found && {
            id: found["id"],
            ...Object.fromEntries(of.map(({ name, type }) => [name, plain(type, found[name])])),
          },
        ];
      }),
    ),
    ...Object.fromEntries(
      lists.map(({ link, question }) => [
        link.name,
        (row[link.name] as Row[]).map((one) => fromPrisma(question, one, others)),
      ]),
    ),
  };
}

type Others = (resource: Resource, id: unknown) => Row | null;

function uuidIn(id: unknown): string {
  return String(id).replace(/^\w+:/, "");
}

/** Everything a question can refer to, as Prisma reads it for the caller. */
async function readOthers(table: (resource: Resource) => Table, question: Question): Promise<Others> {
  const wanted = new Map<Resource, Set<string>>();
  const collect = ({ ones, lists }: Question): void => {
    for (const { resource, columns } of ones) {
      const names = wanted.get(resource) ?? new Set(["id"]);
      for (const { name } of columns) names.add(name);
      wanted.set(resource, names);
    }
    for (const list of lists) collect(list.question);
  };
  collect(question);
  const found = new Map<string, Row>();
  for (const [resource, names] of wanted) {
    const select = Object.fromEntries([...names].map((name) => [name, true]));
    for (const row of await table(resource).findMany({ select })) found.set(`${resource.name} ${row["id"]}`, row);
  }
  return (resource, id) => found.get(`${resource.name} ${id}`) ?? null;
}

describe("a random question", () => {
  it.each([1, 2, 3])(
    "reads from GraphQL the rows that Prisma finds, in the same order, page by page (seed %i)",
    { timeout: 120_000 },
    async (seed) => {
      const dice = diceOf(createRandom(seed));
      let rows = 0;
      for (let turn = 0; turn < 40; turn += 1) {
        const question = drawQuestion(oracle.resources, {
          dice,
          known: oracle.known,
          resource: dice.one(oracle.asked),
        });
        const who = dice.one(callers);
        const { plural } = question.resource;
        const read = async (after?: string) => {
          const { status, body } = await oracle.world.as(who, `{ ${toGraphQL(question, plural, after)} }`);
          expect({ status, errors: body.errors }, toGraphQL(question, plural)).toEqual({
            status: 200,
            errors: undefined,
          });
          return body.data[plural];
        };
        const page = await read();
        const next = page.nodes.length > 0 ? await read(page.pageInfo.endCursor) : { nodes: [] };
        const [count, found] = await oracle.as(who, async (table) => {
          const { take, ...query } = toPrisma(question);
          const others = await readOthers(table, question);
          const both = await table(question.resource).findMany({ ...query, take: 2 * take });
          const counted = await table(question.resource).count("where" in query ? { where: query["where"] } : {});
          return [counted, both.map((row) => fromPrisma(question, row, others))] as const;
        });
        const told = [...page.nodes, ...next.nodes].map((node: Row) => fromGraphQL(question, node));
        expect(told, `${who}: ${toGraphQL(question, plural)}`).toEqual(found);
        expect(page.totalCount, `${who}: ${toGraphQL(question, plural)}`).toBe(count);
        rows += told.length;
      }
      expect(rows).toBeGreaterThan(50);
    },
  );
});
