/**
 * In charge of holding what GraphQL says one may do against what then happens: the access of rows, and permissions, against
 * commands really tried; checks and features against the oracle.
 */
import type { OpenedSession, Sessions } from "../../src/database/session.js";
import { GatewayError } from "../../src/errors.js";
import { askDatabase, callerOf, featuresOf, inSession, placesOf } from "./ask-database.js";
import type { Gateway } from "./ask-gateway.js";
import { credentialsOf, labelOf } from "./compare.js";
import { Notes, type Verdict } from "./notes.js";
import * as oracle from "./oracle.js";
import type { StoredWorld } from "./store-world.js";
import { globalScope, type Row, type Scope, type World } from "./world.js";

interface Comparison {
  readonly gateway: Gateway;
  readonly sessions: Sessions;
  readonly stored: StoredWorld;
  readonly who: oracle.Credential;
  readonly caller: oracle.Caller;
  readonly label: string;
  readonly notes: Notes;
}

/** Asks as each caller of a world, and tries what he was told. */
export async function compareAccess(
  { gateway, sessions }: Pick<Comparison, "gateway" | "sessions">,
  stored: StoredWorld,
): Promise<Verdict> {
  const notes = new Notes("GraphQL");
  for (const who of credentialsOf(stored)) {
    const caller = oracle.open(stored.world, who);
    if (who.user === null || typeof caller === "number" || caller.tenant === null) continue;
    const comparison = { gateway, sessions, stored, who, caller, label: labelOf(who), notes };
    await compareRows(comparison);
    await compareChecks(comparison);
    await compareChecksOfOthers(comparison);
  }
  return notes;
}

const kinds = [
  { resource: "todos", type: "Todo", table: "public.todos", share: "todo" },
  { resource: "chats", type: "Chat", table: "public.chats", share: "chat" },
] as const;

interface Access {
  readonly id: string;
  readonly access: Readonly<Record<oracle.Command, boolean>> & {
    readonly fields: Readonly<Record<string, { readonly read: boolean; readonly write: boolean }>>;
  };
}

interface TypePermissions extends Readonly<Record<oracle.Command | "create", boolean>> {
  readonly name: string;
  readonly fields: readonly { readonly name: string; readonly readable: boolean; readonly writable: boolean }[];
}

const commands = "read update delete share";

