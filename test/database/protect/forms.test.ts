/** The forms of protection that no table of the demo has, each on a table of its own. */
import { sql } from "kysely";
import { beforeAll, describe, expect, test } from "vitest";
import { guardTable } from "../../../src/protect/policies/guard-table.js";
import type { Protection } from "../../../src/protect/policies/protection.js";
import { mayDo } from "../../../src/protect/read/access.js";
import { rowSource, toStatement } from "../../../src/protect/read/sql.js";
import { arranger } from "../../support/arrange.js";
import { type SqlCaller, useCallers } from "../../support/callers.js";

const { as, anonymous, database } = useCallers();
const [alice, bob, jane, erin, carol] = ["alice@acme", "bob@acme", "jane@acme", "erin@acme", "carol@globex"].map(
  (who) => as(`${who}.test`),
) as [
  ReturnType<typeof as>,
  ReturnType<typeof as>,
  ReturnType<typeof as>,
  ReturnType<typeof as>,
  ReturnType<typeof as>,
];

const office = "60000000-0000-4000-8000-000000000001";
const board = "60000000-0000-4000-8000-000000000003";
const everyCommand = ["read", "create", "update", "delete"] as const;

const plain: Protection = {
  schema: "public",
  table: "notes",
  singular: "note",
  plural: "notes",
  owner: "owner_id",
  scope: null,
  group: null,
  shares: null,
  parent: null,
  publicRead: null,
  isPublic: false,
  conditions: {},
  commands: new Set(everyCommand),
  featureOf: (command) => `todos.${command}`,
  fieldFeatures: [],
  insertable: ["id", "text"],
  updatable: ["text"],
  references: [],
  isStamped: false,
};
const todos: Protection = {
  ...plain,
  table: "todos",
  singular: "todo",
  plural: "todos",
  scope: { column: "scope_id", type: null },
  shares: { schema: "public", table: "todo_shares", row: "todo_id" },
};

const comments: Protection = {
  ...plain,
  table: "comments",
  singular: "comment",
  plural: "comments",
  parent: { column: "todo_id", protection: todos },
  featureOf: (command) => `chats.${command}`,
  insertable: ["id", "text", "todo_id"],
};

const forms: readonly Protection[] = [
  { ...plain, group: { column: "group_id", isRequired: false }, insertable: ["id", "text", "group_id"] },
  comments,
  {
    ...plain,
    table: "replies",
    singular: "reply",
    plural: "replies",
    owner: null,
    parent: { column: "comment_id", protection: comments },
    featureOf: (command) => `chats.${command}`,
    insertable: ["id", "text", "comment_id"],
  },
  {
    ...plain,
    table: "articles",
    singular: "article",
    plural: "articles",
    publicRead: { state: "published" },
    isPublic: true,
    conditions: { read: { campus: null }, update: { state: ["draft", "review"] }, delete: { state: "draft" } },
    insertable: ["id", "text", "state"],
    updatable: ["text", "state"],
  },
  {
    ...plain,
    table: "order",
    singular: "order",
    plural: "orders",
    owner: null,
    featureOf: (command) => (command === "read" ? "view_sales_page" : "approve_payments"),
    scope: { column: "campus", type: "campus" },
    insertable: ["id", "campus"],
  },
  { ...plain, table: "rules", singular: "rule", plural: "rules", owner: null, publicRead: {}, isPublic: true },
];

const id = (n: number) => `00000000-1111-4000-8000-00000000000${n}`;

beforeAll(async () => {
  const columns = `id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.caller_tenant_id(),
    owner_id uuid default iam.caller_id(), text text not null default 'x', group_id uuid, todo_id uuid, comment_id uuid, state text, campus text`;
  for (const form of forms) {
    await database.owner.query(`create table public."${form.table}" (${columns}); ${guardTable(form)}`);
  }
});

