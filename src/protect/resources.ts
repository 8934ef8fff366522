/** In charge of finding a resource by the name of its model. */
import type { Resource } from "./resource.js";

/** Every declared resource by the name of its model and type. */
export type Resources = ReadonlyMap<string, Resource>;

/** Which model one stands for: itself, and a tenant's member for the user who is it. */
export function modelBehind(model: string): string {
  return model === "TenantMember" ? "User" : model;
}

/** The resource that a model stands for. */
export function behind(resources: Resources, model: string): Resource | undefined {
  return resources.get(modelBehind(model));
}