async function compareRows(comparison: Comparison): Promise<void> {
  const { gateway, sessions, stored, who, caller, label, notes } = comparison;
  const { world } = stored;
  const scopes = someOf(
    world.scopes.filter((scope) => scope.tenant === caller.tenant),
    notes,
  );
  const types = "types { name create read update delete share fields { name readable writable } }";
  const asked = scopes.map((scope, n) => `s${n}: permissions(scope: "${stored.place(scope).join("/")}") { ${types} }`);
  const note = "internalNote { read write }";
  const { body } = await gateway.ask(
    stored,
    who,
    `{ todos(first: 100) { nodes { id access { ${commands} fields { title { read write } ${note} } } } }
       chats(first: 100) { nodes { id access { ${commands} fields { message { read write } } } } }
       viewer { ${asked.join(" ")} } }`,
  );
  if (!body.data) return notes.same(`${label}: access and permissions`, "data", body.errors);
  const tried = await askDatabase(sessions, stored, { who, questions: [] });
  if (typeof tried === "number") return notes.same(`${label}: a session`, "opened", tried);
  const shared = await tryToShare(comparison);
  for (const { resource, type, table } of kinds) {
    const access = new Map<string, Access["access"]>(
      body.data[resource].nodes.map((row: Access) => [row.id, row.access]),
    );
    for (const row of world.rows.filter((one) => one.resource === resource)) {
      const id = stored.id(row.id);
      const said = access.get(`${type}:${id}`);
      const isSeen = tried.seen.get(table)?.includes(id) === true;
      notes.same(`${label}: sees ${row.id}`, isSeen, said !== undefined);
      if (said === undefined) continue;
      const happened = {
        read: true,
        update: tried.updated.get(table)?.includes(id) === true,
        delete: tried.deleted.get(table)?.includes(id) === true,
        // In a tenant without a member there is nobody to share with, and nothing to try.
        share: shared === null ? said.share : shared.has(row.id),
      };
      const { fields, ...whole } = said;
      notes.same(`${label}: access to ${row.id}`, happened, whole, 4);
      notes.same(
        `${label}: text of ${row.id}`,
        { read: true, write: happened.update },
        fields["title"] ?? fields["message"],
      );
      if (resource !== "todos") continue;
      const mayAudit = oracle.mayAudit(world, caller, row);
      const expected = { read: mayAudit, write: mayAudit && happened.update };
      notes.same(`${label}: access to the note of ${row.id}`, expected, fields["internalNote"], 2);
    }
    scopes.forEach((scope, n) => {
      const told: TypePermissions = body.data.viewer[`s${n}`].types.find((one: TypePermissions) => one.name === type);
      const where = `${label}: ${type} at ${scope.id}`;
      const isReadable = oracle.mayReadNew(world, caller, resource, scope);
      const isCreated = tried.created.has(`${resource} ${stored.id(scope.id)}`);
      // Who may not see the scope can't name it, although a row could stand there.
      if (told.create !== isCreated) notes.same(`${where}: create`, isCreated && isReadable, told.create);
      const holds = (verb: string) => oracle.holds(world, caller, `${resource}.${verb}`, scope);
      const { read, update, share } = told;
      notes.same(
        where,
        { read: holds("read"), update: holds("update"), delete: holds("delete"), share: holds("share") },
        { read, update, delete: told.delete, share },
        4,
      );
      const internalNote = told.fields.find(({ name }) => name === "internalNote");
      if (internalNote) {
        const audits = holds("audit");
        notes.same(
          `${where}: note`,
          { readable: audits && holds("read"), writable: audits && holds("update") },
          { readable: internalNote.readable, writable: internalNote.writable },
          2,
        );
      }
    });
    for (const row of world.rows.filter((one) => isOfOthers(one, resource, caller))) {
      const n = scopes.findIndex((scope) => scope.id === row.scope);
      if (n < 0) continue;
      const told = body.data.viewer[`s${n}`].types.find((one: TypePermissions) => one.name === type);
      notes.same(
        `${label}: permission to read ${row.id}`,
        tried.seen.get(table)?.includes(stored.id(row.id)),
        told.read,
      );
    }
  }
}

// Each costs a while: another two each time.
function someOf<T>(all: readonly T[], { decisions }: Notes): readonly T[] {
  return all.filter((_, n) => (n + decisions) % Math.max(1, Math.floor(all.length / 2)) === 0);
}

// What is nobody's in the session, and was shared with nobody: what its place allows is all that is allowed.
function isOfOthers(row: Row, resource: Row["resource"], caller: oracle.Caller): boolean {
  if (row.resource !== resource || row.tenant !== caller.tenant || row.shares.length > 0) return false;
  return row.owner !== caller.user && row.owner !== caller.actor;
}

/** The rows that the caller could share for reading, each tried by itself and undone; null when nobody is there to share with. */
async function tryToShare({ sessions, stored, who, caller }: Comparison): Promise<ReadonlySet<string> | null> {
  const { world } = stored;
  const member = world.memberships.find(({ tenant, isEnded }) => tenant === caller.tenant && !isEnded);
  if (member === undefined) return null;
  const done = new Set<string>();
  await inSession(sessions, callerOf(stored, who), async (session) => {
    await session.identity();
    for (const row of world.rows) {
      const [kind] = kinds.filter(({ resource }) => resource === row.resource);
      const parameters = [stored.id(row.id), stored.id(member.user)];
      const sql = `insert into public.${kind?.share}_shares (${kind?.share}_id, user_id, can_read) values ($1, $2, true)`;
      if (await isLetThrough(session, { sql, parameters })) done.add(row.id);
    }
  });
  return done;
}

class Undo extends Error {}

async function isLetThrough(
  session: OpenedSession,
  statement: Parameters<OpenedSession["execute"]>[0],
): Promise<boolean> {
  const work = session.savepoint(async () => {
    await session.execute(statement);
    throw new Undo();
  });
  const end = await work.catch((error: unknown) => error);
  // A share that is there already was no matter of policies.
  return end instanceof Undo || (end instanceof GatewayError && end.code === "CONFLICT");
}

interface Check {
  readonly feature: string;
  readonly place: string;
}

const allChecks = (stored: StoredWorld): readonly Check[] =>
  featuresOf(stored).flatMap((feature) => placesOf(stored).map((place) => ({ feature, place })));

