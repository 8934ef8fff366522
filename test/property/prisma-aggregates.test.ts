/** Prisma as an oracle of aggregates: the same filter, the same caller, the same count, sums, averages and extremes. */
import { describe, expect, it } from "vitest";
import { type AggregateFunction, aggregateFunctions, aggregateType } from "../../src/protect/read/aggregate.js";
import type { Column } from "../../src/protect/resource.js";
import { callers, plain, type Row, usePrismaOracle } from "./ask-prisma.js";
import { diceOf, drawQuestion, filterText, type Question, toPrisma } from "./prisma-queries.js";
import { createRandom } from "./random.js";

const oracle = usePrismaOracle();

interface Made {
  readonly made: AggregateFunction;
  readonly column: Column;
}

function madeOf({ resource }: Question): readonly Made[] {
  return aggregateFunctions.flatMap((made) =>
    [...resource.columns.values()]
      .filter((column) => aggregateType(made, column) !== null)
      .map((column) => ({ made, column })),
  );
}

// An average has more digits than either gives.
function rounded({ made, column }: Made, value: unknown): unknown {
  const found = plain(column.type, value);
  return made === "avg" && typeof found === "number" ? found.toFixed(6) : found;
}

async function fromGraphQL(who: (typeof callers)[number], question: Question): Promise<Row> {
  const { resource, filter } = question;
  const made = madeOf(question);
  const parts = made.map(({ made: name, column }) => `${name} { ${column.name} }`);
  const args = filter ? `(filter: ${filterText(resource, filter)})` : "";
  const query = `{ ${resource.plural}${args} { aggregates { count ${parts.join(" ")} } } }`;
  const { body } = await oracle.world.as(who, query);
  expect(body.errors, query).toBeUndefined();
  const { aggregates } = body.data[resource.plural];
  return {
    count: aggregates.count,
    ...Object.fromEntries(
      made.map((one) => [`${one.made} ${one.column.name}`, rounded(one, aggregates[one.made][one.column.name])]),
    ),
  };
}

async function fromPrisma(who: (typeof callers)[number], question: Question): Promise<Row> {
  const made = madeOf(question);
  const { where = {} } = toPrisma(question);
  const asked = Object.fromEntries(
    aggregateFunctions.flatMap((name) => {
      const columns = made.filter((one) => one.made === name).map(({ column }) => [column.name, true]);
      return columns.length === 0 ? [] : [[`_${name}`, Object.fromEntries(columns)]];
    }),
  );
  const found = await oracle.as(who, (table) =>
    table(question.resource).aggregate({ where, _count: { _all: true }, ...asked }),
  );
  const valuesOf = (name: string) => found[name] as Readonly<Record<string, unknown>>;
  return {
    count: valuesOf("_count")["_all"],
    ...Object.fromEntries(
      made.map((one) => [`${one.made} ${one.column.name}`, rounded(one, valuesOf(`_${one.made}`)[one.column.name])]),
    ),
  };
}

describe("the aggregates of a random filter", () => {
  it("read from GraphQL as Prisma makes them of the rows that the caller sees", { timeout: 120_000 }, async () => {
    const dice = diceOf(createRandom(5));
    let rows = 0;
    for (let turn = 0; turn < 60; turn += 1) {
      const question = drawQuestion(oracle.resources, { dice, known: oracle.known, resource: dice.one(oracle.asked) });
      const who = dice.one(callers);
      const told = await fromGraphQL(who, question);
      expect(told, `${who}: ${question.resource.plural}`).toEqual(await fromPrisma(who, question));
      rows += Number(told["count"]);
    }
    expect(rows).toBeGreaterThan(200);
  });
});
