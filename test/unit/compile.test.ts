/** The compiler: one selection, one statement, the same text for the same shape. */
import { execute, parse } from "graphql";
import { describe, expect, it } from "vitest";
import type { Context } from "../../src/builder/context.js";
import { followNothing } from "../../src/builder/follow.js";
import type { Session, Statement } from "../../src/database/session.js";
import { schema } from "../../src/schema/index.js";

async function statementsOf(query: string, variableValues: Readonly<Record<string, unknown>> = {}) {
  const statements: Statement[] = [];
  const session = {
    mode: "read",
    run: async (statement: Statement) => {
      statements.push(statement);
      return [];
    },
  } as unknown as Session;
  const caller = { kind: "token", issuer: "i", subject: "s", tenant: null, actAs: null, expiresAt: 0 } as const;
  const explainToken = () => Promise.reject(new TypeError("There is no token."));
  const request = { ip: null, userAgent: null };
  const contextValue: Context = { caller, session, requestId: "test", request, follow: followNothing, explainToken };
  const { errors } = await execute({ schema, document: parse(query), contextValue, variableValues });
  return { statements, errors };
}

async function oneStatementOf(query: string, variables?: Readonly<Record<string, unknown>>): Promise<Statement> {
  const { statements, errors } = await statementsOf(query, variables);
  expect(errors).toBeUndefined();
  expect(statements).toHaveLength(1);
  return statements[0] ?? { sql: "", parameters: [] };
}

describe("a list with owners", () => {
  it("reads in one statement", async () => {
    expect(
      await oneStatementOf(
        "{ todos(first: 20) { edges { cursor node { id title owner { email } } } pageInfo { hasNextPage } } }",
      ),
    ).toMatchSnapshot();
  });
});

describe("a list in a list", () => {
  it("reads in one statement, each with its own limit", async () => {
    expect(
      await oneStatementOf("{ groups { nodes { name members(first: 3) { totalCount nodes { email } } } } }"),
    ).toMatchSnapshot();
  });
});

describe("a filtered list", () => {
  const query = `query ($text: String!) {
    todos(filter: { done: { eq: false }, title: { contains: $text }, not: { internalNote: { eq: "x" } } }, orderBy: [{ internalNote: ASC }]) { nodes { id } }
  }`;

  it("reads in one statement, with the rule of a field judged before its value is compared", async () => {
    expect(await oneStatementOf(query, { text: "milk" })).toMatchSnapshot();
  });

  it("reads the same text whatever is looked for", async () => {
    const [milk, quotes] = [
      await oneStatementOf(query, { text: "milk" }),
      await oneStatementOf(query, { text: "'; --" }),
    ];
    expect(quotes.sql).toBe(milk.sql);
    expect(quotes.parameters).not.toEqual(milk.parameters);
  });
});

describe("a selection", () => {
  it("reads a field that was asked twice under its alias and its name", async () => {
    const { sql } = await oneStatementOf("{ sales { nodes { campus where: campus } } }");
    expect(sql).toContain(`'campus', "t0"."campus", 'where', "t0"."campus"`);
  });

  it("reads nothing that @skip or @include leaves out", async () => {
    const { sql } = await oneStatementOf(
      "query ($no: Boolean!) { todos { nodes { id title @include(if: $no) done @skip(if: true) } } }",
      { no: false },
    );
    expect(sql).not.toMatch(/"title"|"done"/);
  });

  it("reads what fragments ask, each on its type", async () => {
    const { sql } = await oneStatementOf(
      "{ todos { nodes { ...Parts ... on Node { id } } } } fragment Parts on Todo { title ... { done } }",
    );
    expect(sql).toContain(`'title', "t0"."title", 'done', "t0"."done", 'id', "t0"."id"`);
  });

  it("reads no rows when only their number is asked", async () => {
    const { sql } = await oneStatementOf("{ todos { totalCount } }");
    expect(sql).not.toContain("json_agg");
  });

  it("reads more columns than a function takes arguments", async () => {
    const fields = Array.from({ length: 120 }, (_, index) => `a${index}: title`).join(" ");
    const { sql } = await oneStatementOf(`{ todos { nodes { ${fields} } } }`);
    expect(sql).toContain("jsonb_build_object");
  });
});

describe("what no statement is spent on", () => {
  const rejected: readonly (readonly [string, string, string])[] = [
    ["a page of more than 100 rows", "{ todos(first: 101) { totalCount } }", "A page has 0 to 100 rows."],
    ["a negative page", "{ todos(last: -1) { totalCount } }", "A page has 0 to 100 rows."],
    ["first with last", "{ todos(first: 1, last: 1) { totalCount } }", "A page takes first or last, not both."],
    ["a bad cursor", '{ todos(after: "x") { totalCount } }', "Not a cursor of this list in this order."],
    ["an id that is none", '{ todo(id: "x") { id } }', "Not a global id. Write it as Type:uuid."],
    ["another type's id", '{ todo(id: "Chat:c4a70000-0000-4000-8000-000000000001") { id } }', "Not the id of a Todo."],
    [
      "an id of no type",
      '{ node(id: "Nothing:c4a70000-0000-4000-8000-000000000001") { id } }',
      "Not the id of a known type.",
    ],
    [
      "null in a filter",
      "{ todos(filter: { title: { eq: null } }) { totalCount } }",
      "A filter compares with values. For no value write isNull: true.",
    ],
    [
      "lists in lists in lists",
      "{ scopes(first: 100) { nodes { todos(first: 100) { nodes { scope { todos(first: 100) { totalCount nodes { id } } } } } } } }",
      "Lists in lists ask for more than 25000 rows.",
    ],
    [
      "the same field of many rows under many names",
      `{ scopes(first: 100) { nodes { todos(first: 100) { nodes { ${Array.from({ length: 26 }, (_, index) => `a${index}: title`).join(" ")} } } } } }`,
      "Lists in lists ask for more than 250000 values.",
    ],
    [
      "the checks of functions on many rows",
      "{ groups(first: 100) { nodes { a: access { update delete lock fields { name { write } } } b: access { enable disable lock unlock setType include exclude } } } }",
      "Lists in lists ask for more than 1000 checks.",
    ],
  ];
  it.each(rejected)("rejects %s", async (_what, query, message) => {
    const { statements, errors } = await statementsOf(query);
    expect(errors?.map((error) => [error.message, error.extensions["code"]])).toEqual([[message, "BAD_USER_INPUT"]]);
    expect(statements).toEqual([]);
  });

  it("rejects the checks of functions that several root fields ask together", async () => {
    const page = "groups(first: 90) { nodes { access { update delete enable disable lock } } }";
    const { statements, errors } = await statementsOf(`{ a: ${page} b: ${page} c: ${page} }`);
    expect(errors?.map(({ message, path }) => [message, path])).toEqual([
      ["Lists in lists ask for more than 1000 checks.", ["c"]],
    ]);
    expect(statements).toHaveLength(2);
  });
});
