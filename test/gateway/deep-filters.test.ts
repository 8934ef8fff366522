/** Filters as deep as a body allows: refused before Postgres hears of them. */
import { expect, it } from "vitest";
import { useWorld } from "../support/world.js";

const world = useWorld();

function bodyWith(depth: number): string {
  const query = JSON.stringify("query ($filter: TodoFilter) { todos(filter: $filter) { totalCount } }");
  const filter = `${'{"not":'.repeat(depth)}{"done":{"eq":true}}${"}".repeat(depth)}`;
  return `{"query":${query},"variables":{"filter":${filter}}}`;
}

it.each([100, 1_000, 30_000])("rejects a filter %i levels deep, and spends no statement on it", async (depth) => {
  world.takeStatements();
  const { status, body } = await world.send("bob", bodyWith(depth));
  expect([status, body.errors[0].extensions.code]).toEqual([
    400,
    expect.stringMatching(/^(BAD_USER_INPUT|GRAPHQL_VALIDATION_FAILED)$/),
  ]);
  expect(world.takeStatements()).toEqual([]);
});

it("allows one 90 levels deep", async () => {
  const { body } = await world.send("bob", bodyWith(90));
  expect(body).toEqual({ data: { todos: { totalCount: 0 } } });
});
