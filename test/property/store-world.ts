/** In charge of writing a world into a database, through the owner's connection: arranging, never deciding. */
import { createHash } from "node:crypto";
import type pg from "pg";
import { mintPublicId, mintSecret } from "../../src/api-key.js";
import type { ApiKey, Group, GroupInclude, Scope, World } from "./world.js";

/** A world in a database: how its short names are called there. Many worlds stand in one database side by side. */
export interface StoredWorld {
  readonly world: World;
  /** The uuid that stands for a short name. */
  id(name: string): string;
  /** The code that stands for a feature; the product's own keep theirs. */
  featureCode(feature: string): string;
  slug(tenant: string): string;
  /** A scope as its type and key. */
  place(scope: Scope): readonly [string, string];
  issuerOf(user: string): string;
  /** An API key as it is shown, and as the database knows it. */
  keyOf(apiKey: string): StoredKey;
}

/** An API key with its secret. */
export interface StoredKey {
  readonly publicId: string;
  readonly secretHash: string;
  /** The whole of it, for the header. */
  readonly text: string;
}

/** The providers of all stored worlds. */
export const enabledIssuer = "https://proof.test/enabled";
/** The provider whose identities open no session. */
export const disabledIssuer = "https://proof.test/disabled";

const isOwnFeature = (code: string) => /^[xy](\.|$)/.test(code);