describe("a group column", () => {
  test("allows the group's members everything, and hides the row from the others", async () => {
    expect(await bob.outcome(`insert into notes (id, group_id) values ('${id(1)}', '${office}')`)).toBe("allowed");
    expect(await jane.read("select id from notes")).toEqual([{ id: id(1) }]);
    await bob.sql(`insert into notes (id) values ('${id(8)}')`);
    expect(await jane.sql("update notes set text = 'y' returning id")).toEqual([{ id: id(1) }]);
    expect(await carol.read("select id from notes")).toEqual([]);
  });

  test("denies a group that one is not in, another tenant's, and moving a row", async () => {
    expect(await erin.outcome(`insert into notes (group_id) values ('${office}')`)).toBe("42501");
    expect(await bob.outcome(`insert into notes (group_id) values ('${board}')`)).toBe("42501");
    expect(await bob.outcome("update notes set group_id = null")).toBe("42501");
  });
});

describe("a parent", () => {
  test("allows what it allows itself: reading by reading, writing by editing", async () => {
    const todo = "70d00000-0000-4000-8000-000000000001"; // alice's, shared with the office for writing
    expect(await jane.outcome(`insert into comments (id, todo_id) values ('${id(2)}', '${todo}')`)).toBe("allowed");
    expect(await bob.read("select id from comments")).toEqual([{ id: id(2) }]);
    expect(await bob.sql("update comments set text = 'z' returning id")).toEqual([{ id: id(2) }]);
    expect(await erin.read("select id from comments")).toEqual([{ id: id(2) }]);
    expect(await erin.sql("update comments set text = 'e' returning id")).toEqual([]);
    expect(await erin.outcome(`insert into comments (todo_id) values ('${todo}')`)).toBe("42501");
  });

  test("hides what follows a hidden row, and denies following one", async () => {
    const hidden = "70d00000-0000-4000-8000-000000000003"; // bob's own
    await bob.sql(`insert into comments (id, todo_id) values ('${id(3)}', '${hidden}')`);
    expect(await jane.read("select id from comments order by id")).toEqual([{ id: id(2) }]);
    expect(await jane.outcome(`insert into comments (todo_id) values ('${hidden}')`)).toBe("42501");
    expect(await jane.sql(`delete from comments where id = '${id(3)}' returning id`)).toEqual([]);
  });
});

describe("a parent of a parent", () => {
  const reply = `insert into replies (comment_id) values ('${id(2)}')`;

  test("allows what the row at the top allows: reading by reading, writing by editing", async () => {
    expect(await jane.outcome(reply)).toBe("allowed");
    expect(await bob.sql("update replies set text = 'b' returning text")).toEqual([{ text: "b" }]);
    expect((await erin.read("select from replies")).length).toBe(1);
    expect(await erin.sql("update replies set text = 'e' returning text")).toEqual([]);
    expect(await erin.outcome(reply)).toBe("42501");
  });

  test("hides what follows a row that follows a hidden one", async () => {
    await bob.sql(`insert into replies (comment_id) values ('${id(3)}')`);
    expect((await bob.read("select from replies")).length).toBe(2);
    expect((await jane.read("select from replies")).length).toBe(1);
    expect(await jane.outcome(`insert into replies (comment_id) values ('${id(3)}')`)).toBe("42501");
    expect(await carol.read("select from replies")).toEqual([]);
    expect(await anonymous("acme").outcome("select from replies")).toBe("42501");
  });
});

