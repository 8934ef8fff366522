/** In charge of declarations in the forms that no table of the demo has; once per test file, since there is one builder. */
import { models } from "../../../src/generated/datamodel.js";
import { resource } from "../../../src/protect/resource.js";
import { type DeclaredWorld, useDeclaredWorld } from "../../support/declared-world.js";

// The tables of shares become tables of their own: notes for a group, and remarks below a todo.
const tables = `
alter table public.chat_shares drop constraint chat_shares_one_check, alter chat_id drop not null,
  alter user_id set default iam.caller_id();
delete from public.chat_shares;
delete from public.todo_shares;
alter table public.todo_shares drop constraint todo_shares_one_check;
update public.todos set done = true where title like 'Buy milk%';
`;
const { chatId, userId } = models.ChatShare.fields;
Object.assign(models.ChatShare.fields, {
  chatId: { ...chatId, isRequired: false },
  userId: { ...userId, hasDefault: true },
});

const everyCommand = ["create", "update", "delete"] as const;

/** The demo world in these forms; the milk is done. */
export function useForms(): DeclaredWorld {
  return useDeclaredWorld(
    [
      resource("Todo", {
        feature: "todos",
        owner: "ownerId",
        scope: "scopeId",
        publicRead: { done: true },
        conditions: { update: { done: false }, delete: { done: false } },
        commands: everyCommand,
        fields: { internalNote: { read: ["owner", "todos.audit"], onDeny: "null" } },
      }),
      resource("Chat", {
        feature: "chats",
        owner: "ownerId",
        scope: "scopeId",
        publicRead: true,
        audience: "authenticated",
      }),
      resource("ChatShare", {
        feature: "chats",
        owner: "userId",
        group: "groupId",
        commands: everyCommand,
        hidden: ["chat"],
      }),
      resource("TodoShare", {
        feature: "chats",
        parent: "todo",
        commands: everyCommand,
        audience: "public",
        hidden: ["group", "member"],
      }),
      resource("Sale", {
        features: { read: "view_sales_page", create: "approve_payments" },
        scope: { column: "campus", type: "campus" },
        publicRead: true,
        commands: ["create"],
        hidden: ["tenantId"],
        fields: { amount: { read: "view_sales_page", onDeny: { mask: "0" } } },
      }),
    ],
    tables,
  );
}

/** A todo of alice's that is done, and one of bob's that isn't. */
export const milk = "Todo:70d00000-0000-4000-8000-000000000001";
export const plants = "Todo:70d00000-0000-4000-8000-000000000003";

/** The header of whoever is not told by his credential which tenant he asks. */
export const inAcme: Readonly<Record<string, string>> = { "x-tenant": "acme" };
