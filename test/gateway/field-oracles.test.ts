/**
 * In charge of what a hidden value gives away: nothing. Every way to filter, order, count and page by it is asked before
 * and after it changes, and the answers must be equal.
 */

import { isInputObjectType } from "graphql";
import { describe, expect, it } from "vitest";
import { schema } from "../../src/schema/index.js";
import { useWorld, type Who } from "../support/world.js";

const world = useWorld();

const bounds = ["", "A", "The card", "The card is in the blue drawer.", "Zebra", "~"];
/** Every comparison that the schema offers, with every bound, plain and turned round. */
const comparisons = bounds.flatMap((text) =>
  operatorsOf("StringFilter").map((operator) => {
    const value = JSON.stringify(text);
    if (operator === "isNull") return `{ isNull: ${text.length % 2 === 0} }`;
    return `{ ${operator}: ${operator === "in" ? `[${value}, "x"]` : value} }`;
  }),
);
const filters = comparisons.flatMap((comparison) => [
  `{ internalNote: ${comparison} }`,
  `{ not: { internalNote: ${comparison} } }`,
  `{ or: [{ internalNote: ${comparison} }, { title: { eq: "none" } }] }`,
  `{ and: [{ not: { not: { internalNote: ${comparison} } } }, { done: { eq: false } }] }`,
]);

function operatorsOf(name: string): readonly string[] {
  const type = schema.getType(name);
  return isInputObjectType(type) ? Object.keys(type.getFields()) : [];
}

const lists = [
  ...filters.map((filter) => `todos(filter: ${filter})`),
  ...["ASC", "DESC"].flatMap((way) => [
    `todos(orderBy: [{ internalNote: ${way} }])`,
    `todos(orderBy: [{ done: ASC }, { internalNote: ${way} }], first: 1)`,
    `todos(orderBy: [{ internalNote: ${way} }], last: 1)`,
  ]),
];
const body =
  "{ totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id title } } }";
/** Few enough fields for one operation each. */
const queries = Array.from(
  { length: Math.ceil(lists.length / 10) },
  (_, page) =>
    `{ ${lists
      .slice(page * 10, page * 10 + 10)
      .map((list, index) => `l${index}: ${list} ${body}`)
      .join(" ")} }`,
);

async function answersFor(who: Who): Promise<readonly string[]> {
  const answers = await Promise.all(queries.map((query) => world.as(who, query)));
  const { body: first } = await world.as(
    who,
    "{ todos(orderBy: [{ internalNote: ASC }], first: 1) { pageInfo { endCursor } } }",
  );
  const after = await world.as(
    who,
    `query ($after: String) { todos(orderBy: [{ internalNote: ASC }], after: $after) ${body} }`,
    { after: first.data.todos.pageInfo.endCursor },
  );
  return [...answers, after].map((answer) => `${answer.status} ${JSON.stringify(answer.body)}`);
}

const setNotes = (expression: string) =>
  world.database.owner.query(`update public.todos set internal_note = ${expression}`);

const worlds: Readonly<Record<string, string>> = {
  "are as seeded": "internal_note",
  "are all empty": "null",
  "are all alike": "'The card is in the blue drawer.'",
  "are in the order of the titles": "title",
  "are in the opposite order": "translate(lower(title), 'abcdefghijklmnopqrstuvwxyz', 'zyxwvutsrqponmlkjihgfedcba')",
};

describe("a value that a caller may not read", () => {
  const known = new Map<Who, readonly string[]>();

  it("reads of the schema how values can be compared", () => {
    expect(operatorsOf("StringFilter")).toEqual(expect.arrayContaining(["eq", "in", "contains", "isNull"]));
    expect(filters.length).toBeGreaterThan(100);
  });

  for (const [name, expression] of Object.entries(worlds)) {
    it(`hides whether the notes ${name} from readers of the rows`, async () => {
      await setNotes(expression);
      for (const who of ["bob", "jane"] as const) {
        const answers = await answersFor(who);
        expect(answers.filter((answer) => !answer.startsWith("200 ") || answer.includes('"errors"'))).toEqual([]);
        known.set(who, known.get(who) ?? answers);
        expect(answers).toEqual(known.get(who));
      }
    });
  }

  it("reads the difference where the caller may read the notes", async () => {
    await setNotes("null");
    const empty = await answersFor("erin");
    await setNotes("title");
    expect(await answersFor("erin")).not.toEqual(empty);
  });

  it("hides the value from cursors", async () => {
    await setNotes("'the hidden words'");
    const { body: answer } = await world.as("bob", `{ todos(orderBy: [{ internalNote: ASC }]) ${body} }`);
    for (const { cursor } of answer.data.todos.edges)
      expect(Buffer.from(cursor, "base64url").toString()).not.toContain("hidden words");
  });

  it("hides the value where a cursor is made up to compare with it", async () => {
    const { body: made } = await world.as("erin", "{ todos(orderBy: [{ internalNote: ASC }]) { edges { cursor } } }");
    const after = made.data.todos.edges[0].cursor;
    const ask = () =>
      world.as("bob", `query ($after: String) { todos(orderBy: [{ internalNote: ASC }], after: $after) ${body} }`, {
        after,
      });
    await setNotes("'aaa'");
    const before = JSON.stringify((await ask()).body);
    await setNotes("'zzz'");
    expect(JSON.stringify((await ask()).body)).toBe(before);
  });
});
