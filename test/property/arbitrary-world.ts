/**
 * In charge of random worlds. Each is drawn as flat lists of small numbers that are read modulo what there is, so that any
 * part can be left out and the rest still makes sense: that is what lets a failing world shrink to a few lines.
 */
import fc from "fast-check";
import { arrangeGroups, arrangeScopes } from "./arrange-trees.js";
import {
  type Acting,
  type ApiKey,
  type Grant,
  globalScope,
  type Membership,
  type Period,
  type Role,
  type Row,
  type World,
} from "./world.js";

const always: Period = { from: null, until: null };
const periods: readonly Period[] = [
  always,
  { from: -3600, until: 3600 },
  { from: -3600, until: null },
  { from: null, until: 3600 },
  { from: -7200, until: -3600 },
  { from: null, until: -1 },
  { from: 3600, until: null },
  { from: 3600, until: 7200 },
];

const productFeatures = [
  "*",
  "iam",
  "iam.groups",
  "iam.groups.read",
  "iam.impersonate",
  "iam.explain",
  "view_sales_page",
].concat(
  ["todos", "chats"].flatMap((name) => [
    name,
    ...["read", "create", "update", "delete", "share"].map((c) => `${name}.${c}`),
  ]),
  ["todos.audit"],
);
const ownFeatures = ["x", "x.a", "x.a.b", "x.c", "y"];

/** The roles that every database has (migration name_the_system_features), as far as these worlds can tell. */
export const systemRoles: readonly Role[] = [
  { id: "platform_admin", tenant: null, features: ["*"], includes: [] },
  { id: "tenant_owner", tenant: null, features: ["*"], includes: [] },
  {
    id: "auditor",
    tenant: null,
    features: ["iam.groups.read", "iam.explain", "todos.read", "todos.audit", "chats.read"],
    includes: [],
  },
];

const index = fc.nat(1000);
const rarely = fc.nat(11).map((n) => n === 11);
const half = fc.boolean();
const period = fc.oneof(
  { weight: 3, arbitrary: fc.constant(always) },
  { weight: 2, arbitrary: fc.constantFrom(...periods) },
);
const some = <T>(shape: fc.Arbitrary<T>, maxLength: number) => fc.array(shape, { maxLength, size: "max" });

const plan = fc.record({
  tenants: fc.array(rarely, { minLength: 1, maxLength: 3 }),
  scopes: some(fc.record({ tenant: index, parent: index, isCampus: half }), 9),
  users: fc.array(
    fc.record({
      disabled: rarely,
      locked: rarely,
      barred: rarely,
      service: rarely,
      identityOff: rarely,
      providerOff: rarely,
      selected: index,
    }),
    { minLength: 1, maxLength: 6, size: "max" },
  ),
  memberships: fc.array(fc.record({ user: index, tenant: index, ended: rarely }), {
    minLength: 1,
    maxLength: 10,
    size: "max",
  }),
  groups: some(fc.record({ tenant: index, owner: index, inactive: fc.nat(5).map((n) => n === 5), secretive: half }), 6),
  groupMemberships: some(fc.record({ group: index, member: index, period }), 8),
  groupIncludes: some(fc.record({ group: index, included: index }), 7),
  roles: some(
    fc.record({
      tenant: index,
      features: fc.array(index, { maxLength: 3 }),
      includes: fc.array(index, { maxLength: 2 }),
    }),
    4,
  ),
  grants: some(
    fc.record({
      to: index,
      scope: index,
      gives: index,
      role: half,
      group: half,
      deny: fc.nat(3).map((n) => n === 3),
      high: rarely,
      period,
    }),
    14,
  ),
  keys: some(
    fc.record({
      tenant: index,
      owner: index,
      revoked: rarely,
      expires: fc.constantFrom(null, null, null, 3600, 3600, -1),
      gives: fc.array(fc.record({ feature: index, scope: index, wide: half }), { maxLength: 3, size: "max" }),
    }),
    3,
  ),
  actings: some(fc.record({ tenant: index, actor: index, user: index, entitled: fc.nat(3) }), 3),
  rows: some(
    fc.record({
      chat: fc.nat(2).map((n) => n === 2),
      owner: index,
      scope: index,
      shares: fc.array(fc.record({ to: index, group: half, read: half, write: half, remove: half }), { maxLength: 3 }),
    }),
    14,
  ),
  sales: some(fc.record({ tenant: index, campus: index }), 6),
});
type Plan = typeof plan extends fc.Arbitrary<infer Shape> ? Shape : never;

/** Worlds of up to 3 tenants, 6 users and 20 rows, with everything that the decision speaks of. */
export const arbitraryWorld: fc.Arbitrary<World> = plan.map(toWorld);

