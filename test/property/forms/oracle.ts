/** In charge of the decision on rows in these forms, as plainly as the other oracle. Who may not read a row does nothing with it. */
import { agree, type Caller, groupsOf, isHeldAt, isHeldEverywhere, isMember, type Party } from "../oracle.js";
import type { Scope, World } from "../world.js";

/** Rows of the four tables. */
export interface Forms {
  readonly papers: readonly Paper[];
  readonly pages: readonly Page[];
  readonly bulletins: readonly Bulletin[];
  readonly posts: readonly Post[];
}

interface Placed {
  readonly id: string;
  readonly tenant: string;
}
export interface Paper extends Placed {
  readonly scope: string;
  readonly group: string | null;
  readonly state: "draft" | "final" | "old";
}
export interface Page extends Placed {
  readonly paper: Paper;
}
export interface Bulletin extends Placed {
  readonly campus: string;
  readonly isOpen: boolean;
}
export interface Post extends Placed {
  readonly owner: string;
}

type Command = "read" | "create" | "update" | "delete";

// A paper -----------------------------------------------------------------------------------------------------------------

// Its group's members may do everything with it; the others need the feature where it stands.
function isHis(world: World, party: Party, command: Command, paper: Paper): boolean {
  const isIn = "user" in party && groupsOf(world, party).some((group) => group.id === paper.group);
  return isIn || isHeldAt(world, party, `todos.${command}`, paper.scope);
}

export function readsPaper(world: World, caller: Caller, paper: Paper): boolean {
  return paper.tenant === caller.tenant && agree(world, caller, (party) => isHis(world, party, "read", paper));
}

export function updatesPaper(world: World, caller: Caller, paper: Paper): boolean {
  const may = agree(world, caller, (party) => isHis(world, party, "update", paper));
  return paper.state === "draft" && may && readsPaper(world, caller, paper);
}

export function deletesPaper(world: World, caller: Caller, paper: Paper): boolean {
  const may = agree(world, caller, (party) => isHis(world, party, "delete", paper));
  return paper.state !== "final" && may && readsPaper(world, caller, paper);
}

/** It belongs to nobody: its place needs the feature everywhere. A group needs a member. */
export function createsPaper(world: World, caller: Caller, scope: Scope, group: string | null): boolean {
  const isIn = (party: Party) =>
    group === null || "apiKey" in party || groupsOf(world, party).some((one) => one.id === group);
  const may = (party: Party) => isIn(party) && isHeldAt(world, party, "todos.create", scope.id);
  return scope.tenant !== null && scope.tenant === caller.tenant && agree(world, caller, may);
}

// A page ------------------------------------------------------------------------------------------------------------------

/** Who reads the paper reads its pages; the others need the feature everywhere. */
export function readsPage(world: World, caller: Caller, page: Page): boolean {
  const follows = readsPaper(world, caller, page.paper);
  return (
    page.tenant === caller.tenant &&
    agree(world, caller, (party) => follows || isHeldEverywhere(world, party, "chats.read"))
  );
}

/** Who may edit the paper changes its pages. */
export function changesPage(world: World, caller: Caller, command: "update" | "delete", page: Page): boolean {
  return mayByPaper(world, caller, command, page.paper) && readsPage(world, caller, page);
}

export function createsPage(world: World, caller: Caller, paper: Paper): boolean {
  return mayByPaper(world, caller, "create", paper);
}

function mayByPaper(world: World, caller: Caller, command: Command, paper: Paper): boolean {
  const isThere = readsPaper(world, caller, paper) && paper.state === "draft";
  const may = (party: Party) =>
    (isThere && isHis(world, party, "update", paper)) || isHeldEverywhere(world, party, `chats.${command}`);
  return paper.tenant === caller.tenant && agree(world, caller, may);
}

// A bulletin --------------------------------------------------------------------------------------------------------------

function isAtHis(world: World, party: Party, command: Command, { tenant, campus }: Omit<Bulletin, "id" | "isOpen">) {
  const place = world.scopes.find((s) => s.tenant === tenant && s.type === "campus" && s.key === campus);
  return (
    isHeldEverywhere(world, party, `todos.${command}`) ||
    (place !== undefined && isHeldAt(world, party, `todos.${command}`, place.id))
  );
}

/** The open ones are read by everybody in the tenant, the anonymous included; a key needs to have been given reading. */
export function readsBulletin(world: World, caller: Caller, bulletin: Bulletin): boolean {
  if (bulletin.tenant !== caller.tenant) return false;
  if (caller.user === null) return bulletin.isOpen;
  const reads = (party: Party) => (bulletin.isOpen && "user" in party) || isAtHis(world, party, "read", bulletin);
  return agree(world, caller, reads);
}

export function changesBulletin(
  world: World,
  caller: Caller,
  command: "update" | "delete",
  bulletin: Bulletin,
): boolean {
  const may = agree(world, caller, (party) => isAtHis(world, party, command, bulletin));
  return may && readsBulletin(world, caller, bulletin);
}

export function createsBulletin(world: World, caller: Caller, campus: string): boolean {
  const { tenant } = caller;
  return tenant !== null && agree(world, caller, (party) => isAtHis(world, party, "create", { tenant, campus }));
}

// A post ------------------------------------------------------------------------------------------------------------------

/** Everybody in the tenant reads them all, the anonymous included; a key needs to have been given reading. */
export function readsPost(world: World, caller: Caller, post: Post): boolean {
  if (post.tenant !== caller.tenant) return false;
  return caller.user === null || agree(world, caller, (p) => "user" in p || isHeldEverywhere(world, p, "chats.read"));
}

/** A row without a scope stands at the tenant's root. */
export function changesPost(world: World, caller: Caller, command: "update" | "delete", post: Post): boolean {
  const root = world.scopes.find((scope) => scope.tenant === post.tenant && scope.parent === null);
  const may = (party: Party) =>
    ("user" in party && post.owner === party.user) ||
    (root !== undefined && isHeldAt(world, party, `chats.${command}`, root.id));
  return agree(world, caller, may) && readsPost(world, caller, post);
}

/** Every member writes posts of his own; a key needs to have been given it. */
export function createsPost(world: World, caller: Caller): boolean {
  if (caller.user === null || caller.tenant === null || !isMember(world, caller.user, caller.tenant)) return false;
  return agree(world, caller, (p) => "user" in p || isHeldEverywhere(world, p, "chats.create"));
}
