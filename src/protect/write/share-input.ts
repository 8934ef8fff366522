/** In charge of what shareTodo and unshareTodo take. */
import { builder } from "../../builder/builder.js";
import { GatewayError } from "../../errors.js";
import type { Resource } from "../resource.js";
import { spoken } from "../type/describe.js";
import type { WriteInput } from "./input.js";

/** What a share opens. */
export interface ShareFlags {
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly canDelete: boolean;
}

/** `ShareTodoInput` */
export function shareInput(resource: Resource) {
  const type = builder.inputRef<WriteInput>(`Share${resource.name}Input`);
  return type.implement({
    description: `Which ${spoken(resource.singular)} to open, to whom, and for what. What is left out is set to its default.`,
    fields: (t) => ({
      [resource.singular]: t.id({ required: true, description: "Its global id." }),
      group: t.string({ description: "To the members of this group, by name or global id. Either a group or a user." }),
      user: t.string({ description: "To this member, by email or global id. Either a group or a user." }),
      canRead: t.boolean({ required: true, defaultValue: true, description: "For reading." }),
      canWrite: t.boolean({ required: true, defaultValue: false, description: "For changing." }),
      canDelete: t.boolean({ required: true, defaultValue: false, description: "For deleting." }),
    }),
  });
}

/** `UnshareTodoInput` */
export function unshareInput(resource: Resource) {
  const type = builder.inputRef<WriteInput>(`Unshare${resource.name}Input`);
  return type.implement({
    description: `Which ${spoken(resource.singular)} to close, and to whom.`,
    fields: (t) => ({
      [resource.singular]: t.id({ required: true, description: "Its global id." }),
      group: t.string({ description: "To this group, by name or global id. Either a group or a user." }),
      user: t.string({ description: "To this member, by email or global id. Either a group or a user." }),
    }),
  });
}

/** One of the two that a row can be opened to. */
export interface Grantee {
  readonly kind: "group" | "user";
  readonly reference: string;
}

/** Whom the input names. BAD_USER_INPUT for nobody, and for two. */
export function granteeOf(input: WriteInput): Grantee {
  const named = (["group", "user"] as const).flatMap((kind) => {
    const reference = input[kind];
    return typeof reference === "string" ? [{ kind, reference }] : [];
  });
  const [grantee, another] = named;
  if (!grantee || another) throw new GatewayError("BAD_USER_INPUT", "Name either a group or a user.");
  return grantee;
}

/** What the input opens. */
export function flagsOf({ canRead, canWrite, canDelete }: WriteInput): ShareFlags {
  return { canRead: canRead === true, canWrite: canWrite === true, canDelete: canDelete === true };
}
