/** In charge of the root fields of a resource: one row by its id, and the list. */
import { builder } from "../../builder/builder.js";
import { audited } from "../../builder/field-extensions.js";
import { uuidOf } from "../global-id.js";
import { readOne, readPage } from "../read/read.js";
import type { Resource } from "../resource.js";
import type { Resources } from "../resources.js";
import { connectionType } from "./connection-type.js";
import { spoken } from "./describe.js";
import { pageArguments } from "./page-arguments.js";

/** What a root field says to http/use-session.ts when it sends one statement. */
export const singleStatement = { portcullis: { isSingleStatement: true } } as const;

/** Adds `todo(id)` and `todos(…)` to Query. */
export function addRootFields(resource: Resource, resources: Resources): void {
  const authScopes = resource.audience === "public" ? ({ public: true } as const) : ({ authenticated: true } as const);
  const [one, many] = [spoken(resource.singular), spoken(resource.plural)];
  const extensions = { portcullis: { ...singleStatement.portcullis, ...audited(resource.audits) } };
  builder.queryFields((t) => ({
    [resource.singular]: t.field({
      type: resource.type,
      nullable: true,
      description: `One ${one}. Null when there is none with this id, or none that the caller may see.`,
      args: { id: t.arg.id({ required: true, description: `The global id: \`${resource.name}:uuid\`.` }) },
      authScopes,
      extensions,
      resolve: (_root, { id }, { session }, info) =>
        readOne(session, info, { resource, id: uuidOf(resource.name, String(id)) }),
    }),
    [resource.plural]: t.field({
      type: connectionType(resource),
      nullable: false,
      description: `The ${many} that the caller may see.`,
      args: pageArguments(resource, resources),
      authScopes,
      extensions,
      resolve: (_root, args, { session }, info) => readPage(session, info, { resource, args }),
    }),
  }));
}
