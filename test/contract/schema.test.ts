/** The printed contract: schema.graphql says what the gateway answers to. */
import { readFile } from "node:fs/promises";
import { buildSchema, getNamedType, isInputObjectType, isInterfaceType, isObjectType, print } from "graphql";
import { describe, expect, it } from "vitest";
import { models } from "../../src/generated/datamodel.js";
import { schema } from "../../src/schema/index.js";
import { printedSchema } from "../../src/schema/print.js";

it("reads the same as the schema that is built (else: npm run -s portcullis -- schema > schema.graphql)", async () => {
  const written = await readFile(new URL("../../schema.graphql", import.meta.url), "utf8");
  expect(written).toBe(printedSchema());
});

it("reads a description on every type, field and argument", () => {
  const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith("__"));
  const bare = types.flatMap((type) => {
    const fields =
      isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
    const parts = fields.flatMap((field) =>
      [field, ...("args" in field ? field.args : [])].map((part) => [`${type.name}.${part.name}`, part.description]),
    );
    return [[type.name, type.description], ...parts].flatMap(([name, description]) => (description ? [] : [name]));
  });
  expect(bare).toEqual([]);
});

it("hides tenant ids and foreign keys: a relation stands in their place", () => {
  const shown = Object.values(models).flatMap(({ model, fields, relations }) => {
    const type = schema.getType(model);
    const keys = Object.values(relations).flatMap(({ isList, columns }) => (isList ? [] : columns));
    const hidden = Object.entries(fields).filter(
      ([name, { column, isId }]) => name === "tenantId" || (keys.includes(column) && !isId),
    );
    return hidden.flatMap(([name]) => (isObjectType(type) && name in type.getFields() ? [`${model}.${name}`] : []));
  });
  expect(shown).toEqual([]);
});

it("denies null in place of a list: every list is there, if empty", () => {
  const query = schema.getQueryType()?.getFields() ?? {};
  const lists = Object.values(query).filter(({ type }) => getNamedType(type).name.endsWith("Connection"));
  expect(lists.map(({ type }) => String(type).endsWith("!"))).not.toContain(false);
});

describe("the directives of the printed schema", () => {
  const printed = buildSchema(printedSchema());
  const fields = Object.values(printed.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith("__")
      ? Object.values(type.getFields()).map((field) => ({ coordinate: `${type.name}.${field.name}`, field }))
      : [],
  );
  const directed = (name: string) =>
    fields
      .filter(({ field }) => field.astNode?.directives?.some((one) => one.name.value === name))
      .map(({ coordinate }) => coordinate);

  it("say of every root field but the open ones that it needs a credential", () => {
    const roots = fields.filter(({ coordinate }) => /^(Query|Mutation|Subscription)\./.test(coordinate));
    const open = roots.map(({ coordinate }) => coordinate).filter((one) => !directed("authenticated").includes(one));
    expect(open).toEqual(["Query.can", "Query.canAll", "Query.viewer"]);
  });

  it("say which features a field requires, and its description names them", () => {
    expect(directed("requiresScopes")).toEqual([
      "Query.explainToken",
      "Query.whoCan",
      "Query.whoCanAccess",
      "Todo.internalNote",
    ]);
    for (const { coordinate, field } of fields) {
      const asked = field.astNode?.directives?.find((one) => one.name.value === "requiresScopes");
      const features = asked ? [...print(asked).matchAll(/"([^"]+)"/g)].map(([, feature]) => feature) : [];
      for (const feature of features) expect(field.description, coordinate).toContain(`\`${feature}\``);
    }
  });

  it("are not executed: the gateway judges by the field scopes", () => {
    expect(schema.getDirective("authenticated")).toBeUndefined();
  });
});
