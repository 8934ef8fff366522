/** In charge of payloads: what a mutation answers, with the row it has touched. */
import { builder } from "../../builder/builder.js";
import { carry } from "../read/field-plan.js";
import { sameId } from "../read/read.js";
import type { Resource, Row } from "../resource.js";
import { spoken } from "./describe.js";
import { rowScope } from "./row-scope.js";

/** The payload `CreateTodoPayload { todo }`. Its row is read after the write, in the same transaction, as the caller. */
export function payloadType(name: string, resource: Resource) {
  const words = spoken(resource.singular);
  return builder.objectRef<Row>(name).implement({
    description: `What ${spoken(name).replace(/ payload$/, "")} has done.`,
    fields: (t) => ({
      [resource.singular]: t.field({
        type: resource.type,
        nullable: true,
        description: `The ${words} as it is now. Null when the caller may not see it.`,
        authScopes: rowScope,
        extensions: carry({ kind: "one", resource, match: sameId }),
        resolve: (row, _args, _context, info) => row[info.path.key] as Row | null,
      }),
    }),
  });
}
