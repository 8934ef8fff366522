/** In charge of making trees of scopes, and graphs of groups without circles, from lists of random numbers. */
import type { Group, GroupInclude, Scope } from "./world.js";

interface DrawnScope {
  readonly tenant: number;
  readonly parent: number;
  readonly isCampus: boolean;
}

/** A root for each tenant and the drawn scopes below it. Keys repeat from tenant to tenant: only the tenant tells them apart. */
export function arrangeScopes(tenants: readonly string[], drawn: readonly DrawnScope[]): readonly Scope[] {
  return tenants.flatMap((tenant, t) => {
    const root: Scope = { id: `${tenant}root`, tenant, type: "tenant", key: tenant, parent: null };
    const mine = drawn.filter((scope) => scope.tenant % tenants.length === t);
    const tree: Scope[] = [root];
    for (const [n, scope] of mine.entries()) {
      tree.push({
        id: `${tenant}s${n}`,
        tenant,
        type: scope.isCampus ? "campus" : "store",
        key: `k${n}`,
        parent: tree[scope.parent % tree.length]?.id ?? root.id,
      });
    }
    return tree;
  });
}

/** The drawn links within one tenant: those that keep the graph without circles, and those that the database must refuse. */
export function arrangeGroups(
  groups: readonly Group[],
  drawn: ReadonlyArray<{ readonly group: number; readonly included: number }>,
): { readonly groupIncludes: readonly GroupInclude[]; readonly refusedIncludes: readonly GroupInclude[] } {
  const groupIncludes: GroupInclude[] = [];
  const refusedIncludes: GroupInclude[] = [];
  for (const link of drawn) {
    const group = groups[link.group % Math.max(1, groups.length)];
    const included = groups[link.included % Math.max(1, groups.length)];
    if (group === undefined || included === undefined || group.tenant !== included.tenant || group === included)
      continue;
    const isKnown = groupIncludes.some((other) => other.group === group.id && other.included === included.id);
    if (isKnown) continue;
    const closesCircle = isBelow(groupIncludes, included.id, group.id);
    (closesCircle ? refusedIncludes : groupIncludes).push({ group: group.id, included: included.id });
  }
  return { groupIncludes, refusedIncludes };
}

function isBelow(links: readonly GroupInclude[], top: string, name: string): boolean {
  return top === name || links.some((link) => link.group === top && isBelow(links, link.included, name));
}
