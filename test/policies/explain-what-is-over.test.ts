/** In charge of the reason told for a grant that is over or still to come: of one that would give the feature to the person asked about. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const feature = "view_sales_page";

/** Who had what, and what is told of it at campus/chicago. */
const people: readonly (readonly [name: string, reason: string])[] = [
  ["late", "EXPIRED"],
  ["early", "NOT_YET"],
  ["left", "EXPIRED"],
  ["joining", "NOT_YET"],
  ["asleep", "GROUP_INACTIVE"],
  ["former", "EXPIRED"],
  // what others had, and what was denied, would not have given it
  ["nothing", "NOT_HELD"],
  ["undenied", "NOT_HELD"],
];
const of = (name: string) => `${name}@acme.test`;

beforeAll(async () => {
  for (const [name] of people) await arrange.user(of(name));
  const grant = { feature, scope: "campus/chicago" };
  await arrange.grant({ ...grant, user: of("late"), from: -60, until: -30 });
  await arrange.grant({ ...grant, user: of("early"), from: 3_600 });
  await arrange.grant({ ...grant, user: of("undenied"), effect: "deny", from: -60, until: -30 });
  for (const name of ["left", "joining", "asleep", "former"]) {
    await arrange.group({ name, members: [of(name)] });
    await arrange.grant({ ...grant, group: name, ...(name === "former" ? { from: -60, until: -30 } : {}) });
  }
  const during = (name: string, period: string) =>
    database.owner.query(
      `update iam.group_members set ${period} where group_id = (select id from iam.groups where name = $1)`,
      [name],
    );
  await during("left", "valid_from = now() - interval '2 days', valid_until = now() - interval '1 day'");
  await during("joining", "valid_from = now() + interval '1 day'");
  await database.owner.query("update iam.groups set is_active = false where name = 'asleep'");
});

describe("why somebody doesn't hold a feature", () => {
  test.each(people)("is told of %s: %s", async (name, reason) => {
    const answer = await as("erin@acme.test").value(
      "select iam.explain($1, 'campus/chicago', $2) ->> 'reason'",
      feature,
      of(name),
    );
    expect(answer).toBe(reason);
  });
});
