/** What the datamodel generator makes of Prisma's description, where the real schema has no such case. */
import type { DMMF } from "@prisma/generator-helper";
import { describe, expect, it } from "vitest";
import { describeDatamodel } from "../../prisma/generators/describe-datamodel.js";

describe("describeDatamodel", () => {
  it("rejects an implicit many-to-many relation, whose join table nobody would guard", () => {
    const tags = relation("tags", "Tag", { relationName: "PostToTag", isList: true });
    const posts = relation("posts", "Post", { relationName: "PostToTag", isList: true });
    expect(() => describeModels([model("Post", [id, tags]), model("Tag", [id, posts])])).toThrow(
      /Post\.tags.*many-to-many/,
    );
  });

  it("reads both sides of a relation of a model with itself", () => {
    const parent = relation("parent", "Place", {
      relationName: "tree",
      isRequired: false,
      relationFromFields: ["parentId"],
      relationToFields: ["id"],
    });
    const children = relation("children", "Place", { relationName: "tree", isList: true });
    const { models } = describeModels([
      model("Place", [id, field("parentId", { dbName: "parent_id" }), children, parent]),
    ]);
    expect(models["Place"]?.relations).toMatchObject({
      parent: { columns: ["parent_id"], references: ["id"] },
      children: { columns: ["id"], references: ["parent_id"] },
    });
  });

  it("names what Postgres calls a native type, a mapped enum and a default", () => {
    const source = 'enum Colour {\n  red @map("rot")\n  @@map("colours")\n  @@schema("paint")\n}';
    const fields = [
      id,
      field("price", { type: "Decimal", nativeType: ["Decimal", ["10", "2"]] }),
      field("colour", { kind: "enum", type: "Colour" }),
      field("made", { type: "DateTime" }),
    ];
    const { models, enums } = describeDatamodel(
      datamodel(
        [model("Pot", fields)],
        [{ name: "Colour", dbName: "colours", values: [{ name: "red", dbName: "rot" }] }],
      ),
      source,
    );
    const natives = Object.values(models["Pot"]?.fields ?? {}).map(({ native }) => native);
    expect(natives).toEqual(["text", "numeric", "paint.colours", "timestamp"]);
    expect(enums["Colour"]).toMatchObject({ name: "colours", schema: "paint", values: { red: "rot" } });
  });
});

describe("a default", () => {
  it.each([
    ["uuid", false],
    ["cuid", false],
    ["now", true],
    ["dbgenerated", true],
  ])("of %s() is the database's: %s", (name, isIts) => {
    const made = field("made", { hasDefaultValue: true, default: { name, args: [] } });
    expect(describeModels([model("Pot", [id, made])]).models["Pot"]?.fields["made"]?.hasDefault).toBe(isIts);
  });

  it("is none where Prisma's client alone stamps a change", () => {
    const changed = field("changed", { type: "DateTime", isUpdatedAt: true });
    expect(describeModels([model("Pot", [id, changed])]).models["Pot"]?.fields["changed"]?.hasDefault).toBe(false);
  });
});

function describeModels(models: readonly DMMF.Model[]) {
  return describeDatamodel(datamodel(models), "");
}

function datamodel(models: readonly DMMF.Model[], enums: readonly DMMF.DatamodelEnum[] = []): DMMF.Datamodel {
  return { models, enums, types: [], indexes: [] };
}

function model(name: string, fields: readonly DMMF.Field[]): DMMF.Model {
  return { name, dbName: null, schema: null, fields, uniqueFields: [], uniqueIndexes: [], primaryKey: null };
}

const id: DMMF.Field = field("id", { isId: true });

function field(name: string, given: Partial<DMMF.Field> = {}): DMMF.Field {
  return {
    kind: "scalar",
    name,
    type: "String",
    isRequired: true,
    isList: false,
    isUnique: false,
    isId: false,
    isReadOnly: false,
    hasDefaultValue: false,
    ...given,
  };
}

function relation(name: string, type: string, given: Partial<DMMF.Field>): DMMF.Field {
  return field(name, { kind: "object", type, relationFromFields: [], relationToFields: [], ...given });
}
