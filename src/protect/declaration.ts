/** In charge of what a declaration may say. Its names come from the datamodel, so that a wrong one doesn't compile. */
import type { ReadNumber } from "../audit/events.js";
import type { datamodel, EnumName, enums, FieldName, ModelName, RelationName } from "../generated/datamodel.js";

/** What can be done with a row. Reading is always offered; the others where the declaration lists them. */
export type Command = "read" | "create" | "update" | "delete" | "share";

/** Who may use a field: `"owner"`, whoever holds the named feature at the row's scope, or several of which one is enough. */
export type FieldUsers = string | readonly string[];

/** A mask that lets the end of a text through, never more than half of it. */
export interface KeepLast {
  readonly keepLast: number;
}

/** Who may use one field of a row that he may read (or update) anyway. */
export interface FieldRule<Type = unknown> {
  /** Who may read it; without it, whoever may read the row. */
  readonly read?: FieldUsers;
  /** Who may write it; without it, whoever may create or update the row. */
  readonly write?: FieldUsers;
  /** What the reader gets who may not: an error at the field (default), null, or a mask in the value's place. */
  readonly onDeny?: "error" | "null" | { readonly mask: ValueOf<Type> | (Type extends "String" ? KeepLast : never) };
}

/** Where a row stands in the tenant's tree: a column with the scope's id, or with the key of a scope of one type. */
export type ScopeRule<M extends ModelName> = FieldName<M> | { readonly column: FieldName<M>; readonly type: string };

type FieldsOf<M extends ModelName> = (typeof datamodel)[M]["fields"];

interface Values {
  readonly Boolean: boolean;
  readonly Int: number;
  readonly Float: number;
}

type ValueOf<Type> = Type extends keyof Values
  ? Values[Type]
  : Type extends EnumName
    ? (typeof enums)[Type]["values"][keyof (typeof enums)[Type]["values"]]
    : string;

type TypeOf<M extends ModelName, F extends FieldName<M>> = FieldsOf<M>[F & keyof FieldsOf<M>] extends {
  readonly type: infer Type;
}
  ? Type
  : never;

/** What is true of a row's own columns: `{ state: "draft" }`, `{ state: ["draft", "review"] }`, `{ closedAt: null }`. */
export type Condition<M extends ModelName> = {
  readonly [F in FieldName<M>]?: ValueOf<TypeOf<M, F>> | readonly ValueOf<TypeOf<M, F>>[] | null;
};

/** A list of another resource through a model in between, e.g. a group's members through GroupMember. */
export type Through = {
  readonly [J in ModelName]: {
    /** The resource at the far end. */
    readonly to: ModelName;
    /** The model in between. */
    readonly through: J;
    /** The field in between that holds this row's id. */
    readonly from: FieldName<J>;
    /** The field in between that holds the far row's id. */
    readonly by: FieldName<J>;
    /** The number of the event that its reading is, where it is one. */
    readonly audits?: ReadNumber;
    readonly description: string;
  };
}[ModelName];

/** A command on a row that a function of `iam` does, and judges by its own checks (`iam.may()`). */
export interface FunctionCommand<Name = string> {
  /** The mutation that calls it. */
  readonly mutation: string;
  /** The fields that it changes. */
  readonly writes?: readonly Name[];
}

/** One protected table, declared once. */
export interface Declaration<M extends ModelName> {
  /** The feature above the table's commands: `todos` stands for todos.read, todos.create, todos.update, todos.delete, todos.share. */
  readonly feature?: string;
  /** Features of single commands that are called otherwise. */
  readonly features?: { readonly [C in Command]?: string };
  /** The field with the owner's id. The type gets `owner`. */
  readonly owner?: FieldName<M>;
  /** Where a row stands. The type gets `scope` when it is an id. */
  readonly scope?: ScopeRule<M>;
  /** The field with the id of a group whose members may do everything with the row. */
  readonly group?: FieldName<M>;
  /** The relation to the row that this one follows: who may read that one reads it, who may edit that one writes it. */
  readonly parent?: RelationName<M>;
  /** True when everybody in the tenant sees every row, the anonymous included; a condition says which rows. */
  readonly publicRead?: true | Condition<M>;
  /** What must be true of a row besides, for single commands: only drafts may be edited. */
  readonly conditions?: { readonly [C in Exclude<Command, "share">]?: Condition<M> };
  /** The model with the row's shares. */
  readonly shares?: ModelName;
  /** Rules of single fields. */
  readonly fields?: { readonly [F in FieldName<M>]?: FieldRule<TypeOf<M, F>> };
  /** Fields and relations that GraphQL doesn't show. Foreign keys never are: their relation is. */
  readonly hidden?: readonly (FieldName<M> | RelationName<M>)[];
  /** Fields that no mutation takes, besides the id, the foreign keys and the two moments. */
  readonly readOnly?: readonly FieldName<M>[];
  /** The commands on offer besides reading (default none). */
  readonly commands?: readonly Exclude<Command, "read">[];
  /** In `iam`, where functions write: the commands that can be told of a row, because they ask no other argument who may. */
  readonly functions?: { readonly [command: string]: FunctionCommand<FieldName<M>> };
  /** Fields that hold a resource's id without a Prisma relation. */
  readonly references?: { readonly [F in FieldName<M>]?: ModelName };
  /** Lists of another resource through a model in between. */
  readonly lists?: { readonly [name: string]: Through };
  /** The numbers of the events that the reading is: of rows by `group(id)`, `groups` and `node`, and of relations. */
  readonly audits?: { readonly [R in RelationName<M> | "rows"]?: ReadNumber };
  /** Who may ask at all (default `authenticated`, or `public` with `publicRead`); which rows he gets is for the policies. */
  readonly audience?: "authenticated" | "public";
}