function toWorld(drawn: Plan): World {
  const tenants = drawn.tenants.map((isDeleted, n) => ({ id: `t${n}`, isDeleted: isDeleted && n > 0 }));
  const scopes = arrangeScopes(
    tenants.map((tenant) => tenant.id),
    drawn.scopes,
  );
  const tenantAt = (n: number) => pick(tenants, n).id;
  const userNames = drawn.users.map((_, n) => `u${n}`);
  const memberships = distinct(
    drawn.memberships.map((m) => ({ user: pick(userNames, m.user), tenant: tenantAt(m.tenant), isEnded: m.ended })),
    (m) => `${m.user} ${m.tenant}`,
  );
  const memberOf = (tenant: string, n: number) =>
    pickOrNone(
      memberships.filter((m) => m.tenant === tenant),
      n,
    )?.user;
  const users = drawn.users.map((u, n) => ({
    id: pick(userNames, n),
    isActive: !u.disabled,
    isLocked: u.locked,
    mayLogIn: !u.barred,
    isService: u.service,
    isIdentityEnabled: !u.identityOff,
    isProviderEnabled: !u.providerOff,
    selectedTenant: chosenTenant(
      memberships.filter((m) => m.user === `u${n}`),
      u.selected,
    ),
  }));
  const groups = drawn.groups.map((g, n) => ({
    id: `g${n}`,
    tenant: tenantAt(g.tenant),
    owner: g.owner % 3 === 0 ? null : (memberOf(tenantAt(g.tenant), g.owner) ?? null),
    isActive: !g.inactive,
    membersSeeEachOther: !g.secretive,
  }));
  const links = arrangeGroups(groups, drawn.groupIncludes);
  const groupMemberships = distinct(
    drawn.groupMemberships.flatMap((m) => {
      const group = pickOrNone(groups, m.group);
      const user = group && memberOf(group.tenant, m.member);
      return group && user ? [{ group: group.id, user, period: m.period }] : [];
    }),
    (m) => `${m.group} ${m.user}`,
  );
  const features = [...productFeatures, ...ownFeatures];
  const roles = arrangeRoles(
    drawn.roles.map((r) => ({ ...r, tenant: r.tenant % 4 === 3 ? null : tenantAt(r.tenant) })),
    features,
  );
  const world = { tenants, scopes, users, memberships, groups, groupMemberships, ...links, features, roles };
  const actings = arrangeActings(world, drawn.actings);
  const grants = [
    ...drawn.grants.flatMap((g, n) => arrangeGrant(world, g, `a${n}`)),
    ...actings.flatMap(({ acting, isEntitled }, n) => (isEntitled ? grantsOfActing(world, acting, `i${n}`) : [])),
  ];
  const apiKeys = arrangeKeys(world, drawn.keys);
  return {
    ...world,
    grants,
    apiKeys,
    actings: actings.map(({ acting }) => acting),
    rows: arrangeRows(world, drawn.rows),
    sales: arrangeSales(world, drawn.sales),
  };
}

type Cast = Omit<World, "grants" | "apiKeys" | "actings" | "rows" | "sales">;

function chosenTenant(memberships: readonly Membership[], n: number): string | null {
  return n % 3 === 0 ? (pickOrNone(memberships, n)?.tenant ?? null) : null;
}

function arrangeRoles(
  drawn: ReadonlyArray<{ tenant: string | null; features: readonly number[]; includes: readonly number[] }>,
  features: readonly string[],
): readonly Role[] {
  // a role includes only earlier ones, of its own tenant or the system's: no circles, nothing foreign
  const roles: Role[] = [...systemRoles];
  for (const [n, role] of drawn.entries()) {
    const includable = roles.filter((other) => other.tenant === null || other.tenant === role.tenant);
    roles.push({
      id: `r${n}`,
      tenant: role.tenant,
      features: distinct(
        role.features.map((f) => pick(features, f)),
        (code) => code,
      ),
      includes: distinct(
        role.includes.map((i) => pick(includable, i).id),
        (id) => id,
      ),
    });
  }
  return roles;
}

function arrangeGrant(world: Cast, drawn: Plan["grants"][number], id: string): readonly Grant[] {
  const scope = drawn.high ? globalScope : pick(world.scopes, drawn.scope);
  const toUser =
    scope.tenant === null
      ? pick(world.users, drawn.to).id
      : pickOrNone(
          world.memberships.filter((m) => m.tenant === scope.tenant),
          drawn.to,
        )?.user;
  const toGroup = pickOrNone(
    world.groups.filter((group) => group.tenant === scope.tenant),
    drawn.to,
  )?.id;
  const to = drawn.group && toGroup !== undefined ? { group: toGroup } : toUser !== undefined && { user: toUser };
  if (!to) return [];
  const roles = world.roles.filter((role) => role.tenant === null || role.tenant === scope.tenant);
  const gives = drawn.role ? { role: pick(roles, drawn.gives).id } : { feature: pick(world.features, drawn.gives) };
  return [
    { id, to, gives, scope: scope.id, effect: drawn.deny && "user" in to ? "deny" : "allow", period: drawn.period },
  ];
}

