/** Sharing in somebody's name: whoever acts as him, and his API key, hand on no more than is theirs by themselves. */
import { beforeAll, describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database, keyed } = useCallers();
const arrange = arranger(database);
const bob = "bob@acme.test";
const plants = "70d00000-0000-4000-8000-000000000003";
const office = "60000000-0000-4000-8000-000000000001";
const root = "tenant/acme";
const share = (flag: string) =>
  `insert into todo_shares (todo_id, group_id, ${flag}) values ('${plants}', '${office}', true)`;
const held: readonly (readonly [who: string, ...features: readonly string[]])[] = [
  ["reader", "todos.read"],
  ["sharer", "todos.read", "todos.share"],
  ["editor", "todos.read", "todos.share", "todos.update"],
];

beforeAll(async () => {
  for (const [who, ...features] of held) {
    await arrange.user(`${who}@acme.test`);
    for (const feature of ["iam.impersonate", "iam.groups.read", ...features])
      await arrange.grant({ user: `${who}@acme.test`, feature, scope: root });
  }
});

const actingAsBob = (who: string) => as(`${who}@acme.test`, { tenant: "acme", actAs: bob });
const keyOfBob = async (who: string) => {
  const [, ...features] = held.find(([name]) => name === who) ?? [];
  const given = ["iam.groups.read", ...features].map((feature) => [feature, root] as const);
  return keyed((await arrangeKey(database, { user: bob, given })).text);
};

describe.each([
  ["whoever acts as the owner", async (who: string) => actingAsBob(who)],
  ["an API key of the owner", keyOfBob],
])("%s", (_delegate, delegate) => {
  test.each([
    ["can_read", "sharer", "reader"],
    ["can_write", "editor", "sharer"],
  ])("opens a row for %s when that is his to hand on, and is denied when it isn't", async (flag, may, mayNot) => {
    expect(await (await delegate(may)).trial(share(flag))).toBe("allowed");
    expect(await (await delegate(mayNot)).trial(share(flag))).toBe("42501");
  });

  test("widens a share when that is his to hand on, and is denied when it isn't", async () => {
    const widen = `update todo_shares set can_write = true where todo_id = '${plants}'`;
    await as(bob).sql(`delete from todo_shares where todo_id = '${plants}'`);
    await as(bob).sql(share("can_read"));
    expect(await (await delegate("editor")).trial(widen)).toBe("allowed");
    expect(await (await delegate("sharer")).trial(widen)).toBe("42501");
    await as(bob).sql(`delete from todo_shares where todo_id = '${plants}'`);
  });
});
