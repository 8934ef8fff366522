/**
 * In charge of the users, tenants, scopes, roles and groups that somebody may know of, name by name: by himself, by his API
 * key, and by whoever acts as him. The policies and the functions that resolve a reference stand on these sets.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { arrangeKey } from "../support/api-keys.js";
import { arranger } from "../support/arrange.js";
import { type SqlCaller, useCallers } from "../support/callers.js";

const { as, keyed, database } = useCallers();
const arrange = arranger(database);
const of = (name: string) => `${name}@acme.test`;
const keys = new Map<string, string>();

/** Each set, as the function that gives it, and what its members are called. */
const sets = {
  users: ["readable_users", "users", "email"],
  tenants: ["readable_tenants", "tenants", "slug"],
  scopes: ["readable_scopes", "scopes", "type || '/' || key"],
  roles: ["readable_roles", "roles", "code"],
  groups: ["readable_groups", "groups", "name"],
  "own groups": ["caller_groups", "groups", "name"],
  "members of": ["groups_showing_members", "groups", "name"],
} as const;

const callers: Readonly<Record<string, () => SqlCaller>> = {
  mia: () => as(of("mia"), { tenant: "acme" }),
  "mia's bare key": () => keyed(keys.get("bare") ?? ""),
  "mia's reading key": () => keyed(keys.get("reading") ?? ""),
  "zoe as mia": () => as(of("zoe"), { tenant: "acme", actAs: of("mia") }),
  "a reader": () => as(of("reader"), { tenant: "acme" }),
  "a visitor": () => as(of("visitor"), { tenant: "acme" }),
  "zoe as the visitor": () => as(of("zoe"), { tenant: "acme", actAs: of("visitor") }),
  "who is in every tenant": () => as(of("everywhere"), { tenant: "acme" }),
};

/** Who knows, and doesn't know, of what. */
const cases: ReadonlyArray<readonly [who: string, set: keyof typeof sets, known: string, hidden: string]> = [
  ["mia", "users", "mia nick owen quin", "past coming pat former gina bob"],
  ["mia's bare key", "users", "mia", "nick owen quin bob"],
  ["mia's reading key", "users", "mia nick owen quin", "past pat gina bob"],
  ["zoe as mia", "users", "mia nick owen", "quin pat"],
  ["a reader", "users", "reader mia nick owen pat bob", "former gina"],
  ["who is in every tenant", "users", "everywhere mia", "former gina"],
  ["mia", "tenants", "acme globex", "left ended"],
  ["mia's bare key", "tenants", "acme", "globex left"],
  ["zoe as mia", "tenants", "acme", "globex left"],
  ["who is in every tenant", "tenants", "acme globex left", "ended"],
  [
    "mia",
    "scopes",
    "tenant/acme campus/chicago store/42",
    "campus/miami campus/denied tenant/globex depot/9 global/all",
  ],
  ["mia's bare key", "scopes", "tenant/acme store/42", "campus/chicago campus/miami"],
  ["mia's reading key", "scopes", "tenant/acme campus/chicago store/42", "campus/miami"],
  ["a visitor", "scopes", "global/all tenant/acme campus/miami", "tenant/globex depot/9"],
  ["zoe as the visitor", "scopes", "tenant/acme campus/miami", "global/all"],
  ["mia", "roles", "finance_officer by_group inner", "over others by_another abroad"],
  ["mia's bare key", "roles", "", "finance_officer by_group"],
  ["mia's reading key", "roles", "finance_officer by_group inner", "over"],
  ["zoe as mia", "roles", "by_group inner", "finance_officer"],
  ["a reader", "roles", "over others by_another", "abroad"],
  ["mia", "groups", "Visible Blind Mine", "Others Abroad"],
  ["mia's bare key", "groups", "", "Visible Blind Mine"],
  ["mia's reading key", "groups", "Visible Blind Mine", "Others"],
  ["zoe as mia", "groups", "Visible", "Blind Mine"],
  ["a reader", "groups", "Visible Blind Mine Others", "Abroad"],
  ["mia", "own groups", "Visible Blind", "Mine Others Abroad"],
  ["mia", "members of", "Visible Mine", "Blind Abroad Others"],
  ["mia's bare key", "members of", "", "Visible Mine"],
  ["mia's reading key", "members of", "Visible Mine", "Blind"],
  ["zoe as mia", "members of", "Visible", "Mine"],
  ["a reader", "members of", "Visible Blind Mine Others", "Abroad"],
];

