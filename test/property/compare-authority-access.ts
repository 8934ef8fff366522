/**
 * In charge of holding the access of the gateway's own types against what then happens: each command that it tells of a user,
 * a group, a grant … is really tried by the same caller, and undone.
 */
import type pg from "pg";
import type { Resource } from "../../src/protect/resource.js";
import { resources } from "../../src/resources/resources.js";
import { callerOf, inSession } from "./ask-database.js";
import type { Gateway } from "./ask-gateway.js";
import { credentialsOf, labelOf } from "./compare.js";
import { Notes, type Verdict } from "./notes.js";
import * as oracle from "./oracle.js";
import type { StoredWorld } from "./store-world.js";

type Sessions = Parameters<typeof inSession>[0];

/** The resources whose rows are written by functions that can be told of. */
export const written: readonly Resource[] = resources.filter(({ functions }) => functions.size > 0);

/** A command as SQL, on the row with the global id `:id`; `:provider` and `:member` are there, too. */
export const attempts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Tenant: { update: "iam.update_tenant(:id, 'Renamed')", delete: "iam.delete_tenant(:id)" },
  User: {
    update: "iam.update_user(:id, 'Renamed')",
    delete: "iam.delete_user(:id)",
    enable: "iam.enable_user(:id)",
    disable: "iam.disable_user(:id)",
    lock: "iam.lock_user(:id)",
    unlock: "iam.unlock_user(:id)",
    linkIdentity: "iam.link_identity(:id, :provider, 'another subject')",
    remove: "iam.remove_tenant_member(:id)",
  },
  Identity: {
    unlink: "iam.unlink_identity(:id)",
    enable: "iam.enable_identity(:id)",
    disable: "iam.disable_identity(:id)",
  },
  Provider: {
    update: "iam.update_provider(:id, name => 'Renamed')",
    delete: "iam.delete_provider(:id)",
    enable: "iam.enable_provider(:id)",
    disable: "iam.disable_provider(:id)",
  },
  Group: {
    update: "iam.update_group(:id, name => 'Renamed')",
    delete: "iam.delete_group(:id)",
    enable: "iam.enable_group(:id)",
    disable: "iam.disable_group(:id)",
    lock: "iam.lock_group(:id)",
    unlock: "iam.unlock_group(:id)",
    setType: "iam.set_group_type(:id, 'hybrid')",
    setAssignable: "iam.set_group_assignable(:id, true)",
    assignOwner: "iam.assign_group_owner(:id, :member)",
    include: "iam.include_group(:id, :id)",
    exclude: "iam.exclude_group(:id, :id)",
    createMapping: "iam.create_group_mapping(:id, :provider, 'another')",
  },
  GroupMapping: { delete: "iam.delete_group_mapping(:id)" },
  Role: {
    update: "iam.update_role(:id, name => 'Renamed')",
    delete: "iam.delete_role(:id)",
    setAssignable: "iam.set_role_assignable(:id, true)",
  },
  Feature: {
    update: "iam.update_feature(:id, description => 'Described')",
    setAssignable: "iam.set_feature_assignable(:id, true)",
  },
  Scope: { update: "iam.update_scope(:id, 'Renamed')", delete: "iam.delete_scope(:id)" },
  Grant: { revoke: "iam.revoke(:id)" },
  ApiKey: {
    update: "iam.update_api_key(:id, name => 'Renamed')",
    rotate: "iam.rotate_api_key(:id, repeat('0', 64))",
    revoke: "iam.revoke_api_key(:id)",
  },
  Token: { revoke: "iam.revoke_token(:id)" },
};

// What these say of their other argument, a group that isn't in itself and can't be: the checks of the group come before.
const saidOfTheOther: Readonly<Record<string, string>> = { include: "PT409", exclude: "52171" };

const partial = [
  ...[
    "*",
    "iam",
    "iam.users",
    "iam.users.read",
    "iam.users.update",
    "iam.identities",
    "iam.groups",
    "iam.groups.update",
  ],
  ...["iam", "iam.roles", "iam.roles.update", "iam.grants", "iam.grants.delete", "iam.scopes", "iam.scopes.delete"],
  ...["iam.api_keys", "iam.tenants", "iam.features", "iam.users.delete", "x", "*"],
];
const readers = ["iam.scopes.read", "iam.providers.read", "iam.groups.read", "iam.identities.read"];

/**
 * Gives the users of a world parts of iam, each another, at the root of a tenant or above the tenants; and what no world has:
 * a mapping for each group, a token for each tenant.
 */
