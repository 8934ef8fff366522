/** Default deny: whatever is left open stops the schema, with the coordinate and the mend. */
import SchemaBuilder from "@pothos/core";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import { describe, expect, it } from "vitest";
import { defaultDeny } from "../../src/builder/default-deny.js";
import { StartupError } from "../../src/errors.js";

function newBuilder() {
  const builder = new SchemaBuilder<{ AuthScopes: { public: boolean; row: boolean } }>({
    plugins: [defaultDeny, ScopeAuthPlugin],
    scopeAuth: { authScopes: () => ({ public: true, row: true }) },
  });
  builder.queryType({});
  return builder;
}

type Builder = ReturnType<typeof newBuilder>;

function refusalOf(arrange: (builder: Builder) => void, options = {}): StartupError {
  const builder = newBuilder();
  arrange(builder);
  try {
    builder.toSchema(options);
  } catch (error) {
    if (error instanceof StartupError) return error;
    throw error;
  }
  throw new TypeError("The schema was built.");
}

function hello(options: object): (builder: Builder) => void {
  return (builder) => builder.queryField("hello", (t) => t.string({ resolve: () => "hi", ...options }));
}

describe("a schema whose fields all declare a scope", () => {
  it("allows the build", () => {
    const builder = newBuilder();
    hello({ authScopes: { public: true } })(builder);
    expect(builder.toSchema().getQueryType()?.getFields()["hello"]).toBeDefined();
  });
});

describe("a field of Query", () => {
  const refused: readonly (readonly [string, object, string])[] = [
    ["declares nothing", {}, "Query.hello declares no field scope."],
    ["declares an empty map", { authScopes: {} }, "Query.hello declares no field scope."],
    ["asks for an empty $all", { authScopes: { $all: {} } }, 'Query.hello asks for the unknown field scope "$all".'],
    [
      "asks for $any",
      { authScopes: { $any: { public: true } } },
      'Query.hello asks for the unknown field scope "$any".',
    ],
    [
      "asks for a scope nobody registered",
      { authScopes: { admin: true } },
      'Query.hello asks for the unknown field scope "admin".',
    ],
    [
      "asks with false",
      { authScopes: { row: false } },
      'Query.hello asks for "row" with false, which asks for nothing.',
    ],
    [
      "asks with undefined",
      { authScopes: { row: undefined } },
      'Query.hello asks for "row" with undefined, which asks for nothing.',
    ],
    [
      "hides its scopes in a function",
      { authScopes: () => true },
      "Query.hello decides its scopes in a function, which nobody can read off the schema.",
    ],
    [
      "skips the scopes of its type",
      { authScopes: { public: true }, skipTypeScopes: true },
      "Query.hello skips the scopes of its type.",
    ],
    [
      "waits for a grant nobody gives",
      { authScopes: { $granted: "note" } },
      "Query.hello waits for a grant that Query never gives.",
    ],
  ];
  it.each(refused)("denies the build when it %s", (_what, options, message) => {
    expect(refusalOf(hello(options)).message).toBe(message);
  });

  it("tells the mend", () => {
    expect(refusalOf(hello({})).mend).toContain("{ public: true }");
  });
});

describe("a field elsewhere", () => {
  it("denies the build on an object type", () => {
    const open = (builder: Builder) => {
      const Thing = builder
        .objectRef<object>("Thing")
        .implement({ fields: (t) => ({ id: t.id({ resolve: () => "1" }) }) });
      builder.queryField("thing", (t) => t.field({ type: Thing, authScopes: { public: true }, resolve: () => ({}) }));
    };
    expect(refusalOf(open).message).toBe("Thing.id declares no field scope.");
  });

  it("denies the build on an interface", () => {
    const open = (builder: Builder) => {
      hello({ authScopes: { public: true } })(builder);
      builder.interfaceRef<object>("Node").implement({ fields: (t) => ({ id: t.id({ resolve: () => "1" }) }) });
    };
    expect(refusalOf(open).message).toBe("Node.id declares no field scope.");
  });

  it("denies the build on Mutation", () => {
    const open = (builder: Builder) => {
      hello({ authScopes: { public: true } })(builder);
      builder.mutationType({ fields: (t) => ({ go: t.boolean({ resolve: () => true }) }) });
    };
    expect(refusalOf(open).message).toBe("Mutation.go declares no field scope.");
  });

  it("denies a build with the scopes switched off", () => {
    const refusal = refusalOf(hello({ authScopes: { public: true } }), { disableScopeAuth: true });
    expect(refusal.message).toBe("The schema is built with disableScopeAuth.");
  });
});
