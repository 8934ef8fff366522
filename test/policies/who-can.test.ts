/**
 * In charge of who stands in a list of everybody who may: whoever holds it by what is live, and a session opens for. Behind
 * it stand iam.holders, iam.live_grants_at, iam.members_of, iam.denied_among, iam.active_users, iam.active_among, iam.chains
 * and iam.ways_through_groups.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger, type GrantToArrange } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const run = (sql: string, ...values: unknown[]) => database.owner.query(sql, values);

const over = { from: -20, until: -10 };
const later = { from: 1_000 };

/** What is true of somebody, who holds `ledger.read` at chicago but for that. */
interface Person {
  readonly email: string;
  readonly isListed: boolean;
  readonly grants?: readonly Partial<GrantToArrange>[];
  readonly update?: string;
  readonly hasLeft?: boolean;
}

const globally = (grant: Partial<GrantToArrange> = {}) => ({ feature: "ledger.other", scope: "global/all", ...grant });
const people: readonly Person[] = [
  { email: "member", isListed: true },
  { email: "twice", isListed: true, grants: [{}, { scope: "tenant/acme" }, globally()] },
  { email: "locked", isListed: false, update: "is_locked = true" },
  { email: "inactive", isListed: false, update: "is_active = false" },
  { email: "left", isListed: false, hasLeft: true },
  { email: "left-platform", isListed: true, hasLeft: true, grants: [{}, globally()] },
  { email: "left-over", isListed: false, hasLeft: true, grants: [{}, globally(over)] },
  { email: "left-later", isListed: false, hasLeft: true, grants: [{}, globally(later)] },
  { email: "left-denied", isListed: false, hasLeft: true, grants: [{}, globally({ effect: "deny" })] },
  { email: "left-locked", isListed: false, hasLeft: true, grants: [{}, globally()], update: "is_locked = true" },
  { email: "left-inactive", isListed: false, hasLeft: true, grants: [{}, globally()], update: "is_active = false" },
  { email: "over", isListed: false, grants: [over] },
  { email: "later", isListed: false, grants: [later] },
  { email: "over-by-role", isListed: false, grants: [{ role: "keeper", ...over }] },
  { email: "by-role", isListed: true, grants: [{ role: "keeper" }] },
  { email: "denied", isListed: false, grants: [{}, { effect: "deny" }] },
  { email: "denied-by-role", isListed: false, grants: [{}, { role: "keeper", effect: "deny" }] },
  { email: "denied-above", isListed: false, grants: [{}, { scope: "tenant/acme", effect: "deny" }] },
  { email: "denied-before", isListed: true, grants: [{}, { effect: "deny", ...over }] },
  { email: "denied-below", isListed: true, grants: [{}, { scope: "store/42", effect: "deny" }] },
  { email: "denied-other", isListed: true, grants: [{}, { feature: "ledger.other", effect: "deny" }] },
  { email: "elsewhere", isListed: false, grants: [{ scope: "campus/miami" }] },
  { email: "other-feature", isListed: false, grants: [{ feature: "ledger.other" }] },
  { email: "other-role", isListed: false, grants: [{ role: "stranger" }] },
  { email: "above", isListed: true, grants: [{ feature: "ledger", scope: "tenant/acme" }] },
  { email: "in-group", isListed: true, grants: [] },
  { email: "in-group-denied", isListed: false, grants: [{ effect: "deny" }] },
  { email: "in-group-before", isListed: false, grants: [] },
];
const mailOf = (name: string) => `${name}@acme.test`;

beforeAll(async () => {
  for (const feature of ["ledger", "ledger.read", "ledger.other"]) await arrange.feature(feature);
  await arrange.role({ code: "keeper", features: ["ledger.read"] });
  await arrange.role({ code: "stranger", features: ["ledger.other"] });
  for (const { email, grants = [{}], update, hasLeft } of people) {
    const id = await arrange.user(mailOf(email));
    for (const grant of grants) {
      const what = grant.role === undefined ? { feature: "ledger.read" } : {};
      await arrange.grant({ user: mailOf(email), scope: "campus/chicago", ...what, ...grant });
    }
    if (update !== undefined) await run(`update iam.users set ${update} where id = $1`, id);
    if (hasLeft === true) await run("update iam.tenant_members set deleted_at = now() where user_id = $1", id);
  }
  await arrange.group({ name: "inner", members: ["in-group", "in-group-denied", "in-group-before"].map(mailOf) });
  await arrange.group({ name: "outer", includes: ["inner"] });
  await arrange.grant({ group: "outer", feature: "ledger.read", scope: "campus/chicago" });
  await run(
    "update iam.group_members set valid_until = now() - interval '1 minute' where user_id = (select id from iam.users where email = $1)",
    mailOf("in-group-before"),
  );
});

const listed = people.filter(({ isListed }) => isListed).map(({ email }) => mailOf(email));
const emailsOf = async (ids: readonly string[]): Promise<readonly string[]> => {
  const { rows } = await run(
    "select email from unnest($1::uuid[]) l (id) join iam.users u using (id) order by email",
    ids,
  );
  return rows.map(({ email }) => email).filter((email) => people.some((person) => mailOf(person.email) === email));
};

describe("everybody who holds a feature at a scope", () => {
  test("is listed once, and nobody else is", async () => {
    const rows = await as("erin@acme.test").read<{ id: string }>(
      "select iam.users_who_can('ledger.read', 'campus/chicago') as id",
    );
    expect(await emailsOf(rows.map(({ id }) => id))).toEqual(listed.toSorted());
  });

  test("has a way that is told, and nobody else has", async () => {
    const everybody = (await run("select array_agg(id) as ids from iam.users")).rows[0]?.ids;
    const rows = await as("erin@acme.test").read<{ id: string; chain: readonly { label: string }[] }>(
      "select user_id as id, chain from iam.how_they_can($1::uuid[], 'ledger.read', 'campus/chicago')",
      everybody,
    );
    expect(await emailsOf(rows.map(({ id }) => id))).toEqual(listed.toSorted());
    const chains = rows.map(({ chain }) => chain.map(({ label }) => label).join(" "));
    expect(chains).toContain("in-group@acme.test inner outer ledger.read campus/chicago");
    expect(chains).toContain("by-role@acme.test keeper ledger.read campus/chicago");
  });

  test.each([
    "iam.users_who_can('ledger.read', 'campus/chicago')",
    "iam.how_they_can('{}', 'ledger.read', 'campus/chicago')",
  ])("is denied to who may not explain there: %s", async (call) => {
    await arrange.grant({ user: mailOf("member"), feature: "iam.explain", scope: "campus/miami" });
    expect(await as(mailOf("member")).outcome(`select from ${call}`)).toBe("52109");
    expect(await as("erin@acme.test").trial(`select from ${call}`)).toBe("allowed");
  });
});
