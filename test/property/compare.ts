/** In charge of holding the oracle against the database: every caller, feature, scope, row and command of a world. */
import type { Sessions } from "../../src/database/session.js";
import {
  type Answers,
  askDatabase,
  askIdentity,
  featuresOf,
  placesOf,
  type Question,
  sharesToTry,
  telling,
  turned,
} from "./ask-database.js";
import { Notes, type Verdict } from "./notes.js";
import * as oracle from "./oracle.js";
import type { StoredWorld } from "./store-world.js";
import { globalScope, type Row, type World } from "./world.js";

/** Everybody who could ask in the world, for every tenant that he could name. */
export function credentialsOf({ world }: StoredWorld): readonly oracle.Credential[] {
  return [...tokensOf(world), ...keysOf(world), ...actingsOf(world)];
}

function tokensOf(world: World): readonly oracle.Credential[] {
  const tenants = [null, ...world.tenants.map((tenant) => tenant.id)];
  const users = [null, ...world.users.map((user) => user.id)];
  return users.flatMap((user) => tenants.map((tenant) => ({ user, tenant })));
}

function keysOf({ apiKeys, tenants }: World): readonly oracle.Credential[] {
  return apiKeys.flatMap(({ id, owner, tenant }) => {
    const foreign = tenants.find((candidate) => candidate.id !== tenant);
    return [null, tenant, ...(foreign ? [foreign.id] : [])].map((named) => ({
      user: owner,
      tenant: named,
      apiKey: id,
    }));
  });
}

function actingsOf({ actings }: World): readonly oracle.Credential[] {
  return actings.flatMap(({ actor, user, tenant }) =>
    [tenant, null].map((named) => ({ user: actor, tenant: named, actAs: user })),
  );
}

/** Who asks, in words. */
export function labelOf({ user, tenant, apiKey, actAs }: oracle.Credential): string {
  const by = apiKey === undefined ? "" : ` by ${apiKey}`;
  const as = actAs === undefined ? "" : ` acting as ${actAs}`;
  return `${user ?? "anonymous"}${by}${as} in ${tenant ?? "no tenant named"}`;
}

/** How thoroughly a world is asked. */
export interface Thoroughness {
  /** `iam.can`, whose answers for a tenant's own scopes follow from `iam.scopes_with` as well, is asked for one in so many pairs of feature and place. */
  readonly stride?: number;
  /** Whether to stop at the first caller with whom they disagree. */
  readonly isBrief?: boolean;
}

/** Asks oracle and database everything, one caller after the other. */
export async function compareWithDatabase(
  sessions: Sessions,
  stored: StoredWorld,
  { stride = 1, isBrief = false }: Thoroughness = {},
): Promise<Verdict> {
  const notes = new Notes("the database");
  const asked = new Set<string>();
  for (const [turn, who] of credentialsOf(stored).entries()) {
    if (isBrief && notes.disagreements.length > 0) break;
    const label = labelOf(who);
    const expected = oracle.open(stored.world, who);
    notes.same(`${label}: session`, identityOf(stored, expected), await askIdentity(sessions, stored, who));
    // who names no tenant is mostly somebody who was asked already, or will be
    if (typeof expected === "number" || asked.has(JSON.stringify(expected))) continue;
    asked.add(JSON.stringify(expected));
    const questions = questionsOf(stored).filter((_, n) => (n + turn) % stride === 0);
    const answers = await telling(label, () => askDatabase(sessions, stored, { who, questions }));
    if (typeof answers === "number") notes.same(`${label}: session`, expected, answers);
    else compareCaller({ stored, caller: expected, answers, questions, who: label, notes });
  }
  return notes;
}

function identityOf({ id }: StoredWorld, caller: oracle.Caller | number): unknown {
  if (typeof caller === "number") return caller;
  return [caller.user, caller.tenant, caller.actor ?? null].map((name) => (name === null ? null : id(name)));
}

function questionsOf(stored: StoredWorld): readonly Question[] {
  return featuresOf(stored).flatMap((feature) => placesOf(stored).map((place) => ({ feature, place })));
}

interface Comparison {
  readonly stored: StoredWorld;
  readonly caller: oracle.Caller;
  readonly answers: Answers;
  readonly questions: readonly Question[];
  readonly who: string;
  readonly notes: Notes;
}

function compareCaller(comparison: Comparison): void {
  compareFeatures(comparison);
  if (comparison.caller.user !== null) {
    compareRows(comparison);
    compareShares(comparison);
    compareCreations(comparison);
    comparison.notes.same(`${comparison.who}: statements that nobody may run`, [], comparison.answers.escaped);
  }
}