beforeAll(async () => {
  for (const slug of ["left", "ended"])
    await as("ada@portcullis.test").sql("select iam.create_tenant($1, 'T', 'ada@portcullis.test')", slug);
  await arrange.user(of("mia"), ["acme", "globex", "left", "ended"]);
  for (const name of ["nick", "owen", "past", "coming", "pat", "former", "quin", "zoe", "reader", "visitor"])
    await arrange.user(of(name));
  await arrange.user(of("gina"), ["globex"]);
  await arrange.user(of("everywhere"), []);

  await arrange.group({
    name: "Visible",
    owner: of("owen"),
    members: ["mia", "nick", "past", "coming", "zoe"].map(of),
  });
  await arrange.group({ name: "Blind", owner: of("owen"), members: ["mia", "pat"].map(of) });
  await arrange.group({ name: "Mine", owner: of("mia"), members: [of("quin")] });
  await arrange.group({ name: "Others", members: ["pat", "bob"].map(of) });
  await arrange.group({ name: "Abroad", tenant: "globex", owner: of("mia"), members: ["mia", "gina"].map(of) });
  for (const statement of [
    "update iam.groups set members_see_each_other = false where name = 'Blind'",
    "update iam.tenants set deleted_at = now() where slug = 'ended'",
    "update iam.tenant_members m set deleted_at = now() from iam.users u where u.id = m.user_id and u.email = 'former@acme.test'",
    `update iam.tenant_members m set deleted_at = now() from iam.users u, iam.tenants t
     where u.id = m.user_id and u.email = 'mia@acme.test' and t.id = m.tenant_id and t.slug = 'left'`,
    `update iam.group_members m set valid_from = now() - interval '2 days', valid_until = now() - interval '1 day'
     from iam.users u where u.id = m.user_id and u.email = 'past@acme.test'`,
    "update iam.group_members m set valid_from = now() + interval '1 day' from iam.users u where u.id = m.user_id and u.email = 'coming@acme.test'",
  ])
    await database.owner.query(statement);

  await arrange.scope("tenant/acme", "campus", "denied");
  await arrange.scope("tenant/globex", "depot", "9", "globex");
  await arrange.role({ code: "inner" });
  await arrange.role({ code: "by_group", includes: ["inner"] });
  for (const code of ["over", "others", "by_another"]) await arrange.role({ code });
  await arrange.role({ code: "abroad", tenant: "globex" });

  const mia = { user: of("mia") };
  await arrange.grant({ ...mia, role: "finance_officer", scope: "campus/chicago" });
  await arrange.grant({ ...mia, feature: "todos", scope: "campus/miami", from: -60, until: -30 });
  await arrange.grant({ ...mia, feature: "todos", scope: "campus/denied", effect: "deny" });
  await arrange.grant({ ...mia, role: "over", scope: "tenant/acme", from: -60, until: -30 });
  await arrange.grant({ ...mia, role: "abroad", scope: "depot/9", tenant: "globex" });
  await arrange.grant({ group: "Visible", role: "by_group", scope: "store/42" });
  await arrange.grant({ group: "Others", role: "by_another", scope: "campus/miami" });
  await arrange.grant({ user: of("pat"), role: "others", scope: "campus/miami" });
  await arrange.grant({ user: of("reader"), feature: "iam", scope: "tenant/acme" });
  await arrange.grant({ user: of("everywhere"), feature: "iam", scope: "global/all" });
  await arrange.grant({ user: of("zoe"), feature: "iam.impersonate", scope: "tenant/acme" });
  await arrange.grant({ user: of("visitor"), feature: "todos", scope: "global/all" });
  const reading = ["iam.users.read", "iam.groups.read", "iam.roles.read", "iam.scopes.read"];
  for (const [name, user, given] of [
    ["bare", of("mia"), [["todos.read", "store/42"]]],
    ["reading", of("mia"), reading.map((code) => [code, "tenant/acme"] as const)],
    ["somebody's", "bob@acme.test", [["todos.read", "campus/chicago"]]],
  ] as const)
    keys.set(name, (await arrangeKey(database, { user, given })).text);
});

async function knows(who: string, set: keyof typeof sets): Promise<readonly string[]> {
  const [gives, table, label] = sets[set];
  const ids = await callers[who]?.().read<{ id: string }>(`select iam.${gives}() as id`);
  const { rows } = await database.owner.query<{ label: string }>(
    `select ${label} as label from iam.${table} where id = any ($1)`,
    [ids?.map(({ id }) => id)],
  );
  return rows.map((row) => row.label.replace(/@acme\.test$/, ""));
}

describe("who sees what", () => {
  test.each(cases)("%s, of the %s, is told of %s, and hides %s", async (who, set, known, hidden) => {
    const told = await knows(who, set);
    const names = known.split(" ").filter(Boolean);
    expect(told.filter((name) => [...names, ...hidden.split(" ")].includes(name)).sort()).toEqual(names.sort());
  });
});
