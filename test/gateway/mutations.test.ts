/** In charge of a mutation's promise: all of its fields, or nothing, as the owner's connection sees it. */
import { describe, expect, it } from "vitest";
import { useWorld } from "../support/world.js";

const world = useWorld();
const countTodos = async (title: string): Promise<number> => {
  const { rowCount } = await world.database.owner.query("select from public.todos where title = $1", [title]);
  return rowCount ?? 0;
};
const create = (alias: string, title: string) =>
  `${alias}: createTodo(input: { title: "${title}" }) { todo { title } }`;

describe("a mutation", () => {
  it("writes all of its fields when all went well", async () => {
    const { status, body } = await world.as("bob", `mutation { ${create("a", "both")} ${create("b", "both")} }`);
    expect([status, body.errors]).toEqual([200, undefined]);
    expect(await countTodos("both")).toBe(2);
  });

  it("writes nothing when a later field failed", async () => {
    const { body } = await world.as("bob", `mutation { ${create("a", "half")} ${create("b", "")} }`);
    expect([body.data, body.errors.length]).toEqual([null, 1]);
    expect(await countTodos("half")).toBe(0);
  });

  it("writes nothing when an earlier field failed, and does not hide why", async () => {
    const { body } = await world.as("bob", `mutation { ${create("a", "")} ${create("b", "late")} }`);
    expect(body.data).toBeNull();
    expect(body.errors[0].extensions.code).toBe("BAD_USER_INPUT");
    expect(await countTodos("late")).toBe(0);
  });

  it("writes nothing when only the payload's read failed", async () => {
    const { body } = await world.as(
      "bob",
      'mutation { createTodo(input: { title: "unread" }) { todo { title internalNote } } }',
    );
    expect([body.data, body.errors[0].extensions.code]).toEqual([null, "FORBIDDEN"]);
    expect(await countTodos("unread")).toBe(0);
  });

  it("is denied to nobody in particular, and writes nothing", async () => {
    const { body } = await world.as(null, `mutation { ${create("a", "nobody's")} }`);
    expect(body.data ?? null).toBeNull();
    expect(await countTodos("nobody's")).toBe(0);
  });
});
