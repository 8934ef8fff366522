/** In charge of createTodo, updateTodo and deleteTodo: the mutations a declaration offers on its rows. */
import { builder } from "../../builder/builder.js";
import { coordinateOf } from "../../builder/field-extensions.js";
import { GatewayError } from "../../errors.js";
import { globalId, uuidOf } from "../global-id.js";
import { readObject } from "../read/read.js";
import { valueSource } from "../read/sql.js";
import type { Resource } from "../resource.js";
import type { Resources } from "../resources.js";
import { spoken } from "../type/describe.js";
import { payloadType } from "../type/payload-type.js";
import { rowScope } from "../type/row-scope.js";
import { requireFieldRules, requireFieldRulesOfNew } from "./field-rules.js";
import { createInput, dataOf, deleteInput, updateInput } from "./input.js";
import { placeIn } from "./place.js";
import { referencesIn } from "./references.js";
import { naming, refusal } from "./refusals.js";
import { deleteRow, insertRow, updateRow } from "./rows.js";

const authenticated = { authenticated: true } as const;

/** Adds `createTodo`. The database puts the row in the caller's tenant and name. */
export function addCreate(resource: Resource, resources: Resources): void {
  const requires = resource.featureOf("create");
  builder.mutationField(`create${resource.name}`, (t) =>
    t.field({
      type: payloadType(`Create${resource.name}Payload`, resource),
      nullable: false,
      description: `Creates a ${spoken(resource.singular)}. Elsewhere than at the tenant's root it needs \`${requires}\` there.`,
      args: { input: t.arg({ type: createInput(resource, resources), required: true, description: "The new row." }) },
      authScopes: authenticated,
      resolve: async (_root, { input }, { session }, info) => {
        const data = {
          ...dataOf(resource, input),
          ...(await placeIn(session, resource, input)),
          ...(await referencesIn(session, { resource, resources, input })),
        };
        await requireFieldRulesOfNew(session, resource, data);
        const id = await naming({ coordinate: coordinateOf(info), requires }, () => insertRow(session, resource, data));
        await requireFieldRules(session, resource, { id, data });
        return readObject(session, info, valueSource({ id }));
      },
    }),
  );
}

/** Adds `updateTodo`. */
export function addUpdate(resource: Resource, resources: Resources): void {
  const requires = resource.featureOf("update");
  builder.mutationField(`update${resource.name}`, (t) =>
    t.field({
      type: payloadType(`Update${resource.name}Payload`, resource),
      nullable: false,
      description: `Changes a ${spoken(resource.singular)}: its owner may, whom it is shared with for writing, and who holds \`${requires}\` at its scope.`,
      args: {
        input: t.arg({
          type: updateInput(resource, resources),
          required: true,
          description: "Which row, and what to change.",
        }),
      },
      authScopes: authenticated,
      resolve: async (_root, { input }, { session }, info) => {
        const attempt = { coordinate: coordinateOf(info), requires };
        const id = uuidOf(resource.name, String(input["id"]));
        const data = { ...dataOf(resource, input), ...(await referencesIn(session, { resource, resources, input })) };
        if (Object.keys(data).length === 0)
          throw new GatewayError("BAD_USER_INPUT", "Name at least one field to change.");
        await requireFieldRules(session, resource, { id, data });
        const isDone = await naming(attempt, () => updateRow(session, resource, { id, data }));
        if (!isDone) throw await refusal(session, resource, { id, attempt });
        return readObject(session, info, valueSource({ id }));
      },
    }),
  );
}

/** Adds `deleteTodo`. */
export function addDelete(resource: Resource): void {
  const requires = resource.featureOf("delete");
  builder.mutationField(`delete${resource.name}`, (t) =>
    t.field({
      type: deletePayload(resource),
      nullable: false,
      description: `Deletes a ${spoken(resource.singular)}: its owner may, whom it is shared with for deleting, and who holds \`${requires}\` at its scope.`,
      args: { input: t.arg({ type: deleteInput(resource), required: true, description: "Which row." }) },
      authScopes: authenticated,
      // Its shares go with the row, and whoever had it loses it.
      ...(resource.shares === null ? {} : { extensions: { portcullis: { changesAuthority: true } } }),
      resolve: async (_root, { input }, { session }, info) => {
        const attempt = { coordinate: coordinateOf(info), requires };
        const id = uuidOf(resource.name, String(input.id));
        const isDone = await naming(attempt, () => deleteRow(session, resource, id));
        if (!isDone) throw await refusal(session, resource, { id, attempt });
        return { id: globalId(resource.name, id) };
      },
    }),
  );
}

function deletePayload({ name, singular }: Resource) {
  return builder.objectRef<{ readonly id: string }>(`Delete${name}Payload`).implement({
    description: `What delete ${spoken(singular)} has done.`,
    fields: (t) => ({
      id: t.id({
        nullable: false,
        description: "The global id of the row that is no more.",
        authScopes: rowScope,
        resolve: ({ id }) => id,
      }),
    }),
  });
}
