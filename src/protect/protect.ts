/** In charge of the machine as a whole: declarations in, GraphQL types and fields out. */
import { builder } from "../builder/builder.js";
import { readFeatureCodes } from "../database/prisma-files.js";
import type { ModelName } from "../generated/datamodel.js";
import { refuse } from "./check/refuse.js";
import { checkResources } from "./check/resources.js";
import type { Resource } from "./resource.js";
import type { Resources } from "./resources.js";
import { addNodeFields } from "./type/node-fields.js";
import { implementType } from "./type/object-type.js";
import { addRootFields } from "./type/root-fields.js";
import { addCreate, addDelete, addUpdate } from "./write/mutations.js";
import { addShare } from "./write/share.js";

/**
 * Adds every resource to the builder: its type, its list, its root fields and the mutations it offers. Call it once.
 * @throws StartupError for declarations that can't be right together
 */
export function protect(declared: readonly Resource[]): void {
  checkResources(declared, readFeatureCodes());
  for (const { name } of declared) checkTypeName(name);
  const resources: Resources = new Map(declared.map((resource) => [resource.name, resource]));
  for (const resource of declared) {
    implementType(resource, resources);
    addRootFields(resource, resources);
    addMutations(resource, resources);
  }
  addNodeFields(resources);
}

// What is written by hand is there already.
function checkTypeName(name: ModelName): void {
  if (builder.configStore.hasConfig(name))
    refuse(
      name,
      "is called as a type of the gateway's own",
      "Give the model another name in the Prisma schema; its table keeps its own by @@map.",
    );
}

function addMutations(resource: Resource, resources: Resources): void {
  const { commands } = resource;
  if (commands.has("create")) addCreate(resource, resources);
  if (commands.has("update")) addUpdate(resource, resources);
  if (commands.has("delete")) addDelete(resource);
  if (commands.has("share")) addShare(resource, resources);
}
