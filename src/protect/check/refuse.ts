/** In charge of how a wrong declaration is refused: the file, the table, what is wrong, and what mends it. */
import { StartupError } from "../../errors.js";
import { type Field, type ModelName, models } from "../../generated/datamodel.js";

/** Where the declaration of a model stands: `src/resources/todo-share.ts`. */
export function fileOf(model: string): string {
  return `src/resources/${model.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()}.ts`;
}

/** Stops the build: `refuse("Todo", "has no field nope", "Name one of …")`. */
export function refuse(model: string, problem: string, mend: string): never {
  throw new StartupError(`${fileOf(model)}: ${model} ${problem}.`, mend);
}

/** A field of the model; stops the build when it has none of that name. */
export function requireField(model: ModelName, name: string): Field {
  const { fields } = models[model];
  const field = fields[name];
  return field ?? refuse(model, `has no field ${name}`, `Name one of its fields: ${Object.keys(fields).join(", ")}.`);
}

/** A field that holds an id; stops the build for any other. */
export function requireId(model: ModelName, name: string, use: string): Field {
  const field = requireField(model, name);
  if (field.native === "uuid" && !field.isList) return field;
  return refuse(
    model,
    `names ${name} as its ${use}, which is ${field.native} and no uuid`,
    `Name the field with the ${use}'s id, or give ${name} @db.Uuid in the Prisma schema.`,
  );
}
