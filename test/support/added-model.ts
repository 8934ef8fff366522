/** In charge of models that the Prisma schema hasn't: written down as the datamodel would, for declarations that a test makes. */
import { type Field, type Model, type ModelName, models, type Relation } from "../../src/generated/datamodel.js";

/** What a test says of a column; the rest is as an optional text's. */
export type SaidOfField = Partial<Field>;

/** A model with `id` and `tenantId`, and what is said besides. */
export interface AddedModel {
  readonly name: string;
  readonly table: string;
  readonly fields: Readonly<Record<string, SaidOfField>>;
  readonly relations?: Readonly<Record<string, Pick<Relation, "model" | "columns" | "references"> & Partial<Relation>>>;
}

const id = { type: "String", native: "uuid", isRequired: true, hasDefault: true } as const;

/** Adds it. Its name is one that declarations take from then on. */
export function addModel({ name, table, fields, relations = {} }: AddedModel): ModelName {
  const model = name as ModelName;
  const added: Model = {
    model,
    table,
    schema: "public",
    description: `A ${name}.`,
    primaryKey: ["id"],
    uniques: [["tenantId", "id"]],
    fields: Object.fromEntries(
      Object.entries({ id: { ...id, isId: true }, tenantId: { ...id, column: "tenant_id" }, ...fields }).map(
        ([field, said]) => [field, fieldOf(field, said)],
      ),
    ),
    relations: Object.fromEntries(
      Object.entries(relations).map(([relation, said]) => [
        relation,
        { isList: false, isRequired: true, description: "", ...said },
      ]),
    ),
  };
  Object.assign(models, { [name]: added });
  return model;
}

function fieldOf(column: string, said: SaidOfField): Field {
  return {
    column,
    type: "String",
    native: "text",
    isList: false,
    isRequired: false,
    isId: false,
    isEnum: false,
    hasDefault: false,
    description: "",
    ...said,
  };
}
