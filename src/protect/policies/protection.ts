/** In charge of what a declaration says about rows, as the policies need it: names of columns, and nothing of GraphQL. */
import type { Command } from "../declaration.js";

/** A command that a policy is for. Sharing is a row of another table. */
export type RowCommand = Exclude<Command, "share">;

/** What a column is compared with: one value, any of several, or no value. */
export type Comparison = string | number | boolean | null | readonly (string | number | boolean)[];

/** What must be true of a row besides, by column. */
export type RowCondition = Readonly<Record<string, Comparison>>;

/** The table with a row's shares. */
export interface ShareTable {
  readonly schema: string;
  readonly table: string;
  /** The column with the id of the shared row. */
  readonly row: string;
}

/** A column that refers to a row of another table, which a writer has to see. */
export interface Reference {
  readonly column: string;
  readonly to: { readonly schema: string; readonly table: string; readonly column: string };
}

/** The row that another row follows. */
export interface Parent {
  /** The column with the parent's id. */
  readonly column: string;
  readonly protection: Protection;
}

/** One table, and who may do what with its rows. Every table has `id` and `tenant_id`. */
export interface Protection {
  readonly schema: string;
  readonly table: string;
  /** How the comments call a row, and several: todo, todos. */
  readonly singular: string;
  readonly plural: string;
  readonly owner: string | null;
  /** With a type the column holds the key of a scope of that type, else a scope's id. */
  readonly scope: { readonly column: string; readonly type: string | null } | null;
  /** The column with the id of the group whose members may do everything with the row. */
  readonly group: { readonly column: string; readonly isRequired: boolean } | null;
  readonly shares: ShareTable | null;
  readonly parent: Parent | null;
  /** Which rows everybody in the tenant sees, the anonymous included. */
  readonly publicRead: RowCondition | null;
  /** True when the anonymous may ask for rows; what they see is what is public, or follows what is. */
  readonly isPublic: boolean;
  readonly conditions: { readonly [C in RowCommand]?: RowCondition };
  readonly commands: ReadonlySet<Command>;
  readonly featureOf: (command: Command) => string;
  /** The features that rules of fields ask for, with the fields as one says them. */
  readonly fieldFeatures: readonly { readonly feature: string; readonly fields: readonly string[] }[];
  /** The columns that a new row may say, and those that an edit may change. */
  readonly insertable: readonly string[];
  readonly updatable: readonly string[];
  /** Those of them that refer to other rows. */
  readonly references: readonly Reference[];
  /** True when `updated_at` is to be stamped. */
  readonly isStamped: boolean;
}

/** Who is asked: the caller himself, whoever acts as him, or his API key. */
export type Principal = "caller" | "actor" | "key";
