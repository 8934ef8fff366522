/** Wrong declarations: each stops the build, and says in which file, of which table, and what mends it. */
import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { readFeatureCodes } from "../../src/database/prisma-files.js";
import { StartupError } from "../../src/errors.js";
import { type ModelName, models } from "../../src/generated/datamodel.js";
import { fileOf } from "../../src/protect/check/refuse.js";
import { checkResources } from "../../src/protect/check/resources.js";
import type { Declaration } from "../../src/protect/declaration.js";
import { protect } from "../../src/protect/protect.js";
import { resource } from "../../src/protect/resource.js";
import { resources } from "../../src/resources/resources.js";
import "../../src/schema/viewer.js";
import { addModel } from "../support/added-model.js";

/** What is said of a wrong declaration, and what mends it. */
function refusal(work: () => unknown): readonly [string, string] {
  try {
    work();
  } catch (error) {
    if (error instanceof StartupError) return [error.message, error.mend];
    throw error;
  }
  throw new TypeError("It is not refused.");
}

const declare = (name: string, declaration: unknown) => () => resource(name as ModelName, declaration as never);
const inTodo = "src/resources/todo.ts: Todo";

/** What the declaration of Todo says, what is wrong with it, and a word of what mends it. */
const wrong: Readonly<Record<string, readonly [declaration: unknown, problem: string, mend: string]>> = {
  "an owner that is no field": [{ owner: "ownerid" }, "has no field ownerid", "ownerId"],
  "an owner that holds no id": [
    { owner: "title" },
    "names title as its owner, which is text and no uuid",
    "owner's id",
  ],
  "a scope that is no field": [{ scope: "place" }, "has no field place", "scopeId"],
  "a scope that holds no id": [{ scope: "title" }, "names title as its scope, which is text", "@db.Uuid"],
  "the key of a scope that is an id": [
    { scope: { column: "scopeId", type: "campus" } },
    "names scopeId as the key of a campus, which is uuid and no text",
    'scope: "scopeId"',
  ],
  "a group that is no field": [{ group: "groupId" }, "has no field groupId", "Name one of its fields"],
  "a group that holds no id": [{ group: "done" }, "names done as its group, which is boolean", "group's id"],
  "an owner that is the tenant": [{ owner: "tenantId" }, "names tenantId twice", "fields of their own"],
  "a group that is the owner": [{ owner: "ownerId", group: "ownerId" }, "names ownerId twice", "fields of their own"],
  "a feature that is no code": [{ feature: "My Todos" }, 'names the feature "My Todos"', "dotted code in lower case"],
  "a command's feature that is no code": [{ features: { read: "*" } }, 'names the feature "*"', "dotted code"],
  "a parent that is no relation": [{ parent: "title" }, "has no relation title to the id of one row", "owner, scope"],
  "a parent that is a list": [{ parent: "shares" }, "has no relation shares to the id of one row", "owner, scope"],
  "shares that are no model": [
    { shares: "TodoShares" },
    "shares its rows by TodoShares, which is no model",
    "Name the model",
  ],
  "shares of another table": [
    { shares: "ChatShare" },
    "shares its rows by ChatShare, which doesn't point at it",
    "Give ChatShare a relation to Todo",
  ],
  "sharing without shares": [{ commands: ["share"] }, "is to be shared, but says not by what", "Name the model"],
  "an unknown command": [{ commands: ["publish"] }, "offers the command publish", "create, update, delete, share"],
  "a rule on a field that isn't there": [
    { fields: { note: { read: "todos.audit" } } },
    "has no field note",
    "internalNote",
  ],
  "a rule on the id, whose denial would take the row with it": [
    { fields: { id: { read: "todos.audit" } } },
    "has a rule on id, which is never null",
    "Leave the id open",
  ],
  "a rule on a hidden field": [
    { hidden: ["done"], fields: { done: { read: "todos.audit" } } },
    "hides done and has a rule on it",
    "Take it out of hidden",
  ],
  "a rule on a field that GraphQL shows as a relation": [
    { fields: { ownerId: { read: "todos.audit" } } },
    "has a rule on ownerId, which GraphQL shows as owner only",
    "hide owner",
  ],
  "a rule that names nobody": [{ fields: { done: { read: [] } } }, "names nobody in done.read", "hide the field"],
  "an owner's field without an owner": [
    { fields: { done: { write: ["todos.audit", "owner"] } } },
    "opens done.write to the owner, but says no owner",
    "owner's id",
  ],
  "what is no code of a feature": [
    { fields: { done: { read: "Todos Audit" } } },
    'names "Todos Audit" in done.read',
    "dotted code",
  ],
  "a denial of what is denied to nobody": [
    { fields: { done: { onDeny: "null" } } },
    "says what done gives to whom it denies, but denies it to nobody",
    "leave onDeny out",
  ],
  "an unknown denial": [
    { fields: { done: { read: "todos.audit", onDeny: "hide" } } },
    'answers "hide" where done is denied',
    '"error", "null"',
  ],
  "a mask of another type": [
    { fields: { done: { read: "todos.audit", onDeny: { mask: "no" } } } },
    'masks done with "no", which is no Boolean',
    "true or false",
  ],
  "a mask that is no moment": [
    { fields: { createdAt: { read: "todos.audit", onDeny: { mask: "soon" } } } },
    'masks createdAt with "soon", which is no DateTime',
    "a moment as text",
  ],
  "a mask that is null": [
    { fields: { title: { read: "todos.audit", onDeny: { mask: null } } } },
    "masks title with null, which is no String",
    'answer "null"',
  ],
  "the end of what is no text": [
    { fields: { done: { read: "todos.audit", onDeny: { mask: { keepLast: 2 } } } } },
    "masks done but for its last 2 characters",
    "of a text",
  ],
  "the end of a text that keeps nothing": [
    { fields: { title: { read: "todos.audit", onDeny: { mask: { keepLast: 0 } } } } },
    "masks title but for its last 0 characters",
    "at least one",
  ],
  "an open door to no rows": [
    { audience: "public" },
    "lets the anonymous ask, but shows them no row",
    "Say publicRead",
  ],
  "a condition on a field that isn't there": [
    { conditions: { update: { state: "x" } } },
    "has no field state",
    "title",
  ],
  "a condition of another type": [
    { conditions: { update: { done: "no" } } },
    'compares done in conditions.update with "no", which is no Boolean',
    "true or false",
  ],
  "a condition that nothing meets": [
    { conditions: { update: { title: [] } } },
    "compares title in conditions.update with an empty list",
    "Name one",
  ],
  "no value among values": [
    { conditions: { update: { title: ["a", null] } } },
    "compares title in conditions.update with null, which is no String",
    "a text",
  ],
  "a condition on an id that is none": [
    { publicRead: { scopeId: "campus/chicago" } },
    'compares scopeId in publicRead with "campus/chicago", which is no String',
    "a uuid as text",
  ],
  "a rule that says nothing": [{ fields: { done: {} } }, "has a rule on done that says nothing", "Say who may"],
  "a condition on what everybody sees": [
    { publicRead: true, conditions: { read: { done: true } } },
    "shows everybody every row, and yet has a condition on reading",
    "Say it as publicRead",
  ],
  "public rows by a field that isn't there": [{ publicRead: { published: true } }, "has no field published", "done"],
  "public rows by a value of another type": [
    { publicRead: { done: [true, 1] } },
    "compares done in publicRead with 1, which is no Boolean",
    "true or false",
  ],
  "hiding what isn't there": [{ hidden: ["secret"] }, "has no field secret", "title"],
  "a read-only field that isn't there": [{ readOnly: ["state"] }, "has no field state", "title"],
  "a reference that holds no id": [
    { references: { title: "User" } },
    "names title as its reference, which is text",
    "@db.Uuid",
  ],
  "a reference to no model": [
    { references: { ownerId: "Person" } },
    "refers by ownerId to Person, which is no model",
    "model",
  ],
  "a list by no model": [
    { lists: { all: { to: "User", through: "TodoUser", from: "todoId", by: "userId", description: "" } } },
    "lists all by TodoUser, which is no model",
    "Name a model",
  ],
};