describe("public read with a condition", () => {
  test("allows everybody the published rows, and hides drafts from all but their owner and holders", async () => {
    await bob.sql(`insert into articles (id, state) values ('${id(4)}', 'draft'), ('${id(5)}', 'published')`);
    expect(await anonymous("acme").read("select id from articles")).toEqual([{ id: id(5) }]);
    expect(await jane.read("select id from articles")).toEqual([{ id: id(5) }]);
    expect((await bob.read("select id from articles")).length).toBe(2);
    expect((await alice.read("select id from articles")).length).toBe(2);
    expect(await carol.read("select id from articles")).toEqual([]);
    expect(await anonymous("globex").read("select id from articles")).toEqual([]);
    expect(await anonymous().read("select id from articles")).toEqual([]);
    expect(await anonymous("acme").outcome("delete from articles")).toBe("42501");
  });

  test("hides what a condition on reading excludes from everybody, published or not", async () => {
    await database.owner.query(
      `insert into articles (tenant_id, owner_id, state, campus)
       select m.tenant_id, m.user_id, 'published', 'recalled' from iam.tenant_members m join iam.users u on u.id = m.user_id where u.email = 'bob@acme.test'`,
    );
    for (const caller of [alice, bob, jane, anonymous("acme")])
      expect(await caller.read("select from articles where campus = 'recalled'")).toEqual([]);
  });

  test("allows everybody every row without one", async () => {
    await alice.sql(`insert into rules (id) values ('${id(6)}')`);
    expect(await anonymous("acme").read("select id from rules")).toEqual([{ id: id(6) }]);
    expect(await jane.read("select id from rules")).toEqual([{ id: id(6) }]);
    expect(await carol.read("select id from rules")).toEqual([]);
    expect(await jane.outcome("insert into rules default values")).toBe("42501");
  });
});

describe("an extra condition", () => {
  test("denies what it excludes to the owner and to holders, and allows an edit to leave it", async () => {
    expect(await bob.sql(`update articles set text = 'late' where id = '${id(5)}' returning id`)).toEqual([]);
    expect(await alice.sql(`update articles set text = 'late' where id = '${id(5)}' returning id`)).toEqual([]);
    expect(await bob.sql(`delete from articles where id = '${id(5)}' returning id`)).toEqual([]);
    expect(await bob.sql(`update articles set state = 'published' where id = '${id(4)}' returning id`)).toEqual([
      { id: id(4) },
    ]);
    expect(await bob.sql(`delete from articles where id = '${id(4)}' returning id`)).toEqual([]);
  });
});

describe("own feature names at the key of a scope", () => {
  test("allows each command by its own feature, at the scope of that key only", async () => {
    expect(await jane.outcome(`insert into "order" (id, campus) values ('${id(7)}', 'chicago')`)).toBe("allowed");
    expect(await jane.outcome(`insert into "order" (campus) values ('miami')`)).toBe("42501");
    expect(await jane.outcome(`insert into "order" (campus) values ('nowhere')`)).toBe("42501");
    expect(await jane.read('select id from "order"')).toEqual([{ id: id(7) }]);
    expect(await bob.read('select id from "order"')).toEqual([]);
    expect(await bob.outcome(`insert into "order" (campus) values ('chicago')`)).toBe("42501");
  });
});

describe("the access to a row of each form", () => {
  beforeAll(async () => {
    await alice.sql("insert into articles (state) values ('draft')");
    await arranger(database).grant({ user: "bob@acme.test", feature: "view_sales_page", scope: "campus/chicago" });
  });

  const changes = { update: "set text = text", delete: "" } as const;

  /** The rows that a command touches when it is tried, nothing of which stays. */
  async function touched(caller: SqlCaller, { table }: Protection, command: keyof typeof changes) {
    const verb = command === "delete" ? "delete from" : "update";
    let ids: readonly string[] = [];
    const undo = new RangeError("undo");
    const work = caller.within(async (transaction) => {
      const rows = await transaction.sql<{ id: string }>(`${verb} "${table}" ${changes[command]} returning id`);
      ids = rows.map((row) => row.id);
      throw undo;
    });
    await expect(work).rejects.toBe(undo);
    return ids.toSorted();
  }

  /** The rows that the same command is said to be allowed on. */
  async function allowed(caller: SqlCaller, form: Protection, command: keyof typeof changes) {
    const may = mayDo(form, command, rowSource("t0"));
    const { sql: text } = toStatement(sql`select id from ${sql.id(form.table)} as t0 where ${may} order by id`);
    return (await caller.read<{ id: string }>(text)).map((row) => row.id);
  }

  test.each(forms.map((form) => [form.table, form] as const))(
    "is what then happens when somebody tries: %s",
    async (_table, form) => {
      let [yes, no] = [0, 0];
      for (const caller of [alice, bob, jane, erin, carol]) {
        const seen = (await caller.read(`select from "${form.table}"`)).length;
        for (const command of ["update", "delete"] as const) {
          const found = await allowed(caller, form, command);
          expect(found).toEqual(await touched(caller, form, command));
          yes += found.length;
          no += seen - found.length;
        }
      }
      expect({ isEverAllowed: yes > 0, isEverDenied: no > 0 }).toEqual({ isEverAllowed: true, isEverDenied: true });
    },
  );

  test("denies the anonymous caller everything but reading", async () => {
    const [article] = forms.filter(({ table }) => table === "articles");
    if (article === undefined) throw new TypeError("There are no articles.");
    expect((await anonymous("acme").read("select from articles")).length).toBeGreaterThan(0);
    for (const command of ["update", "delete"] as const)
      expect(await allowed(anonymous("acme"), article, command)).toEqual([]);
  });
});

