/** In charge of tables in the forms that the demo's have not: a group's rows, rows that follow another, public rows, conditions. */
import type pg from "pg";
import { guardTable } from "../../../src/protect/policies/guard-table.js";
import type { Protection } from "../../../src/protect/policies/protection.js";

const plain: Omit<Protection, "table" | "singular" | "plural" | "featureOf" | "insertable"> = {
  schema: "public",
  owner: null,
  scope: null,
  group: null,
  shares: null,
  parent: null,
  publicRead: null,
  isPublic: false,
  conditions: {},
  commands: new Set(["read", "create", "update", "delete"]),
  fieldFeatures: [],
  updatable: ["text"],
  references: [],
  isStamped: false,
};

/** A paper stands at a scope and belongs to a group, if to any; only drafts are edited, only drafts and old ones deleted. */
const papers: Protection = {
  ...plain,
  table: "papers",
  singular: "paper",
  plural: "papers",
  scope: { column: "scope_id", type: null },
  group: { column: "group_id", isRequired: false },
  conditions: { update: { state: "draft" }, delete: { state: ["draft", "old"] } },
  featureOf: (command) => `todos.${command}`,
  insertable: ["text", "scope_id", "group_id"],
};

/** A page follows its paper. */
const pages: Protection = {
  ...plain,
  table: "pages",
  singular: "page",
  plural: "pages",
  parent: { column: "paper_id", protection: papers },
  featureOf: (command) => `chats.${command}`,
  insertable: ["text", "paper_id"],
};

/** A bulletin stands at a campus; the open ones are for everybody in the tenant. */
const bulletins: Protection = {
  ...plain,
  table: "bulletins",
  singular: "bulletin",
  plural: "bulletins",
  scope: { column: "campus", type: "campus" },
  publicRead: { is_open: true },
  isPublic: true,
  featureOf: (command) => `todos.${command}`,
  insertable: ["text", "campus"],
};

/** A post is its author's, and everybody in the tenant reads all of them. */
const posts: Protection = {
  ...plain,
  table: "posts",
  singular: "post",
  plural: "posts",
  owner: "owner_id",
  publicRead: {},
  isPublic: true,
  featureOf: (command) => `chats.${command}`,
  insertable: ["text"],
};

const start = "id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.caller_tenant_id()";

/** Makes the tables and guards them as `portcullis protect` would. */
export async function makeForms(owner: pg.Pool): Promise<void> {
  await owner.query(`
    create table public.papers (
      ${start}, scope_id uuid not null, group_id uuid, state text not null default 'draft', text text not null,
      unique (tenant_id, id),
      foreign key (tenant_id, scope_id) references iam.scopes (tenant_id, id),
      foreign key (tenant_id, group_id) references iam.groups (tenant_id, id)
    );
    create table public.pages (
      ${start}, paper_id uuid not null, text text not null,
      foreign key (tenant_id, paper_id) references public.papers (tenant_id, id) on delete cascade
    );
    create table public.bulletins (${start}, campus text not null, is_open boolean not null default false, text text not null);
    create table public.posts (${start}, owner_id uuid not null default iam.caller_id(), text text not null)`);
  for (const protection of [papers, pages, bulletins, posts]) await owner.query(guardTable(protection));
}