/** Writes the world beside what is there, under a label that no other world of the database has. */
export async function storeWorld(owner: pg.Pool, world: World, label: string): Promise<StoredWorld> {
  const stored = name(world, label);
  const client = await owner.connect();
  try {
    await client.query("begin");
    await ensureShared(client);
    const system = await readSystemIds(client);
    const names = { ...stored, id: (short: string) => system.get(short) ?? stored.id(short) };
    for (const [table, rows] of tablesOf(world, names)) await insert(client, table, rows);
    await requireRefused(client, world.refusedIncludes, names);
    await client.query("commit");
    return names;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

function name(world: World, label: string): StoredWorld {
  const slug = (tenant: string) => `${label}-${tenant}`;
  const keys = new Map(world.apiKeys.map((key) => [key.id, mintKey()]));
  return {
    world,
    keyOf: (apiKey) => keys.get(apiKey) ?? mintKey(),
    id: (short) => uuidOf(`${label}/${short}`),
    featureCode: (feature) => (isOwnFeature(feature) ? `${label}_${feature}` : feature),
    slug,
    place: (scope) => [scope.type, scope.type === "tenant" && scope.tenant !== null ? slug(scope.tenant) : scope.key],
    issuerOf: (user) =>
      world.users.some((u) => u.id === user && u.isProviderEnabled) ? enabledIssuer : disabledIssuer,
  };
}

function mintKey(): StoredKey {
  const publicId = mintPublicId();
  const { secretHash, keyFor } = mintSecret();
  return { publicId, secretHash, text: keyFor(publicId) };
}

function uuidOf(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function ensureShared(client: pg.PoolClient): Promise<void> {
  await client.query(`
    select pg_advisory_xact_lock(42);
    insert into iam.providers (code, name, issuer, audience, algorithms, is_enabled)
    values ('proof_on', 'Proof', '${enabledIssuer}', '{portcullis}', '{ES256}', true),
           ('proof_off', 'Proof', '${disabledIssuer}', '{portcullis}', '{ES256}', false)
    on conflict do nothing;
    insert into iam.features (code, parent_id)
    select 'view_sales_page', id from iam.features where code = '*'
    on conflict (code) do nothing`);
}

async function readSystemIds(client: pg.PoolClient): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ name: string; id: string }>(`
    select code as name, id from iam.roles where tenant_id is null and code in ('platform_admin', 'tenant_owner', 'auditor')
    union all
    select 'feature ' || code, id from iam.features
    union all
    select 'provider ' || issuer, id from iam.providers
    union all
    select 'global', id from iam.scopes where tenant_id is null`);
  return new Map(rows.map((row) => [row.name, row.id]));
}

type Rows = readonly Readonly<Record<string, unknown>>[];

function tablesOf(world: World, names: StoredWorld): ReadonlyArray<readonly [string, Rows]> {
  const { id } = names;
  const tenantOfGroup = (group: string) => id(world.groups.find((g) => g.id === group)?.tenant ?? "");
  const roles = world.roles.filter((role) => role.id.startsWith("r"));
  const orNull = (short: string | null) => (short === null ? null : id(short));
  const feature = (code: string) => id(`feature ${names.featureCode(code)}`);
  return [
    [
      "iam.users",
      world.users.map((u) => ({
        id: id(u.id),
        email: `${id(u.id)}@proof.test`,
        is_active: u.isActive,
        is_locked: u.isLocked,
        may_log_in: u.mayLogIn,
        is_service: u.isService,
        is_system: false,
      })),
    ],
    [
      "iam.identities",
      world.users.map((u) => ({
        id: id(`identity of ${u.id}`),
        provider_id: id(`provider ${names.issuerOf(u.id)}`),
        subject: id(u.id),
        user_id: id(u.id),
        is_enabled: u.isIdentityEnabled,
      })),
    ],
    [
      "iam.tenants",
      world.tenants.map((t) => ({
        id: id(t.id),
        slug: names.slug(t.id),
        name: t.id,
        deleted_at: t.isDeleted ? "2026-01-01" : null,
      })),
    ],
    [
      "iam.tenant_members",
      world.memberships.map((m) => ({
        tenant_id: id(m.tenant),
        user_id: id(m.user),
        deleted_at: m.isEnded ? "2026-01-01" : null,
      })),
    ],
    ...world.users
      .filter((u) => u.selectedTenant !== null)
      .map((u) => ["select", [{ id: id(u.id), tenant: orNull(u.selectedTenant) }]] as const),
    [
      "iam.scopes",
      world.scopes.map((s) => {
        const [type, key] = names.place(s);
        return { id: id(s.id), tenant_id: orNull(s.tenant), parent_id: orNull(s.parent), type, key };
      }),
    ],
    // a parent stands before its children
    [
      "iam.features",
      world.features.filter(isOwnFeature).map((code) => ({
        id: feature(code),
        code: names.featureCode(code),
        is_assignable: true,
        is_system: false,
        sort_order: 0,
        parent_id: code.includes(".") ? feature(code.replace(/\.[^.]*$/, "")) : feature("*"),
      })),
    ],
    [
      "iam.roles",
      roles.map((r) => ({
        id: id(r.id),
        tenant_id: orNull(r.tenant),
        code: r.tenant === null ? id(r.id).replace(/^/, "r") : r.id,
        name: r.id,
        is_assignable: true,
      })),
    ],
    [
      "iam.role_features",
      roles.flatMap((r) =>
        r.features.map((code) => ({
          role_id: id(r.id),
          feature_id: feature(code),
          tenant_id: orNull(r.tenant),
        })),
      ),
    ],
    [
      "iam.role_includes",
      roles.flatMap((r) =>
        r.includes.map((included) => ({
          role_id: id(r.id),
          included_role_id: id(included),
          tenant_id: orNull(r.tenant),
        })),
      ),
    ],
    ["iam.groups", world.groups.map((g) => groupRow(g, names))],
    ["iam.group_includes", world.groupIncludes.map((link) => includeRow(link, names, tenantOfGroup))],
    [
      "iam.group_members",
      world.groupMemberships.map((m) => ({
        tenant_id: tenantOfGroup(m.group),
        group_id: id(m.group),
        user_id: id(m.user),
        source: "manual",
        ...dates(m.period),
      })),
    ],
    [
      "iam.grants",
      world.grants.map((g) => ({
        id: id(g.id),
        tenant_id: orNull(world.scopes.find((s) => s.id === g.scope)?.tenant ?? null),
        scope_id: id(g.scope),
        user_id: "user" in g.to ? id(g.to.user) : null,
        group_id: "group" in g.to ? id(g.to.group) : null,
        role_id: "role" in g.gives ? id(g.gives.role) : null,
        feature_id: "feature" in g.gives ? feature(g.gives.feature) : null,
        effect: g.effect,
        ...dates(g.period),
      })),
    ],
    ["iam.api_keys", world.apiKeys.map((key) => keyRow(key, names))],
    [
      "iam.api_key_grants",
      world.apiKeys.flatMap((key) =>
        key.gives.map((given) => ({
          tenant_id: id(key.tenant),
          api_key_id: id(key.id),
          feature_id: feature(given.feature),
          scope_id: id(given.scope),
        })),
      ),
    ],
    ...(["todos", "chats"] as const).flatMap((resource) => {
      const rows = world.rows.filter((row) => row.resource === resource);
      const [one, text] = resource === "todos" ? ["todo", "title"] : ["chat", "message"];
      return [
        [
          `public.${resource}`,
          rows.map((r) => ({
            id: id(r.id),
            tenant_id: id(r.tenant),
            owner_id: id(r.owner),
            scope_id: id(r.scope),
            [text]: r.id,
            ...(resource === "todos" ? { done: false, internal_note: `note of ${r.id}` } : {}),
          })),
        ],
        [
          `public.${one}_shares`,
          rows.flatMap((r) =>
            r.shares.map((s) => ({
              id: id(s.id),
              tenant_id: id(r.tenant),
              [`${one}_id`]: id(r.id),
              user_id: "user" in s.to ? id(s.to.user) : null,
              group_id: "group" in s.to ? id(s.to.group) : null,
              can_read: s.canRead,
              can_write: s.canWrite,
              can_delete: s.canDelete,
            })),
          ),
        ],
      ] as const;
    }),
    ["public.sales", world.sales.map((s) => ({ id: id(s.id), tenant_id: id(s.tenant), campus: s.campus, amount: 1 }))],
  ];
}

function groupRow(g: Group, { id }: StoredWorld) {
  return {
    id: id(g.id),
    tenant_id: id(g.tenant),
    name: g.id,
    owner_id: g.owner === null ? null : id(g.owner),
    is_active: g.isActive,
    members_see_each_other: g.membersSeeEachOther,
    type: "internal",
    is_locked: false,
    is_assignable: true,
    is_system: false,
    members_manage_each_other: g.membersManageEachOther ?? false,
  };
}

function keyRow(key: ApiKey, { id, keyOf }: StoredWorld) {
  const { publicId, secretHash } = keyOf(key.id);
  return {
    id: id(key.id),
    tenant_id: id(key.tenant),
    user_id: id(key.owner),
    name: key.id,
    public_id: publicId,
    secret_hash: `\\x${secretHash}`,
    expires_at: dates({ from: null, until: key.expires }).valid_until,
    revoked_at: key.isRevoked ? "2026-01-01" : null,
  };
}

function includeRow(link: GroupInclude, { id }: StoredWorld, tenantOf: (group: string) => string) {
  return { tenant_id: tenantOf(link.group), group_id: id(link.group), included_group_id: id(link.included) };
}

function dates({ from, until }: { readonly from: number | null; readonly until: number | null }) {
  const at = (seconds: number | null) =>
    seconds === null ? null : new Date(Date.now() + seconds * 1000).toISOString();
  return { valid_from: at(from), valid_until: at(until) };
}

async function insert(client: pg.PoolClient, table: string, rows: Rows): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  if (table === "select") {
    await client.query("update iam.users set selected_tenant_id = $2 where id = $1", [first.id, first.tenant]);
    return;
  }
  const columns = Object.keys(first).join(", ");
  await client.query(
    `insert into ${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}

async function requireRefused(
  client: pg.PoolClient,
  links: readonly GroupInclude[],
  names: StoredWorld,
): Promise<void> {
  for (const link of links) {
    const group = names.world.groups.find((candidate) => candidate.id === link.group);
    await client.query("savepoint circle");
    const refusal = await insert(client, "iam.group_includes", [
      includeRow(link, names, () => names.id(group?.tenant ?? "")),
    ]).then(
      () => null,
      (error: { readonly code?: string }) => error.code,
    );
    if (refusal !== "PT409") throw new RangeError(`A circle of groups was not refused: ${JSON.stringify(link)}`);
    await client.query("rollback to savepoint circle");
  }
}
