/** In charge of the names by which a client may refer to a row, besides its global id. */
import { sql } from "kysely";
import type { Sql } from "../read/sql.js";
import { modelBehind } from "../resources.js";

/** A name that people use for a row. */
export interface NaturalKey {
  /** Said in the description of an input. */
  readonly words: string;
  /** The id of the row that is called so. */
  readonly find: (said: Sql) => Sql;
}

/** By the name of the model. Found with the caller's own eyes: a name that he doesn't see is nobody's. */
export const naturalKeys: Readonly<Record<string, NaturalKey>> = {
  User: {
    words: "e-mail or global id",
    find: (said) => sql`(select u.id from iam.users as u where u.email = lower(${said}))`,
  },
  Group: { words: "name or global id", find: (said) => sql`(select g.id from iam.groups as g where g.name = ${said})` },
  Scope: {
    words: "`type/key` or global id",
    find: (said) => sql`(select s.id from iam.scopes as s where concat(s.type, '/', s.key) = ${said})`,
  },
};

/** How a row of the model is named besides by its global id alone; null when it isn't. */
export function naturalKeyOf(model: string): string | null {
  return naturalKeys[modelBehind(model)]?.words ?? null;
}