function compareFeatures({ stored, caller, answers, questions, who, notes }: Comparison): void {
  const { world } = stored;
  const scopeAt = (place: string) =>
    [...world.scopes.filter((scope) => scope.tenant === caller.tenant), globalScope].find(
      (scope) => stored.place(scope).join("/") === place,
    );
  for (const question of questions) {
    const scope = scopeAt(question.place);
    const expected = scope !== undefined && oracle.holds(world, caller, question.feature, scope);
    notes.same(`${who}: can ${question.feature} at ${question.place}`, expected, answers.can.has(question));
  }
  const total = world.scopes.filter((scope) => scope.tenant === caller.tenant).length;
  for (const feature of featuresOf(stored)) {
    const scopes = oracle.scopesWith(world, caller, feature);
    const campuses = scopes.filter((scope) => scope.type === "campus").map((scope) => scope.key);
    const everywhere = oracle.holdsEverywhere(world, caller, feature);
    notes.sameSet(
      `${who}: scopes with ${feature}`,
      scopes.map((s) => stored.id(s.id)),
      answers.scopesWith.get(feature),
      total,
    );
    notes.sameSet(`${who}: campuses with ${feature}`, campuses, answers.keysWith.get(feature));
    notes.same(`${who}: holds ${feature} everywhere`, everywhere, answers.everywhere.has(feature));
  }
}

function compareRows({ stored, caller, answers, who, notes }: Comparison): void {
  const { world } = stored;
  for (const resource of ["todos", "chats"] as const) {
    const table = `public.${resource}`;
    const rows = world.rows.filter((row) => row.resource === resource);
    const ids = (may: (row: Row) => boolean) => rows.filter(may).map((row) => stored.id(row.id));
    const may = (command: oracle.Command) => ids((row) => oracle.can(world, caller, command, row));
    const blindly = (command: oracle.Command) => ids((row) => oracle.allows(world, caller, command, row)).length;
    notes.sameSet(`${who}: reads ${resource}`, may("read"), answers.seen.get(table), rows.length);
    notes.sameSet(`${who}: updates ${resource}`, may("update"), answers.updated.get(table), rows.length);
    notes.sameSet(`${who}: deletes ${resource}`, may("delete"), answers.deleted.get(table), rows.length);
    notes.same(`${who}: updates ${resource} unseen`, blindly("update"), answers.blindlyUpdated.get(table), rows.length);
    notes.same(`${who}: deletes ${resource} unseen`, blindly("delete"), answers.blindlyDeleted.get(table), rows.length);
  }
  const sales = world.sales.filter((sale) => oracle.seesSale(world, caller, sale)).map((sale) => stored.id(sale.id));
  notes.sameSet(`${who}: reads sales`, sales, answers.seen.get("public.sales"), world.sales.length);
  const groups = oracle.visibleGroups(world, caller).map((group) => stored.id(group.id));
  notes.sameSet(`${who}: reads groups`, groups, answers.seen.get("iam.groups"), world.groups.length);
}

function compareShares({ stored, caller, answers, who, notes }: Comparison): void {
  const { world } = stored;
  for (const [table, resource] of [
    ["public.todo_shares", "todos"],
    ["public.chat_shares", "chats"],
  ] as const) {
    const rows = world.rows.filter((row) => row.resource === resource);
    const total = rows.flatMap((row) => row.shares).length;
    const seen = rows.flatMap((row) => row.shares.filter((share) => oracle.seesShare(world, caller, row, share)));
    const own = rows.filter((row) => oracle.can(world, caller, "share", row)).flatMap((row) => row.shares);
    const ids = (list: typeof seen) => list.map((share) => stored.id(share.id));
    notes.sameSet(`${who}: reads shares of ${resource}`, ids(seen), answers.seen.get(table), total);
    notes.sameSet(`${who}: deletes shares of ${resource}`, ids(own), answers.deleted.get(table), total);
  }
  for (const { row, to, opening, label } of sharesToTry(stored)) {
    const expected = oracle.mayOpen(world, caller, row, opening) && oracle.mayReceive(world, caller, to);
    notes.same(`${who}: shares ${label} ${JSON.stringify(opening)}`, expected, answers.shared.has(label));
  }
  for (const row of world.rows) {
    for (const share of row.shares) {
      for (const column of turned) {
        const expected = oracle.mayOpen(world, caller, row, { ...share, [column]: !share[column] });
        const found = answers.shared.has(`${share.id} ${column}`);
        notes.same(`${who}: turns ${column} of ${share.id}`, expected, found);
      }
    }
  }
}

function compareCreations({ stored, caller, answers, who, notes }: Comparison): void {
  for (const resource of ["todos", "chats"] as const) {
    for (const scope of [...stored.world.scopes, globalScope]) {
      const expected = oracle.mayCreateAt(stored.world, caller, resource, scope);
      const found = answers.created.has(`${resource} ${stored.id(scope.id)}`);
      notes.same(`${who}: creates ${resource} at ${scope.id}`, expected, found);
    }
  }
}
