/** In charge of a row that is shared with a group: it is seen while one is in the group, not before and not after. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);

const periods: readonly (readonly [who: string, period: string, titles: readonly string[]])[] = [
  ["inside", "valid_from = now() - interval '1 day', valid_until = now() + interval '1 day'", ["Shared"]],
  ["later", "valid_from = now() + interval '1 day'", []],
  ["before", "valid_from = now() - interval '2 days', valid_until = now() - interval '1 day'", []],
];
const of = (who: string) => `${who}@acme.test`;

beforeAll(async () => {
  for (const [who] of periods) await arrange.user(of(who));
  await arrange.group({ name: "Readers", members: periods.map(([who]) => of(who)) });
  for (const [who, period] of periods)
    await database.owner.query(
      `update iam.group_members set ${period} where user_id = (select id from iam.users where email = $1)`,
      [of(who)],
    );
  const [todo] = await as("alice@acme.test").sql<{ id: string }>(
    "insert into todos (title) values ('Shared') returning id",
  );
  await as("alice@acme.test").sql(
    "insert into todo_shares (todo_id, group_id, can_read) select $1, id, true from iam.groups where name = 'Readers'",
    todo?.id,
  );
});

describe("a row shared with a group", () => {
  test.each(periods)("is read or hidden by when one is in it: %s", async (who, _, titles) => {
    const rows = await as(of(who)).read<{ title: string }>("select title from todos");
    expect(rows.map(({ title }) => title)).toEqual(titles);
  });
});
