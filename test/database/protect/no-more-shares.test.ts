/** A declaration that drops its shares: its migration, applied to the demo world. */
import { beforeAll, expect, it } from "vitest";
import { prismaFolder, readMigrations } from "../../../src/database/prisma-files.js";
import { protectScript } from "../../../src/protect/policies/migration.js";
import { declaredProtections } from "../../../src/resources/protections.js";
import { useCallers } from "../../support/callers.js";

const { as, database } = useCallers();

beforeAll(async () => {
  const { migrationDirectories } = await readMigrations(prismaFolder);
  const migrations = migrationDirectories.map(({ path, migrationFile }) => ({
    name: path,
    script: migrationFile.content.value,
  }));
  const [todos] = declaredProtections().filter(({ table }) => table === "todos");
  if (todos === undefined) throw new TypeError("No todos are declared.");
  const commands = new Set(todos.commands);
  commands.delete("share");
  const script = protectScript({ ...todos, commands, shares: null }, { migrations, tables: "", seeds: "" });
  await database.owner.query(script ?? "");
});

it("hides what was shared, and allows what is one's own", async () => {
  const rows = await as("bob@acme.test").read("select title from public.todos");
  expect(rows).toEqual([{ title: "Water the plants" }]);
});

it.each(["select", "insert", "update", "delete"])("denies everybody to %s shares", async (right) => {
  const { rows } = await database.owner.query(
    `select role from unnest(array['web_user', 'web_anon', 'iam_definer', 'authenticator']) role
     where has_table_privilege(role, 'public.todo_shares', $1)
       or $1 <> 'delete' and has_any_column_privilege(role, 'public.todo_shares', case $1 when 'delete' then 'select' else $1 end)`,
    [right],
  );
  expect(rows).toEqual([]);
});