describe("the explanation of a row of each form", () => {
  const people = ["alice", "bob", "jane", "erin", "dave", "fay"].map((who) => `${who}@acme.test`);
  const tries = {
    read: (table: string) => `select id from "${table}"`,
    update: (table: string) => `update "${table}" set text = text returning id`,
    delete: (table: string) => `delete from "${table}" returning id`,
  } as const;

  beforeAll(async () => {
    const arrange = arranger(database);
    for (const who of ["dave", "fay"]) {
      await arrange.user(`${who}@acme.test`);
      await arrange.grant({ user: `${who}@acme.test`, feature: "view_sales_page", scope: "tenant/acme" });
    }
    // denied anywhere, he doesn't hold it everywhere: a row that stands nowhere is hidden from him
    await arrange.grant({ user: "dave@acme.test", feature: "view_sales_page", scope: "campus/miami", effect: "deny" });
    await database.owner.query(
      `insert into "order" (tenant_id, campus) select id, 'nowhere' from iam.tenants where slug = 'acme'`,
    );
  });

  /** Who touches which rows with a command when he tries, nothing of which stays. */
  async function done(table: string, command: keyof typeof tries): Promise<readonly string[]> {
    const pairs: string[] = [];
    const undo = new RangeError("undo");
    for (const who of people) {
      const work = as(who).within(async (transaction) => {
        const rows = await transaction.sql<{ id: string }>(tries[command](table));
        pairs.push(...rows.map((row) => `${who} ${row.id}`));
        throw undo;
      });
      await expect(work).rejects.toBe(undo);
    }
    return pairs.toSorted();
  }

  const pairsOf = async (text: string, ...parameters: readonly unknown[]) =>
    (await erin.read<{ pair: string }>(text, ...parameters)).map(({ pair }) => pair).toSorted();

  test.each(forms.map(({ table }) => table))("is what then happens when somebody tries: %s", async (table) => {
    const { rows } = await database.owner.query<{ id: string }>(
      `select r.id from public."${table}" r join iam.tenants t on t.id = r.tenant_id where t.slug = 'acme'`,
    );
    const asked = [`public."${table}"`, rows.map((row) => row.id), people] as const;
    for (const command of ["read", "update", "delete"] as const) {
      const tried = await done(table, command);
      const explained = await pairsOf(
        `select u.email || ' ' || r.id as pair
         from unnest($2::uuid[]) r (id), unnest($3::text[]) u (email)
         where (iam.explain_row($1, r.id, $4, u.email) -> 'allowed')::boolean
           and iam.explain_row($1, r.id, $4, u.email) -> 'chain' <> '[]'`,
        ...asked,
        command,
      );
      const listed = await pairsOf(
        `select u.email || ' ' || r.id as pair
         from unnest($2::uuid[]) r (id), iam.users_who_can_access($1, r.id, $4) a (id), iam.users u
         where u.id = a.id and u.email = any ($3)`,
        ...asked,
        command,
      );
      const open = await pairsOf(
        "select u.email || ' ' || r.id as pair from unnest($2::text[]) u (email), iam.rows_open_to($1, $3, u.email) r (id)",
        asked[0],
        people,
        command,
      );
      expect({ command, explained, listed, open }).toEqual({ command, explained: tried, listed: tried, open: tried });
    }
  });
});