describe("a declaration", () => {
  it.each(Object.entries(wrong))("rejects %s", (_what, [declaration, problem, mend]) => {
    const [message, says] = refusal(declare("Todo", declaration));
    expect(message).toContain(`${inTodo} ${problem}`);
    expect(says).toContain(mend);
  });

  it("rejects a table that is no model, and one without a tenant", () => {
    expect(refusal(declare("TodoItem", {}))).toEqual([
      "src/resources/todo-item.ts: TodoItem is no model of the Prisma schema.",
      "Add it to prisma/schema/, then run npm run generate.",
    ]);
  });

  it("rejects shares that lack columns, or in which one could be opened twice", () => {
    expect(refusal(declare("Group", { shares: "GroupMember" }))).toEqual([
      "src/resources/group.ts: Group shares its rows by GroupMember, which lacks can_read (boolean), can_write (boolean), can_delete (boolean).",
      "Give GroupMember these columns in the Prisma schema; TodoShare shows how.",
    ]);
    const shares = models.TodoShare as { uniques: (typeof models)["TodoShare"]["uniques"] };
    const known = shares.uniques;
    try {
      shares.uniques = known.slice(0, 1);
      expect(refusal(declare("Todo", { shares: "TodoShare" }))).toEqual([
        `${inTodo} shares its rows by TodoShare, in which one could be opened twice to the same.`,
        "Give TodoShare @@unique([todoId, userId]) in the Prisma schema.",
      ]);
    } finally {
      shares.uniques = known;
    }
  });

  const text = models.Todo.fields["title"];
  const id = models.Todo.fields["ownerId"];
  const withFields = (fields: Record<string, object>, declaration: object) => {
    const todo = models.Todo as { fields: (typeof models)["Todo"]["fields"] };
    const known = todo.fields;
    try {
      todo.fields = { ...known, ...fields } as never;
      return refusal(declare("Todo", declaration));
    } finally {
      todo.fields = known;
    }
  };

  it.each(["access", "and", "or", "not"])("rejects a field %s, whose name the type or its filter needs", (name) => {
    const [message, mend] = withFields({ [name]: { ...text, column: "x" } }, {});
    expect(message).toBe(
      `${inTodo} has a field ${name}, a name that its type, its filter or its input needs for itself.`,
    );
    expect(mend).toContain('@map("x")');
  });

  it("rejects a field whose name the place of a new row needs", () => {
    const [message] = withFields(
      { group: { ...text, column: "group" }, groupId: { ...id, column: "group_id" } },
      { group: "groupId" },
    );
    expect(message).toContain("has a field group, a name that");
  });

  it("rejects bytes, unless they are hidden", () => {
    const file = { ...text, type: "Bytes", native: "bytea", isRequired: false };
    expect(withFields({ file }, {})).toEqual([
      `${inTodo} shows file, and GraphQL has no bytes.`,
      'Say hidden: ["file"].',
    ]);
    expect(() => withFields({ file }, { hidden: ["file"] })).toThrow("It is not refused.");
  });

  it("rejects a moment of the last change that nothing stamps", () => {
    expect(withFields({ updatedAt: { ...text, column: "updatedAt", hasDefault: true } }, {})[0]).toBe(
      `${inTodo} keeps updatedAt in the column updatedAt, which nothing stamps.`,
    );
  });

  it.each([
    ["id", {}, "gen_random_uuid()"],
    ["tenantId", {}, "iam.named_tenant_id()"],
    ["ownerId", { owner: "ownerId" }, "iam.named_user_id()"],
    ["scopeId", { scope: "scopeId" }, "iam.named_root_scope_id()"],
    ["title", { readOnly: ["title"] }, "a @default that the database knows"],
    ["title", { hidden: ["title"] }, "a @default that the database knows"],
    ["createdAt", {}, "a @default that the database knows"],
  ])("rejects creating rows where nothing fills in %s (%o)", (name, declaration, mend) => {
    const [message, says] = withFields(
      { [name]: { ...models.Todo.fields[name], hasDefault: false } },
      { ...declaration, commands: ["create"] },
    );
    expect(message).toBe(`${inTodo} lets people create rows, and nothing fills in ${name}.`);
    expect(says).toContain(mend);
  });

  it("allows masks of the field's own type only, already to the compiler", () => {
    type Rule<F extends "title" | "done" | "createdAt"> = NonNullable<NonNullable<Declaration<"Todo">["fields"]>[F]>;
    expectTypeOf<{ mask: "secret" }>().toExtend<Rule<"title">["onDeny"]>();
    expectTypeOf<{ mask: { keepLast: 4 } }>().toExtend<Rule<"title">["onDeny"]>();
    expectTypeOf<{ mask: false }>().toExtend<Rule<"done">["onDeny"]>();
    expectTypeOf<{ mask: "secret" }>().not.toExtend<Rule<"done">["onDeny"]>();
    expectTypeOf<{ mask: { keepLast: 4 } }>().not.toExtend<Rule<"createdAt">["onDeny"]>();
  });
});