function scopeAt({ world, place: placeOf }: StoredWorld, { tenant }: oracle.Caller, place: string): Scope | undefined {
  const near = [...world.scopes.filter((scope) => scope.tenant === tenant), globalScope];
  return near.find((scope) => placeOf(scope).join("/") === place);
}

const toInputs = (stored: StoredWorld, checks: readonly Check[]) =>
  checks.map(({ feature, place }) => ({ feature: stored.featureCode(feature), scope: place }));

async function compareChecks({ gateway, stored, who, caller, label, notes }: Comparison): Promise<void> {
  const { world } = stored;
  const checks = allChecks(stored).slice(0, 1_000);
  const places = someOf(placesOf(stored), notes);
  const asked = places.map((place, n) => `p${n}: permissions(scope: "${place}") { features { feature } }`);
  const query = `query ($checks: [CheckInput!]!) { canAll(checks: $checks) viewer { ${asked.join(" ")} } }`;
  const { body } = await gateway.ask(stored, who, query, { checks: toInputs(stored, checks) });
  if (!body.data) return notes.same(`${label}: all checks`, "data", body.errors);
  const expected = checks.map(({ feature, place }) => {
    const scope = scopeAt(stored, caller, place);
    return scope !== undefined && oracle.holds(world, caller, feature, scope);
  });
  notes.same(`${label}: all checks`, expected, body.data.canAll, checks.length);
  places.forEach((place, n) => {
    const held = new Set<string>(body.data.viewer[`p${n}`].features.map((one: { feature: string }) => one.feature));
    const found = checks.map(({ feature }) => held.has(stored.featureCode(feature)));
    checks.forEach((check, at) => {
      if (check.place === place) notes.same(`${label}: holds ${check.feature} at ${place}`, expected[at], found[at]);
    });
  });
}

async function compareChecksOfOthers({ gateway, stored, who, caller, label, notes }: Comparison): Promise<void> {
  const { world } = stored;
  const members = world.memberships.filter(({ tenant, user }) => tenant === caller.tenant && user !== caller.user);
  const member = members[notes.decisions % Math.max(1, members.length)];
  if (member === undefined) return;
  const explained = withExplain(world);
  const isEntitled = ({ place }: Check) => {
    const scope = scopeAt(stored, caller, place);
    return scope !== undefined && oracle.holds(explained, caller, "iam.explain", scope);
  };
  const known = allChecks(stored).filter(({ place }) => scopeAt(stored, caller, place) !== undefined);
  const mine = known.filter(isEntitled).slice(0, 1_000);
  const query = "query ($checks: [CheckInput!]!, $user: String) { canAll(checks: $checks, user: $user) }";
  const askWith = async (checks: readonly Check[]) =>
    (
      await gateway.ask(stored, who, query, {
        checks: toInputs(stored, checks),
        user: `User:${stored.id(member.user)}`,
      })
    ).body;
  const other = { user: member.user, tenant: caller.tenant };
  if (mine.length > 0) {
    const body = await askWith(mine);
    const expected = mine.map(({ feature, place }) => {
      const scope = scopeAt(stored, caller, place);
      return (
        isAlive(stored, member.user, caller.tenant ?? "") &&
        scope !== undefined &&
        oracle.holds(world, other, feature, scope)
      );
    });
    notes.same(`${label}: all checks of ${member.user}`, expected, body.data?.canAll ?? body.errors, mine.length);
  }
  const [theirs] = known.filter((check) => !isEntitled(check));
  if (theirs === undefined) return;
  const body = await askWith([theirs]);
  notes.same(`${label}: a check of ${member.user} at ${theirs.place}`, "FORBIDDEN", body.errors?.[0]?.extensions?.code);
}

// Worlds that were kept before there was the feature don't name it.
function withExplain(world: World): World {
  const roles = world.roles.map((role) =>
    role.id === "auditor" ? { ...role, features: [...role.features, "iam.explain"] } : role,
  );
  return { ...world, roles, features: [...world.features, "iam.explain"] };
}

function isAlive({ world }: StoredWorld, name: string, tenant: string): boolean {
  const user = world.users.find(({ id }) => id === name);
  return user?.isActive === true && !user.isLocked && oracle.mayActIn(world, name, tenant);
}
