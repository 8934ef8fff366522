/** The printed contract: schema.graphql says what the gateway answers to. */
import { readFile } from "node:fs/promises";
import { getNamedType, isInputObjectType, isInterfaceType, isObjectType } from "graphql";
import { expect, it } from "vitest";
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
