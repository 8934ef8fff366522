/** In charge of the world of a case: the people and places that all cases have, its rows, and what it is given besides. */
import { globalScope, type Period, type Scope, type Share, type User, type World } from "../../property/world.js";
import type { Case, CaseFile, Given, Place } from "./read-cases.js";

const always: Period = { from: null, until: null };

const tree: readonly Scope[] = [
  { id: "acme", tenant: "acme", type: "tenant", key: "acme", parent: null },
  { id: "chicago", tenant: "acme", type: "campus", key: "chicago", parent: "acme" },
  { id: "store", tenant: "acme", type: "store", key: "42", parent: "chicago" },
  { id: "miami", tenant: "acme", type: "campus", key: "miami", parent: "acme" },
  { id: "globex", tenant: "globex", type: "tenant", key: "globex", parent: null },
];
/** The places where a row can stand. */
export const places = tree.map((scope) => scope.id as Exclude<Place, "global">);

const members = { acme: ["ann", "ben", "cat", "zoe"], globex: ["gus"] } as const;
const people = [...members.acme, ...members.globex, "max"];
const tenantAt = (place: string) => tree.find((scope) => scope.id === place)?.tenant ?? "acme";

/** Everything that the case rests on. */
export function worldOf({ table, rows }: CaseFile, { given }: Pick<Case, "given">): World {
  const groups = select(given, "group");
  const isGroup = (name: string) => groups.some((group) => group.group === name);
  const to = (name: string) => (isGroup(name) ? { group: name } : { user: name });
  const states = select(given, "person");
  const is = (name: string, state: (typeof states)[number]["is"]) =>
    states.some((one) => one.person === name && one.is === state);
  return {
    tenants: ["acme", "globex"].map((id) => ({ id, isDeleted: id === "acme" && select(given, "tenant").length > 0 })),
    scopes: tree,
    users: people.map(
      (id): User => ({
        id,
        isActive: !is(id, "disabled"),
        isLocked: is(id, "locked"),
        mayLogIn: true,
        isService: false,
        isIdentityEnabled: !is(id, "without identity"),
        isProviderEnabled: true,
        selectedTenant: null,
      }),
    ),
    memberships: Object.entries(members).flatMap(([tenant, users]) =>
      users.map((user) => ({ tenant, user, isEnded: is(user, "no member any more") })),
    ),
    groups: groups.map(({ group, isActive }) => ({
      id: group,
      tenant: "acme",
      owner: null,
      isActive,
      membersSeeEachOther: false,
    })),
    groupMemberships: groups.flatMap(({ group, members: users, ...dates }) =>
      users.map((user) => ({ group, user, period: periodOf(dates) })),
    ),
    groupIncludes: groups.flatMap(({ group, inside }) =>
      inside === undefined ? [] : [{ group: inside, included: group }],
    ),
    refusedIncludes: [],
    features: [],
    roles: [],
    grants: [
      ...select(given, "grant").map((one) => ({ ...one, gives: { feature: one.grant }, effect: "allow" as const })),
      ...select(given, "role").map((one) => ({ ...one, gives: { role: one.role }, effect: "allow" as const })),
      ...select(given, "denial").map((one) => ({ ...one, gives: { feature: one.denial }, effect: "deny" as const })),
    ].map(({ gives, effect, to: name, at, ...dates }, n) => ({
      id: `grant${n}`,
      to: to(name),
      gives,
      scope: at === "global" ? globalScope.id : at,
      effect,
      period: periodOf(dates),
    })),
    apiKeys: select(given, "key").map(({ key, of, gives, until, isRevoked }) => ({
      id: key,
      tenant: "acme",
      owner: of,
      isRevoked,
      expires: until ?? null,
      gives: Object.entries(gives).map(([feature, scope]) => ({ feature, scope })),
    })),
    actings: [],
    rows: Object.entries(rows).flatMap(([id, row]) =>
      "owner" in row && table !== "sales"
        ? [
            {
              id,
              resource: table,
              tenant: tenantAt(row.at),
              owner: row.owner,
              scope: row.at,
              shares: sharesOf(id, given, to),
            },
          ]
        : [],
    ),
    sales: Object.entries(rows).flatMap(([id, row]) =>
      "campus" in row ? [{ id, tenant: tenantAt(row.in), campus: row.campus }] : [],
    ),
  };
}

function sharesOf(row: string, given: readonly Given[], to: (name: string) => Share["to"]): readonly Share[] {
  return select(given, "share")
    .filter((one) => one.share === row)
    .map((one, n) => ({
      id: `share ${n} of ${row}`,
      to: to(one.to),
      canRead: one.for.includes("read"),
      canWrite: one.for.includes("update"),
      canDelete: one.for.includes("delete"),
    }));
}

function periodOf({ from, until }: { readonly from?: number | undefined; readonly until?: number | undefined }) {
  return { ...always, from: from ?? null, until: until ?? null };
}

type Kind = Given extends infer One ? (One extends Given ? keyof One : never) : never;

function select<K extends Kind>(given: readonly Given[], kind: K): readonly Extract<Given, Record<K, unknown>>[] {
  return given.filter((one): one is Extract<Given, Record<K, unknown>> => kind in one);
}
