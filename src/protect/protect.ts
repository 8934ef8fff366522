/** In charge of the machine as a whole: declarations in, GraphQL types and fields out. */
import { readFeatureCodes } from "../database/prisma-files.js";
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
  const resources: Resources = new Map(declared.map((resource) => [resource.name, resource]));
  for (const resource of declared) {
    implementType(resource, resources);
    addRootFields(resource, resources);
    addMutations(resource, resources);
  }
  addNodeFields(resources);
}

function addMutations(resource: Resource, resources: Resources): void {
  const { commands } = resource;
  if (commands.has("create")) addCreate(resource, resources);
  if (commands.has("update")) addUpdate(resource, resources);
  if (commands.has("delete")) addDelete(resource);
  if (commands.has("share")) addShare(resource, resources);
}
