/** In charge of what a world is: everything the decision rests on, as plain data with short names instead of ids. */

/** From when until when something holds, in seconds from the moment of asking; null is without bound. */
export interface Period {
  readonly from: number | null;
  readonly until: number | null;
}

export interface Tenant {
  readonly id: string;
  readonly isDeleted: boolean;
}

/** A place. The one without a tenant is the global scope; the one of a tenant without a parent is its root. */
export interface Scope {
  readonly id: string;
  readonly tenant: string | null;
  readonly type: string;
  readonly key: string;
  readonly parent: string | null;
}

export interface User {
  readonly id: string;
  readonly isActive: boolean;
  readonly isLocked: boolean;
  readonly mayLogIn: boolean;
  readonly isService: boolean;
  readonly isIdentityEnabled: boolean;
  readonly isProviderEnabled: boolean;
  readonly selectedTenant: string | null;
}

export interface Membership {
  readonly tenant: string;
  readonly user: string;
  readonly isEnded: boolean;
}

export interface Group {
  readonly id: string;
  readonly tenant: string;
  readonly owner: string | null;
  readonly isActive: boolean;
  readonly membersSeeEachOther: boolean;
  readonly membersManageEachOther?: boolean;
}

export interface GroupMembership {
  readonly group: string;
  readonly user: string;
  readonly period: Period;
}

/** The members of `included` count as members of `group`. */
export interface GroupInclude {
  readonly group: string;
  readonly included: string;
}

/** A named set of feature codes, of one tenant or (null) of the system. */
export interface Role {
  readonly id: string;
  readonly tenant: string | null;
  readonly features: readonly string[];
  readonly includes: readonly string[];
}

export interface Grant {
  readonly id: string;
  readonly to: { readonly user: string } | { readonly group: string };
  readonly gives: { readonly role: string } | { readonly feature: string };
  readonly scope: string;
  readonly effect: "allow" | "deny";
  readonly period: Period;
}

export interface Share {
  readonly id: string;
  readonly to: { readonly user: string } | { readonly group: string };
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly canDelete: boolean;
}

/** A row of a resource that has an owner, a scope and shares. */
export interface Row {
  readonly id: string;
  readonly resource: "todos" | "chats";
  readonly tenant: string;
  readonly owner: string;
  readonly scope: string;
  readonly shares: readonly Share[];
}

export interface Sale {
  readonly id: string;
  readonly tenant: string;
  readonly campus: string;
}

/** A key of a member's, which was given features at scopes of its tenant. It ends at `expires` seconds from now, or never. */
export interface ApiKey {
  readonly id: string;
  readonly tenant: string;
  readonly owner: string;
  readonly isRevoked: boolean;
  readonly expires: number | null;
  readonly gives: ReadonlyArray<{ readonly feature: string; readonly scope: string }>;
}

/** Somebody who wants to act as somebody in a tenant, whether he may or not. */
export interface Acting {
  readonly actor: string;
  readonly user: string;
  readonly tenant: string;
}

/** Everything the decision rests on. */
export interface World {
  readonly tenants: readonly Tenant[];
  readonly scopes: readonly Scope[];
  readonly users: readonly User[];
  readonly memberships: readonly Membership[];
  readonly groups: readonly Group[];
  readonly groupMemberships: readonly GroupMembership[];
  readonly groupIncludes: readonly GroupInclude[];
  /** Pairs that would close a circle of groups: the database must refuse them. */
  readonly refusedIncludes: readonly GroupInclude[];
  readonly features: readonly string[];
  readonly roles: readonly Role[];
  readonly grants: readonly Grant[];
  readonly apiKeys: readonly ApiKey[];
  readonly actings: readonly Acting[];
  readonly rows: readonly Row[];
  readonly sales: readonly Sale[];
}

/** The scope above every tenant. */
export const globalScope: Scope = { id: "global", tenant: null, type: "global", key: "all", parent: null };