describe("declarations together", () => {
  const features = readFeatureCodes();
  const todos = { feature: "todos", owner: "ownerId", scope: "scopeId" } as const;

  it("allows those of the product", () => {
    expect(() => checkResources(resources, features)).not.toThrow();
  });

  it("rejects a feature that no migration and no seed knows", () => {
    const salary = resource("Todo", { ...todos, fields: { internalNote: { read: ["owner", "todos.adit"] } } });
    expect(refusal(() => checkResources([salary], features))).toEqual([
      `${inTodo} asks for the feature todos.adit for internalNote, which no migration and no seed knows.`,
      "Name a feature that is there, or write it down with the policies: npm run protect.",
    ]);
    const tasks = resource("Todo", { ...todos, feature: "tasks" });
    expect(refusal(() => checkResources([tasks], features))[0]).toBe(
      `${inTodo} asks for the feature tasks.read to read, which no migration and no seed knows.`,
    );
  });

  it("rejects a parent that isn't declared, and a table that is declared twice", () => {
    const share = resource("TodoShare", { feature: "todos", parent: "todo" });
    expect(refusal(() => checkResources([share], features))).toEqual([
      "src/resources/todo-share.ts: TodoShare follows Todo, which isn't declared.",
      "Declare it in src/resources/todo.ts.",
    ]);
    const todo = resource("Todo", todos);
    expect(refusal(() => checkResources([todo, todo], features))[0]).toBe(`${inTodo} is declared twice.`);
  });

  it("rejects rows that follow each other in a circle", () => {
    const todo = { ...resource("Todo", todos), parent: { link: "chat", model: "Chat", column: "chat_id" } } as const;
    const chat = { ...resource("Chat", todos), parent: { link: "todo", model: "Todo", column: "todo_id" } } as const;
    expect(refusal(() => checkResources([todo, chat], features))[0]).toBe(
      `${inTodo} follows itself, so that nobody would ever have a way to a row.`,
    );
    const tree = { ...todo, parent: { link: "above", model: "Todo", column: "above_id" } } as const;
    expect(refusal(() => checkResources([tree], features))[0]).toContain("follows itself");
  });

  it("rejects two tables that would share their functions' names", () => {
    const todo = { ...resource("Todo", todos), table: { schema: "shop", name: "items" } };
    const chat = { ...resource("Chat", todos), table: { schema: "public", name: "shop_items" } };
    expect(refusal(() => checkResources([todo, chat], features))[0]).toBe(
      "src/resources/chat.ts: Chat has a table that is called shop_items with its schema, as that of Todo.",
    );
  });
});

describe("a model that is called as a type of the gateway's own", () => {
  it("is rejected before the schema is built", () => {
    const viewer = addModel({ name: "Viewer", table: "viewers", fields: {} });
    expect(refusal(() => protect([resource(viewer, { feature: "todos" })]))).toEqual([
      "src/resources/viewer.ts: Viewer is called as a type of the gateway's own.",
      "Give the model another name in the Prisma schema; its table keeps its own by @@map.",
    ]);
  });
});

describe("the file that a refusal names", () => {
  it.each(resources.map(({ name }) => [name]))("is where %s is declared", (name) => {
    const text = readFileSync(new URL(`../../${fileOf(name)}`, import.meta.url), "utf8");
    expect(text).toContain(`resource("${name}", {`);
  });
});
