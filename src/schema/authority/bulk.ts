/** In charge of bulk forms: many of the same at once, with a result for each. */
import { builder } from "../../builder/builder.js";
import { translateCaught } from "../../database/sqlstate.js";
import { GatewayError } from "../../errors.js";
import { rowScope } from "../../protect/type/row-scope.js";
import { callTable } from "../call-function.js";
import {
  type Arguments,
  functionArguments,
  groupArgument,
  period,
  required,
  roleArgument,
  scopeArgument,
} from "./arguments.js";
import { changesAuthority, inputArgument, payloadName } from "./authority-mutation.js";

/** What became of one item, as the SQL function tells it. */
interface Item extends Record<string, unknown> {
  readonly reference: string;
  /** The SQLSTATE that it failed with; null when it is done. */
  readonly code: string | null;
  readonly message: string | null;
}

const mostItems = 1000;

const BulkItem = builder.objectRef<Item>("BulkItem").implement({
  description: "What became of one item of a bulk form. What failed left nothing behind; the others are done.",
  fields: (t) => ({
    user: t.string({
      nullable: false,
      description: "The user as he was named.",
      authScopes: rowScope,
      resolve: ({ reference }) => reference,
    }),
    done: t.boolean({
      nullable: false,
      description: "Whether it was done.",
      authScopes: rowScope,
      resolve: ({ code }) => code === null,
    }),
    code: t.string({
      description: "The code of its error, from the closed list; null when it was done.",
      authScopes: rowScope,
      resolve: (item) => errorOf(item)?.code ?? null,
    }),
    message: t.string({
      description: "What was wrong; null when it was done.",
      authScopes: rowScope,
      resolve: (item) => errorOf(item)?.message ?? null,
    }),
  }),
});

addBulk("grantRoleToMany", {
  description: "Gives a role to many users at a scope, each by itself.",
  calls: "grant_role_to_many",
  input: { role: roleArgument, scope: scopeArgument, users: users(), ...period },
});

addBulk("addGroupMembers", {
  description: "Adds many users to a group, each by itself.",
  calls: "add_group_members",
  input: { group: groupArgument, users: users(), ...period },
});

function errorOf({ code, message }: Item) {
  return code === null ? null : translateCaught(code, message ?? "");
}

function users() {
  return required("Strings", `The users, by email or global id; at most ${mostItems}.`);
}

interface Bulk {
  readonly description: string;
  readonly calls: string;
  readonly input: Arguments;
}

function addBulk(name: string, { description, calls, input }: Bulk): void {
  const payload = builder.objectRef<{ readonly items: readonly Item[] }>(payloadName(name)).implement({
    description: "What became of each item, in their order.",
    fields: (t) => ({
      items: t.field({
        type: [BulkItem],
        nullable: false,
        description: "One for each user named.",
        authScopes: rowScope,
        resolve: ({ items }) => [...items],
      }),
    }),
  });
  builder.mutationField(name, (t) =>
    t.field({
      ...changesAuthority,
      type: payload,
      description,
      args: { input: t.arg(inputArgument(name, input)) },
      resolve: async (_root, args, { session }) => {
        const { users } = args.input as unknown as { readonly users: readonly string[] };
        if (users.length > mostItems) throw new GatewayError("BAD_USER_INPUT", `At most ${mostItems} users.`);
        return { items: await callTable<Item>(session, calls, functionArguments(input, args.input)) };
      },
    }),
  );
}
