/** In charge of holding the oracle of these forms against the database: every caller, row and command, really tried. */
import { createHash } from "node:crypto";
import type pg from "pg";
import type { OpenedSession, Sessions } from "../../../src/database/session.js";
import { type Attempts, callerOf, each, idsOf, inSession, tried, undone } from "../ask-database.js";
import { credentialsOf, labelOf } from "../compare.js";
import { Notes, type Verdict } from "../notes.js";
import { type Caller, type Credential, open } from "../oracle.js";
import type { StoredWorld } from "../store-world.js";
import type { World } from "../world.js";
import * as oracle from "./oracle.js";

const tables = ["papers", "pages", "bulletins", "posts"] as const;
const states = ["draft", "final", "old"] as const;

/** Rows for a world: what stands where follows from its own rows, sales and groups. */
export function formsFor({ rows, sales, groups }: World): oracle.Forms {
  const papers = rows.map((row, n): oracle.Paper => {
    const near = groups.filter((group) => group.tenant === row.tenant);
    const group = n % 3 === 0 ? null : (near[n % Math.max(1, near.length)]?.id ?? null);
    return { id: `paper${n}`, tenant: row.tenant, scope: row.scope, group, state: states[n % 4] ?? "draft" };
  });
  return {
    papers,
    pages: papers.map((paper, n) => ({ id: `page${n}`, tenant: paper.tenant, paper })),
    bulletins: sales.map(({ tenant, campus }, n) => ({ id: `bulletin${n}`, tenant, campus, isOpen: n % 2 === 0 })),
    posts: rows.map(({ tenant, owner }, n) => ({ id: `post${n}`, tenant, owner })),
  };
}

/** Writes the rows. */
export async function storeForms(owner: pg.Pool, { id }: StoredWorld, forms: oracle.Forms): Promise<void> {
  const own = (row: { readonly id: string; readonly tenant: string }) => ({
    id: idIn(id, row.id),
    tenant_id: id(row.tenant),
    text: row.id,
  });
  const rows: Readonly<Record<(typeof tables)[number], readonly object[]>> = {
    papers: forms.papers.map((paper) => ({
      ...own(paper),
      scope_id: id(paper.scope),
      group_id: paper.group === null ? null : id(paper.group),
      state: paper.state,
    })),
    pages: forms.pages.map((page) => ({ ...own(page), paper_id: idIn(id, page.paper.id) })),
    bulletins: forms.bulletins.map((one) => ({ ...own(one), campus: one.campus, is_open: one.isOpen })),
    posts: forms.posts.map((post) => ({ ...own(post), owner_id: id(post.owner) })),
  };
  for (const table of tables) {
    const columns = Object.keys(rows[table][0] ?? {}).join(", ");
    if (columns === "") continue;
    await owner.query(
      `insert into public.${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::public.${table}, $1)`,
      [JSON.stringify(rows[table])],
    );
  }
}

