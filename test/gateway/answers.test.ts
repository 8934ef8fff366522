/** In charge of what an answer may tell: statuses, masking, and what a mutation leaves behind when something went wrong. */
import { describe, expect, it } from "vitest";
import { GatewayError } from "../../src/errors.js";
import { createTestGateway, graphqlRequest } from "../support/gateway.js";
import { type DiaryFaults, keepDiary, toySchema } from "../support/toy-schema.js";

function open(faults: DiaryFaults = {}, isProduction = false) {
  const diary = keepDiary(faults);
  const test = createTestGateway({
    schema: toySchema,
    sessions: diary.sessions,
    providerRows: async () => [],
    isProduction,
  });
  return { diary, test, ask: test.as(null), askForJson: test.as(null, { accept: "application/json" }) };
}

describe("an answer", () => {
  it("masks what nobody foresaw, and logs it once with the request id", async () => {
    const { test } = open();
    const { status, body } = await test.as(null, { "x-request-id": "abc-1" }).query("{ caller crash }");
    expect(status).toBe(200);
    expect(body.errors).toEqual([
      {
        message: "Internal server error.",
        path: ["crash"],
        locations: expect.any(Array),
        extensions: { code: "INTERNAL_SERVER_ERROR", requestId: "abc-1" },
      },
    ]);
    expect(test.logged).toEqual([
      {
        event: "error_masked",
        requestId: "abc-1",
        error: expect.objectContaining({ message: expect.stringContaining("hunter2") }),
      },
    ]);
  });

  it("masks a GraphQLError of a resolver like any other", async () => {
    const { body } = await open().ask.query("{ crashAsGraphQL }");
    expect(JSON.stringify(body)).not.toMatch(/hunter2|SECRET/);
  });

  it("shows an error of ours with its code and what it requires, and keeps the siblings' data", async () => {
    const { status, body } = await open().ask.query("{ thing { name } forbidden }");
    expect(status).toBe(200);
    expect(body.data).toEqual({ thing: { name: "outer" }, forbidden: null });
    expect(body.errors[0]).toMatchObject({
      path: ["forbidden"],
      extensions: { code: "FORBIDDEN", requires: "things.read" },
    });
    expect(body.errors[0].extensions.http).toBeUndefined();
  });

  it("answers 401 with a challenge whenever a field asks for a credential", async () => {
    const { status, headers } = await open().askForJson.query("{ caller signIn }");
    expect([status, headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
  });

  it.each([
    ["a syntax error", "{", {}, "GRAPHQL_PARSE_FAILED"],
    ["an unknown field", "{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"],
    ["a variable of the wrong type", "query($n: Int!) { caller(count: $n) }", { n: "x" }, "BAD_USER_INPUT"],
  ])("tells %s by its code: 400, and 200 to who asks for plain JSON", async (_name, query, variables, code) => {
    const { ask, askForJson } = open();
    const answer = await ask.query(query, variables);
    expect([answer.status, answer.body.errors[0].extensions.code]).toEqual([400, code]);
    expect((await askForJson.query(query, variables)).status).toBe(200);
  });

  it("tells a null argument from a fault of the gateway", async () => {
    const { body } = await open().ask.query("query($n: Int = 1) { caller(count: $n) }", { n: null });
    expect(body.errors[0].extensions.code).toBe("BAD_USER_INPUT");
  });

  it("rejects an operation name that the document lacks", async () => {
    const { test } = open();
    const { status, body } = await test.send(graphqlRequest({ query: "query A { caller }", operationName: "B" }));
    expect([status, body.errors[0].extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
  });

  it("hides introspection and suggestions in production, shows them in development", async () => {
    const introspection = "{ __schema { types { name } } }";
    expect((await open().ask.query(introspection)).status).toBe(200);
    expect((await open().ask.query("{ callr }")).body.errors[0].message).toContain("Did you mean");
    const { ask } = open({}, true);
    expect((await ask.query(introspection)).status).toBe(400);
    expect((await ask.query("{ callr }")).body.errors[0].message).toBe('Cannot query field "callr" on type "Query".');
  });

  it("carries the request id it was sent, and makes one where that is no plain word", async () => {
    const { test } = open();
    expect((await test.as(null, { "x-request-id": "abc-1" }).query("{ caller }")).headers.get("x-request-id")).toBe(
      "abc-1",
    );
    expect((await test.as(null, { "x-request-id": "a b\tc" }).query("{ caller }")).headers.get("x-request-id")).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});

describe("a session", () => {
  it("is opened for reading by a query and given back once", async () => {
    const { diary, ask } = open();
    await ask.query("{ many crash }");
    expect(diary.entries).toEqual(["run", "commit"]);
    expect(diary.opened[0]?.options).toMatchObject({ mode: "read", isSingleStatement: false, changesAuthority: false });
  });

  it.each([
    ["{ one }", true],
    ["{ one __typename }", true],
    ["{ ...a } fragment a on Query { one }", true],
    ["{ one two: one }", false],
    ["{ one many }", false],
    ["{ many }", false],
    ["{ ...a ...a } fragment a on Query { one }", false],
  ])("knows of %s whether it is a single statement: %s", async (query, isSingleStatement) => {
    const { diary, ask } = open();
    await ask.query(query);
    expect(diary.opened[0]?.options.isSingleStatement).toBe(isSingleStatement);
  });

  it.each([
    ["mutation { write }", false],
    ["mutation { write grant }", true],
    ["mutation { ... on Mutation { write ... { grant } } }", true],
    ["mutation($no: Boolean = false) { write grant @include(if: $no) }", true],
  ])("knows of %s whether it changes authority: %s", async (query, changesAuthority) => {
    const { diary, ask } = open();
    await ask.query(query);
    expect(diary.opened[0]?.options).toMatchObject({ mode: "write", changesAuthority, isSingleStatement: false });
  });

  it("commits a mutation without errors", async () => {
    const { diary, ask } = open();
    expect((await ask.query("mutation { a: write b: write }")).body).toEqual({ data: { a: "0", b: "0" } });
    expect(diary.entries).toEqual(["run", "run", "commit"]);
  });

  it("rolls a mutation back when any of its fields failed, and answers without data", async () => {
    const { diary, ask } = open();
    const { status, body } = await ask.query("mutation { write fail }");
    expect([status, body.data, body.errors[0].extensions.code]).toEqual([409, null, "CONFLICT"]);
    expect(diary.entries).toEqual(["run", "rollback"]);
  });

  it("answers with the error and without data when the commit fails", async () => {
    const lost = new GatewayError("UNAVAILABLE", "The database is not available.", {
      extensions: { outcome: "unknown" },
    });
    const { body, status } = await open({ commit: lost }).ask.query("mutation { write }");
    expect([status, body]).toEqual([
      503,
      { data: null, errors: [{ message: lost.message, extensions: { code: "UNAVAILABLE", outcome: "unknown" } }] },
    ]);
  });

  it.each(["{ one many }", "mutation { write }"])(
    "that can't be opened answers %s with one error and 403, as plain JSON too",
    async (query) => {
      const refusal = new GatewayError("FORBIDDEN", "The tenant is not available.", { reason: 52108 });
      const { ask, askForJson } = open({ refusal });
      for (const { status, body } of [await ask.query(query), await askForJson.query(query)]) {
        expect([status, body]).toEqual([
          403,
          { errors: [{ message: refusal.message, extensions: { code: "FORBIDDEN", reason: 52108 } }] },
        ]);
      }
    },
  );

  it("is not opened for an operation that is not valid", async () => {
    const { diary, ask } = open();
    await ask.query("{ nothing }");
    await ask.query("{");
    expect(diary.opened).toEqual([]);
  });

  it.each(["{ many }", "mutation { write }"])(
    "of %s is rolled back once when the client hangs up, and never committed",
    async (query) => {
      let hangUp = () => {};
      const { diary, test } = open({ beforeRun: async () => hangUp() });
      const controller = new AbortController();
      hangUp = () => controller.abort();
      const request = new Request(graphqlRequest({ query }), { signal: controller.signal });
      await test.send(request).catch(() => null);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(diary.entries).toEqual(["rollback"]);
    },
  );
});
