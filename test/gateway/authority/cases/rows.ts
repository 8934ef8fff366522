/** In charge of the cases of protected rows: bob owns what he makes, nina holds todos and chats at campus/chicago. */
import { anId, type Cases, type Input, type Refused } from "../mutation-cases.js";

const hidden = (input: Input): Refused => ({ as: "bob", why: "what he may not see", input, code: "NOT_FOUND" });
const foreign = (input: Input): Refused => ({ as: "nina", why: "another tenant's", input, code: "NOT_FOUND" });
const forbidden = (input: Input, why: string): Refused => ({ as: "bob", why, input, code: "FORBIDDEN" });
const wrong = (input: Input, why: string): Refused => ({ as: "nina", why, input, code: "BAD_USER_INPUT" });

// One of alice's that is shared with bob's group, one of her own, one of nina's place, and one of another tenant.
const todo = {
  shared: "Todo:70d00000-0000-4000-8000-000000000001",
  hers: "Todo:70d00000-0000-4000-8000-000000000002",
  janes: "Todo:70d00000-0000-4000-8000-000000000004",
  foreign: "Todo:70d00000-0000-4000-8000-000000000005",
} as const;
const chat = {
  bobs: "Chat:c4a70000-0000-4000-8000-000000000001",
  hers: "Chat:c4a70000-0000-4000-8000-000000000002",
  foreign: "Chat:c4a70000-0000-4000-8000-000000000003",
} as const;
const to = { group: "Office" } as const;

export const rowCases: Cases = {
  createTodo: {
    selects: "todo { title scope { key } }",
    allows: [
      {
        as: "nina",
        why: "where she may",
        input: { title: "Sweep", scope: "campus/chicago" },
        answers: { todo: { title: "Sweep", scope: { key: "chicago" } } },
      },
    ],
    refuses: [
      {
        as: "jane",
        why: "where she may only see the place",
        input: { title: "Mine", scope: "campus/chicago" },
        code: "FORBIDDEN",
      },
      { ...hidden({ title: "Mine", scope: "campus/chicago" }), why: "at a place he may not see" },
    ],
  },
  updateTodo: {
    selects: "todo { title done }",
    allows: [
      {
        as: "nina",
        why: "of others, where she may",
        input: { id: todo.janes, done: true },
        answers: { todo: { title: "Call the Chicago store", done: true } },
      },
    ],
    refuses: [
      hidden({ id: todo.hers, title: "Mine" }),
      foreign({ id: todo.foreign, title: "Mine" }),
      wrong({ id: chat.bobs, title: "Mine" }, "another type's id"),
    ],
  },
  shareTodo: {
    selects: "todo { title }",
    allows: [
      {
        as: "nina",
        why: "of others, where she may",
        input: { todo: todo.janes, user: "bob@acme.test" },
        answers: { todo: { title: "Call the Chicago store" } },
      },
    ],
    refuses: [
      forbidden({ todo: todo.shared, ...to }, "what is only shared with him"),
      hidden({ todo: todo.hers, ...to }),
      foreign({ todo: todo.foreign, user: "bob@acme.test" }),
      wrong({ todo: todo.janes }, "with nobody"),
    ],
  },
  unshareTodo: {
    selects: "todo { title }",
    allows: [
      {
        as: "nina",
        why: "of others, where she may",
        input: { todo: todo.janes, user: "bob@acme.test" },
        answers: { todo: { title: "Call the Chicago store" } },
      },
    ],
    refuses: [
      forbidden({ todo: todo.shared, ...to }, "what is only shared with him"),
      hidden({ todo: todo.hers, ...to }),
      wrong({ todo: todo.janes }, "from nobody"),
    ],
  },
  deleteTodo: {
    selects: "id",
    allows: [{ as: "nina", why: "of others, where she may", input: { id: todo.janes }, answers: { id: anId("Todo") } }],
    refuses: [
      forbidden({ id: todo.shared }, "what is shared with him for writing"),
      hidden({ id: todo.hers }),
      wrong({ id: chat.bobs }, "another type's id"),
    ],
  },
  createChat: {
    selects: "chat { message scope { key } }",
    allows: [
      {
        as: "nina",
        why: "where she may",
        input: { message: "Hello", scope: "campus/chicago" },
        answers: { chat: { message: "Hello", scope: { key: "chicago" } } },
      },
    ],
    refuses: [
      {
        as: "jane",
        why: "where she may only see the place",
        input: { message: "Mine", scope: "campus/chicago" },
        code: "FORBIDDEN",
      },
      { ...hidden({ message: "Mine", scope: "tenant/globex" }), why: "at another tenant's place" },
    ],
  },
  updateChat: {
    selects: "chat { message }",
    allows: [
      { as: "bob", why: "his own", input: { id: chat.bobs, message: "Who?" }, answers: { chat: { message: "Who?" } } },
    ],
    refuses: [
      hidden({ id: chat.hers, message: "Mine" }),
      foreign({ id: chat.foreign, message: "Mine" }),
      wrong({ id: todo.hers, message: "Mine" }, "another type's id"),
    ],
  },
  shareChat: {
    selects: "chat { message }",
    allows: [
      {
        as: "bob",
        why: "his own",
        input: { chat: chat.bobs, user: "jane@acme.test" },
        answers: { chat: { message: "Who?" } },
      },
    ],
    refuses: [
      { ...forbidden({ chat: chat.bobs, ...to }, "what is only shared with her"), as: "jane" },
      hidden({ chat: chat.hers, ...to }),
      wrong({ chat: chat.bobs, ...to, user: "jane@acme.test" }, "with a group and a user"),
    ],
  },
  unshareChat: {
    selects: "chat { message }",
    allows: [
      {
        as: "bob",
        why: "his own",
        input: { chat: chat.bobs, user: "jane@acme.test" },
        answers: { chat: { message: "Who?" } },
      },
    ],
    refuses: [
      { ...forbidden({ chat: chat.bobs, ...to }, "what is only shared with her"), as: "jane" },
      hidden({ chat: chat.hers, ...to }),
      wrong({ chat: chat.bobs }, "from nobody"),
    ],
  },
  deleteChat: {
    selects: "id",
    allows: [{ as: "bob", why: "his own", input: { id: chat.bobs }, answers: { id: anId("Chat") } }],
    refuses: [
      { ...forbidden({ id: chat.bobs }, "what is only shared with her"), as: "jane" },
      hidden({ id: chat.hers }),
      wrong({ id: todo.hers }, "another type's id"),
    ],
  },
};