// The world names todos and sales the same way; a form's row is another.
function idIn(id: StoredWorld["id"], name: string): string {
  const hex = createHash("sha256")
    .update(`form ${id(name)}`)
    .digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

interface Found {
  readonly seen: ReadonlyMap<string, readonly string[]>;
  readonly updated: ReadonlyMap<string, readonly string[]>;
  readonly deleted: ReadonlyMap<string, readonly string[]>;
  readonly created: ReadonlySet<string>;
}

/** Asks oracle and database everything about these rows, one caller after the other. */
export async function compareForms(sessions: Sessions, stored: StoredWorld, forms: oracle.Forms): Promise<Verdict> {
  const notes = new Notes("the database");
  for (const who of credentialsOf(stored)) {
    const caller = open(stored.world, who);
    if (typeof caller === "number" || (who.tenant === null && caller.tenant !== null)) continue;
    const found = await inSession(sessions, callerOf(stored, who), async (session) => {
      await session.identity();
      return ask(session, stored, { who, forms });
    });
    if (typeof found === "number") notes.same(`${labelOf(who)}: session`, "opens", found);
    else compareCaller({ stored, caller, forms, found, label: labelOf(who), notes });
  }
  return notes;
}

async function ask(
  session: OpenedSession,
  stored: StoredWorld,
  { who, forms }: { readonly who: Credential; readonly forms: oracle.Forms },
): Promise<Found> {
  const readable = who.user === null ? (["bulletins", "posts"] as const) : tables;
  const seen = await each(
    session,
    readable.map((table) => [table, `select id from public.${table}`] as const),
    idsOf,
  );
  if (who.user === null) return { seen, updated: new Map(), deleted: new Map(), created: new Set() };
  const all = (sql: (table: string) => string) =>
    each(
      session,
      tables.map((table) => [table, sql(table)] as const),
      idsOf,
    );
  return {
    seen,
    updated: await all((table) => `update public.${table} set text = text || '!' returning id`),
    deleted: await all((table) => `delete from public.${table} returning id`),
    created: new Set(await undone(session, () => tried(session, creations(stored, forms)))),
  };
}

function creations(stored: StoredWorld, forms: oracle.Forms): readonly Attempts[] {
  const { world, id } = stored;
  const places = placesFor(world);
  return [
    {
      sql: "insert into public.papers (text, scope_id, group_id) values ('new', try.place, try.of_group)",
      each: places.map(({ scope, group }) => ({
        label: `paper at ${scope.id} of ${group}`,
        place: id(scope.id),
        of_group: group === null ? null : id(group),
      })),
    },
    {
      sql: "insert into public.pages (text, paper_id) values ('new', try.paper)",
      each: forms.papers.map((paper) => ({ label: `page of ${paper.id}`, paper: idIn(id, paper.id) })),
    },
    {
      sql: "insert into public.bulletins (text, campus) values ('new', try.campus)",
      each: campusesOf(forms).map((campus) => ({ label: `bulletin at ${campus}`, campus })),
    },
    { sql: "insert into public.posts (text) values ('new')", each: [{ label: "post" }] },
  ];
}

function placesFor({ scopes, groups }: World) {
  return scopes.flatMap((scope, n) => {
    const group = groups[n % Math.max(1, groups.length)]?.id;
    return [{ scope, group: null }, ...(group === undefined ? [] : [{ scope, group }])];
  });
}

const campusesOf = ({ bulletins }: oracle.Forms) => [...new Set([...bulletins.map(({ campus }) => campus), "k0"])];

interface Comparison {
  readonly stored: StoredWorld;
  readonly caller: Caller;
  readonly forms: oracle.Forms;
  readonly found: Found;
  readonly label: string;
  readonly notes: Notes;
}

function compareCaller({ stored, caller, forms, found, label, notes }: Comparison): void {
  const { world, id } = stored;
  const same = <Row extends { readonly id: string }>(
    what: string,
    rows: readonly Row[],
    may: (row: Row) => boolean,
    ids: readonly string[] | undefined,
  ) =>
    notes.sameSet(
      `${label}: ${what}`,
      rows.filter(may).map((row) => row.id),
      (ids ?? []).map((one) => rows.find((row) => idIn(id, row.id) === one)?.id ?? one),
      rows.length,
    );
  const { papers, pages, bulletins, posts } = forms;
  const { seen, updated, deleted, created } = found;
  same("reads papers", papers, (row) => oracle.readsPaper(world, caller, row), seen.get("papers"));
  same("reads pages", pages, (row) => oracle.readsPage(world, caller, row), seen.get("pages"));
  same("reads bulletins", bulletins, (row) => oracle.readsBulletin(world, caller, row), seen.get("bulletins"));
  same("reads posts", posts, (row) => oracle.readsPost(world, caller, row), seen.get("posts"));
  if (caller.user === null) return;
  same("updates papers", papers, (row) => oracle.updatesPaper(world, caller, row), updated.get("papers"));
  same("deletes papers", papers, (row) => oracle.deletesPaper(world, caller, row), deleted.get("papers"));
  for (const [command, ids] of [
    ["update", updated],
    ["delete", deleted],
  ] as const) {
    same(`${command}s pages`, pages, (row) => oracle.changesPage(world, caller, command, row), ids.get("pages"));
    same(
      `${command}s bulletins`,
      bulletins,
      (row) => oracle.changesBulletin(world, caller, command, row),
      ids.get("bulletins"),
    );
    same(`${command}s posts`, posts, (row) => oracle.changesPost(world, caller, command, row), ids.get("posts"));
  }
  const creates = (what: string, expected: boolean) =>
    notes.same(`${label}: creates ${what}`, expected, created.has(what));
  for (const { scope, group } of placesFor(world))
    creates(`paper at ${scope.id} of ${group}`, oracle.createsPaper(world, caller, scope, group));
  for (const paper of papers) creates(`page of ${paper.id}`, oracle.createsPage(world, caller, paper));
  for (const campus of campusesOf(forms))
    creates(`bulletin at ${campus}`, oracle.createsBulletin(world, caller, campus));
  creates("post", oracle.createsPost(world, caller));
}
