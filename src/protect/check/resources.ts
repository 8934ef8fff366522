/** In charge of what declarations owe each other and the database: a parent that is declared, and features that somebody can hold. */
import { type ModelName, models } from "../../generated/datamodel.js";
import { bareName } from "../policies/spelling.js";
import type { Resource } from "../resource.js";
import { behind, type Resources } from "../resources.js";
import { fileOf, refuse } from "./refuse.js";

/**
 * Checks declarations together. `features` are the codes that migrations and seeds write.
 * @throws StartupError that names the file, the table, and what mends it
 */
export function checkResources(resources: readonly Resource[], features: ReadonlySet<string>): void {
  const declared = new Set<ModelName>();
  for (const { name } of resources) {
    if (declared.has(name))
      refuse(name, "is declared twice", "Keep one declaration of it in src/resources/resources.ts.");
    declared.add(name);
  }
  for (const { name, parent } of resources) {
    if (parent && !declared.has(parent.model))
      refuse(name, `follows ${parent.model}, which isn't declared`, `Declare it in ${fileOf(parent.model)}.`);
  }
  for (const { name } of resources) checkAncestors(name, resources);
  checkTables(resources);
  const byName: Resources = new Map(resources.map((resource) => [resource.name, resource]));
  for (const resource of resources) checkReferences(resource, byName);
  for (const resource of resources) checkFeatures(resource, features);
}

// A policy never looks into its own table: Postgres ends there (42P17).
function checkAncestors(name: ModelName, resources: readonly Resource[]): void {
  const parents = new Map(resources.map((one) => [one.name, one.parent?.model]));
  let ancestor = parents.get(name);
  for (let steps = 0; ancestor !== undefined && steps <= parents.size; steps++, ancestor = parents.get(ancestor))
    if (ancestor === name)
      refuse(
        name,
        "follows itself, so that nobody would ever have a way to a row",
        "Say owner, scope, group or shares for it; a parent is a row of another table that follows none of these.",
      );
}

// A client names rows that he sees; of a table that isn't declared he sees none.
function checkReferences({ name, links, commands }: Resource, resources: Resources): void {
  if (!commands.has("create")) return;
  const { fields } = models[name];
  for (const link of links.values()) {
    if (link.isList || !link.isRequired || behind(resources, link.model) !== undefined) continue;
    const isFilled = Object.values(fields).every(
      ({ column, hasDefault }) => hasDefault || !link.columns.includes(column),
    );
    if (!isFilled)
      refuse(
        name,
        `lets people create rows, each with its ${link.name}, and ${link.model} isn't declared`,
        `Declare it in ${fileOf(link.model)}, or leave "create" out of commands.`,
      );
  }
}

// Functions and migrations are called after the table: shop.items and public.shop_items would take each other's.
function checkTables(resources: readonly Resource[]): void {
  const names = new Map<string, ModelName>();
  for (const { name, table } of resources) {
    const bare = bareName({ schema: table.schema, table: table.name });
    const other = names.get(bare);
    if (other !== undefined)
      refuse(
        name,
        `has a table that is called ${bare} with its schema, as that of ${other}`,
        "Call one of them otherwise.",
      );
    names.set(bare, name);
  }
}

// What may be done with the gateway's own tables is for their own policies and functions.
function checkFeatures({ name, table, commands, featureOf, columns }: Resource, features: ReadonlySet<string>): void {
  const asked = [
    ...(table.schema === "iam" ? [] : [...commands]).map((command) => [featureOf(command), `to ${command}`] as const),
    ...[...columns.values()].flatMap((column) =>
      [column.rule.read, column.rule.write]
        .flatMap((ways) => ways?.features ?? [])
        .map((feature) => [feature, `for ${column.name}`] as const),
    ),
  ];
  for (const [feature, why] of asked) {
    if (!features.has(feature))
      refuse(
        name,
        `asks for the feature ${feature} ${why}, which no migration and no seed knows`,
        "Name a feature that is there, or write it down with the policies: npm run protect.",
      );
  }
}
