/** In charge of what a mutation takes: the columns a client may write, as input fields and as data. */
import { builder } from "../../builder/builder.js";
import { GatewayError } from "../../errors.js";
import { models } from "../../generated/datamodel.js";
import { sayWays } from "../field-rule.js";
import { type Column, idColumn, type Link, type Resource } from "../resource.js";
import type { Resources } from "../resources.js";
import { describe, spoken } from "../type/describe.js";
import { columnType } from "../type/leaf-type.js";
import { editableColumns, hasScopeId, parentLink, referringLinks, writableColumns } from "../writable.js";
import { naturalKeyOf } from "./natural-keys.js";
import type { Data } from "./rows.js";

/** The input of a mutation on a resource. To the compiler a plain record: what columns there are is known at run time. */
export type WriteInput = Readonly<Record<string, unknown>>;

/** `CreateTodoInput`: what has no default must be given. */
export function createInput(resource: Resource, resources: Resources) {
  const parent = parentLink(resource);
  const type = builder.inputRef<WriteInput>(`Create${resource.name}Input`);
  return type.implement({
    description: `A new ${spoken(resource.singular)}, in the caller's name.`,
    fields: (t) => ({
      ...Object.fromEntries(
        writableColumns(resource).map((column) => [
          column.name,
          t.field({
            type: columnType(column),
            required: column.isRequired && !column.hasDefault && !column.isList,
            description: describeInput(column),
          }),
        ]),
      ),
      ...(hasScopeId(resource)
        ? {
            scope: t.string({
              description: "Where it stands, as `type/key` or a global id. By default at the root of the tenant.",
            }),
          }
        : {}),
      ...(resource.group
        ? {
            group: t.string({
              required: resource.group.isRequired && !resource.group.hasDefault,
              description: "The group whose members may do everything with it, by its name or a global id.",
            }),
          }
        : {}),
      ...(parent
        ? {
            [parent.name]: t.id({
              required: parent.isRequired,
              description: `The ${spoken(parent.name)} that it belongs to, by its global id.`,
            }),
          }
        : {}),
      ...Object.fromEntries(
        referringLinks(resource, resources).map((link) => [
          link.name,
          t.id({ required: isNeeded(resource, link), description: describeLink(link) }),
        ]),
      ),
    }),
  });
}

/** `UpdateTodoInput`: what is left out stays as it is. */
export function updateInput(resource: Resource, resources: Resources) {
  const type = builder.inputRef<WriteInput>(`Update${resource.name}Input`);
  return type.implement({
    description: `Changes of a ${spoken(resource.singular)}. What is left out stays as it is.`,
    fields: (t) => ({
      id: t.id({ required: true, description: `Which one, by its global id.` }),
      ...Object.fromEntries(
        editableColumns(resource).map((column) => [
          column.name,
          t.field({ type: columnType(column), description: describeInput(column) }),
        ]),
      ),
      ...Object.fromEntries(
        referringLinks(resource, resources).map((link) => [link.name, t.id({ description: describeLink(link) })]),
      ),
    }),
  });
}

/** `DeleteTodoInput` */
export function deleteInput(resource: Resource) {
  return builder.inputType(`Delete${resource.name}Input`, {
    description: `Which ${spoken(resource.singular)} to delete.`,
    fields: (t) => ({ id: t.id({ required: true, description: "Its global id." }) }),
  });
}

/** The columns that an input names. BAD_USER_INPUT for null where a value is needed. */
export function dataOf(resource: Resource, input: WriteInput): Data {
  const given = writableColumns(resource).filter(({ name }) => input[name] !== undefined);
  return Object.fromEntries(given.map((column) => [column.name, valueFor(column, input[column.name])]));
}

function valueFor({ name, isRequired }: Column, value: unknown): unknown {
  if (value === null && isRequired) throw new GatewayError("BAD_USER_INPUT", `${name} can't be empty.`);
  return value;
}

function isNeeded({ name }: Resource, link: Link): boolean {
  const column = idColumn(link);
  const field = Object.values(models[name].fields).find((one) => one.column === column);
  return link.isRequired && field?.hasDefault !== true;
}

function describeLink({ description, name, model }: Link): string {
  const words = describe(description, name);
  return `${words} By ${naturalKeyOf(model) ?? "its global id"}; one that the caller sees.`;
}

function describeInput({ description, name, rule }: Column): string {
  const words = describe(description, name);
  return rule.write === null ? words : `${words} ${sayWays(rule.write)}`;
}