export async function arrangeAdministrators(owner: pg.Pool, { world, id }: StoredWorld): Promise<void> {
  for (const [n, { tenant, user }] of world.memberships.filter(({ isEnded }) => !isEnded).entries()) {
    const isPlatforms = n < 2 && world.groups.length % 2 === 0;
    const some = [partial[(n * 5) % partial.length], partial[(n * 7 + 3) % partial.length], readers[n % 4]];
    const given = isPlatforms ? ["*"] : n % 3 === 2 ? readers : some;
    for (const feature of given)
      await owner.query(
        `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
         select s.tenant_id, $1, f.id, s.id from iam.features f, iam.scopes s
         where f.code = $2 and s.parent_id is null and s.tenant_id is not distinct from $3`,
        [id(user), feature, n % 4 === 1 || isPlatforms ? null : id(tenant)],
      );
    await owner.query(
      `insert into iam.tokens (tenant_id, purpose, email, secret_hash, created_by, expires_at)
       values ($1, 'invitation', 'a@b.test', sha256($3::bytea), $2, now() + interval '1 day')`,
      [id(tenant), id(user), `${tenant} ${user} ${id(user)}`],
    );
  }
  // There are few keys: all members see them.
  await owner.query(
    `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
     select m.tenant_id, m.user_id, f.id, iam.root_scope_id(m.tenant_id)
     from iam.tenant_members m, iam.features f
     where m.tenant_id = any ($1) and m.deleted_at is null and f.code = 'iam.api_keys.read'`,
    [world.tenants.map((one) => id(one.id))],
  );
  await owner.query("update iam.groups set type = 'hybrid' where id = any ($1)", [
    world.groups.map((one) => id(one.id)),
  ]);
  await owner.query(
    `insert into iam.group_mappings (tenant_id, group_id, provider_id, external_id)
     select g.tenant_id, g.id, p.id, 'there' from iam.groups g, iam.providers p where g.id = any ($1) and p.code = 'demo'`,
    [world.groups.map((group) => id(group.id))],
  );
}

/** Asks the access of every row that each caller of a world sees, and tries it. */
export async function compareAuthorityAccess(
  { gateway, sessions }: { readonly gateway: Gateway; readonly sessions: Sessions },
  stored: StoredWorld,
): Promise<Verdict & { readonly told: readonly Told[] }> {
  const notes = new Notes("access");
  const all: Told[] = [];
  for (const who of credentialsOf(stored)) {
    const caller = oracle.open(stored.world, who);
    if (who.user === null || typeof caller === "number" || caller.tenant === null) continue;
    const member = stored.world.memberships.find(({ tenant, isEnded }) => tenant === caller.tenant && !isEnded);
    if (member === undefined) continue;
    const { body } = await gateway.ask(stored, who, question());
    if (!body.data) {
      notes.same(`${labelOf(who)}: access`, "data", body.errors);
      continue;
    }
    const told = toldBy(body.data);
    all.push(...told);
    const asked = told.map((one) => ({ ...one, member: `User:${stored.id(member.user)}` }));
    const happened = await inSession(sessions, callerOf(stored, who), async (session) => {
      await session.identity();
      return tryAll(session, asked);
    });
    for (const one of told)
      notes.same(
        `${labelOf(who)}: ${one.command} ${one.id}`,
        happened instanceof Set && happened.has(labelled(one)),
        one.isTold,
      );
  }
  return { decisions: notes.decisions, disagreements: notes.disagreements, told: all };
}

/** One command on one row, and whether its access says that it may be done. */
export interface Told {
  readonly kind: string;
  readonly id: string;
  readonly command: string;
  readonly isTold: boolean;
}

/** Asks for every row's access to every command. */
export function question(): string {
  const lists = written.map(
    ({ plural, functions }) =>
      `${plural}(first: ${plural === "features" ? 3 : 20}) { nodes { id access { ${[...functions.keys()].join(" ")} } } }`,
  );
  return `{ ${lists.join("\n")} }`;
}

interface Nodes {
  readonly nodes: readonly { readonly id: string; readonly access: Readonly<Record<string, boolean>> }[];
}

/** Reads an answer to it. */
export function toldBy(data: Readonly<Record<string, Nodes>>): readonly Told[] {
  return written.flatMap(({ name, plural }) =>
    (data[plural]?.nodes ?? []).flatMap(({ id, access }) =>
      Object.entries(access).map(([command, isTold]) => ({ kind: name, id, command, isTold })),
    ),
  );
}

const labelled = ({ id, command }: Pick<Told, "id" | "command">) => `${command} ${id}`;

type Session = Parameters<Parameters<typeof inSession>[2]>[0];

/** The labels of the commands that were let through, each tried by itself and undone. What a constraint refuses was let through before. */
export async function tryAll(
  session: Session,
  asked: readonly (Told & { readonly member: string })[],
): Promise<ReadonlySet<string>> {
  const done = new Set<string>();
  for (let from = 0; from < asked.length; from += 200) {
    const some = asked.slice(from, from + 200).map((one) => ({
      label: labelled(one),
      call: attempts[one.kind]?.[one.command],
      reference: one.id,
      member: one.member,
      passes: saidOfTheOther[one.command] ?? "",
    }));
    await session.run({ sql: "select set_config('proof.asked', $1, true)", parameters: [JSON.stringify(some)] });
    await session.execute({ sql: trying, parameters: [] });
    const [row] = await session.run<{ done: string[] }>({
      sql: "select current_setting('proof.done')::json as done",
      parameters: [],
    });
    for (const label of row?.done ?? []) done.add(label);
  }
  return done;
}

const trying = `do $$
declare
  try record;
  done text[] := '{}';
begin
  for try in
    select * from json_to_recordset(current_setting('proof.asked')::json)
      as asked (label text, call text, reference text, member text, passes text)
  loop
    begin
      execute format('select %s', replace(replace(replace(try.call,
        ':id', quote_literal(try.reference)), ':member', quote_literal(try.member)), ':provider', quote_literal('demo')));
      raise sqlstate 'DONE0';
    exception when others then
      if sqlstate ~ '^42' then
        raise;
      elsif sqlstate !~ '^(52|PT4)' or sqlstate = try.passes then
        done := done || try.label;
      end if;
    end;
  end loop;
  perform set_config('proof.done', to_json(done)::text, true);
end
$$`;