function arrangeKeys(world: Cast, drawn: Plan["keys"]): readonly ApiKey[] {
  return drawn.flatMap((key, n) => {
    const tenant = pick(world.tenants, key.tenant).id;
    const scopes = world.scopes.filter((scope) => scope.tenant === tenant);
    const owner = pickOrNone(
      world.memberships.filter((m) => m.tenant === tenant),
      key.owner,
    )?.user;
    if (owner === undefined) return [];
    const gives = key.gives.map((given) => ({
      feature: pick(world.features, given.feature),
      scope: given.wide ? `${tenant}root` : pick(scopes, given.scope).id,
    }));
    const id = `key${n}`;
    return [
      { id, tenant, owner, isRevoked: key.revoked, expires: key.expires, gives: distinct(gives, JSON.stringify) },
    ];
  });
}

function arrangeActings(world: Cast, drawn: Plan["actings"]) {
  const actings = drawn.map(({ tenant: drawnTenant, entitled, ...who }) => {
    const tenant = pick(world.tenants, drawnTenant).id;
    const alive = world.users.filter((one) => one.isActive && !one.isLocked && one.mayLogIn).map((one) => one.id);
    const members = world.memberships
      .filter((m) => m.tenant === tenant && !m.isEnded && alive.includes(m.user))
      .map((m) => m.user);
    // mostly those who may be acted as, by those who may act
    const everybody = entitled > 1 && members.length > 0 ? members : world.users.map((one) => one.id);
    const actor = pick(everybody, who.actor);
    // mostly as somebody else, who may hold more
    const others = everybody.filter((one) => one !== actor);
    const user = pick(entitled > 0 && others.length > 0 ? others : everybody, who.user);
    return { acting: { tenant, actor, user }, isEntitled: entitled > 0 };
  });
  const isHome = ({ actor, tenant }: Acting) => world.memberships.some((m) => m.user === actor && m.tenant === tenant);
  return distinct(
    actings.map(({ acting, isEntitled }) => ({ acting, isEntitled: isEntitled && isHome(acting) })),
    ({ acting }) => JSON.stringify(acting),
  );
}

// Whoever acts, and the other who holds what the actor may lack.
function grantsOfActing({ memberships }: Cast, { tenant, actor, user }: Acting, id: string): readonly Grant[] {
  const given = (who: string, feature: string): Grant => ({
    id: `${id}${who}`,
    to: { user: who },
    gives: { feature },
    scope: `${tenant}root`,
    effect: "allow",
    period: always,
  });
  const isOther = actor !== user && memberships.some((m) => m.user === user && m.tenant === tenant);
  return [given(actor, "iam.impersonate"), ...(isOther ? [given(user, "todos")] : [])];
}

function arrangeRows(world: Cast, drawn: Plan["rows"]): readonly Row[] {
  return drawn.flatMap((row, n) => {
    const scope = pick(world.scopes, row.scope);
    const members = world.memberships.filter((m) => m.tenant === scope.tenant).map((m) => m.user);
    const groups = world.groups.filter((group) => group.tenant === scope.tenant).map((group) => group.id);
    const owner = pickOrNone(members, row.owner);
    if (owner === undefined || scope.tenant === null) return [];
    const shares = row.shares.flatMap((share) => {
      const group = share.group ? pickOrNone(groups, share.to) : undefined;
      const to = group === undefined ? { user: pick(members, share.to) } : { group };
      return [{ to, canRead: share.read, canWrite: share.write, canDelete: share.remove }];
    });
    return [
      {
        id: `row${n}`,
        resource: row.chat ? ("chats" as const) : ("todos" as const),
        tenant: scope.tenant,
        owner,
        scope: scope.id,
        shares: distinct(shares, (share) => JSON.stringify(share.to)).map((share, k) => ({
          id: `row${n}share${k}`,
          ...share,
        })),
      },
    ];
  });
}

function arrangeSales(world: Cast, drawn: Plan["sales"]) {
  return drawn.map((sale, n) => {
    const tenant = pick(world.tenants, sale.tenant).id;
    // also campuses of other tenants, and ones that are no scope at all
    return { id: `sale${n}`, tenant, campus: sale.campus % 7 === 6 ? "nowhere" : pick(world.scopes, sale.campus).key };
  });
}

function pickOrNone<T>(list: readonly T[], n: number): T | undefined {
  return list[n % Math.max(1, list.length)];
}

function pick<T>(list: readonly T[], n: number): T {
  const found = pickOrNone(list, n);
  if (found === undefined) throw new RangeError("There is nothing to pick from.");
  return found;
}

function distinct<T>(list: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(list.map((item) => [keyOf(item), item])).values()];
}
