/** In charge of the closures: what they say is what the edges say, whoever changes them at once, and no edge closes a circle. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { outcomeOf, useCallers } from "../support/callers.js";
import { closureFaults } from "../support/closures.js";

const { as, database } = useCallers(8);
const arrange = arranger(database);
const alice = () => as("alice@acme.test");
const count = 7;

beforeAll(async () => {
  for (let n = 0; n < count; n++) {
    await arrange.group({ name: `g${n}`, owner: "alice@acme.test" });
    await arrange.role({ code: `r${n}` });
    await arrange.scope("tenant/acme", "place", `p${n}`);
  }
});

const kinds: readonly (readonly [kind: string, join: string, part: string, name: (n: number) => string])[] = [
  ["group", "select iam.include_group($1, $2)", "select iam.exclude_group($1, $2)", (n) => `g${n}`],
  ["role", "select iam.include_role($1, $2)", "select iam.exclude_role($1, $2)", (n) => `r${n}`],
  [
    "scope",
    "select iam.move_scope($2, $1)",
    "select iam.move_scope($2, 'tenant/acme') where $1 <> ''",
    (n) => `place/p${n}`,
  ],
];

describe.each(kinds)("a %s", (_, join, part, name) => {
  test("denies itself a place in itself", async () => {
    expect(await alice().outcome(join, name(0), name(0))).toMatch(/PT409|23514/);
  });

  test.each([2, 3, count])("denies the last edge of a circle of %i", async (size) => {
    for (let n = 0; n + 1 < size; n++) await alice().sql(join, name(n), name(n + 1));
    expect(await alice().outcome(join, name(size - 1), name(0))).toBe("PT409");
    expect(await closureFaults(database)).toEqual([]);
    for (let n = 0; n + 1 < size; n++) await alice().sql(part, name(n), name(n + 1));
    expect(await closureFaults(database)).toEqual([]);
  });

  test("denies one of two halves of a circle that come at once", async () => {
    for (let round = 0; round < 8; round++) {
      const outcomes = await Promise.all([
        alice().outcome(join, name(0), name(1)),
        alice().outcome(join, name(1), name(0)),
      ]);
      expect(outcomes.sort()).toEqual(["PT409", "allowed"]);
      await outcomeOf(alice().sql(part, name(0), name(1)));
      await outcomeOf(alice().sql(part, name(1), name(0)));
    }
    expect(await closureFaults(database)).toEqual([]);
  });
});

describe("many changes at once", () => {
  test("leave closures that say what the edges say", async () => {
    const random = pseudoRandom(20261121);
    const pick = () => Math.floor(random() * count);
    const change = (): Promise<string> => {
      const kind = kinds[Math.floor(random() * kinds.length)] ?? kinds[0];
      if (kind === undefined || random() < 0.25)
        return alice().outcome(`select iam.${random() < 0.5 ? "disable" : "enable"}_group($1)`, `g${pick()}`);
      const [, join, part, name] = kind;
      return alice().outcome(random() < 0.65 ? join : part, name(pick()), name(pick()));
    };
    const workers = Array.from({ length: 8 }, async () => {
      const outcomes: string[] = [];
      for (let n = 0; n < 40; n++) outcomes.push(await change());
      return outcomes;
    });
    const outcomes = (await Promise.all(workers)).flat();
    expect(await closureFaults(database)).toEqual([]);
    expect(outcomes.filter((outcome) => outcome === "allowed").length).toBeGreaterThan(60);
    expect(outcomes.filter((outcome) => /^(40|55|57|XX|42)/.test(outcome))).toEqual([]);
  });

  test("leave closures that say so when the owner's connections ignore the functions", async () => {
    const random = pseudoRandom(7);
    const pick = () => `g${Math.floor(random() * count)}`;
    const statements = [
      "insert into iam.group_includes (tenant_id, group_id, included_group_id) select a.tenant_id, a.id, b.id from iam.groups a, iam.groups b where a.name = $1 and b.name = $2 on conflict do nothing",
      "delete from iam.group_includes where group_id = (select id from iam.groups where name = $1) and included_group_id <> (select id from iam.groups where name = $2)",
      "update iam.groups set is_active = not is_active where name in ($1, $2)",
    ];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let n = 0; n < 25; n++)
          await outcomeOf(database.owner.query(statements[Math.floor(random() * 3)] ?? "", [pick(), pick()]));
      }),
    );
    expect(await closureFaults(database)).toEqual([]);
  });

  test("leave nothing of what was deleted", async () => {
    await database.owner.query("update iam.groups set is_active = true");
    for (let n = 0; n < count; n++) {
      await outcomeOf(alice().sql("select iam.include_group('g0', $1)", `g${n}`));
      await outcomeOf(alice().sql("select iam.include_role('r0', $1)", `r${n}`));
    }
    for (const n of [3, 0, 5]) {
      expect(await alice().outcome("select iam.delete_group($1)", `g${n}`)).toBe("allowed");
      expect(await alice().outcome("select iam.delete_role($1)", `r${n}`)).toBe("allowed");
      expect(await closureFaults(database)).toEqual([]);
    }
  });

  test("deny a deep tree nothing: 300 groups in each other are read at once", async () => {
    await database.owner.query(`
      insert into iam.groups (tenant_id, name) select id, 'deep ' || n from iam.tenants, generate_series(1, 300) n where slug = 'acme'`);
    await database.owner.query(`
      insert into iam.group_includes (tenant_id, group_id, included_group_id)
      select a.tenant_id, a.id, b.id from iam.groups a join iam.groups b on b.name = 'deep ' || (split_part(a.name, ' ', 2)::int + 1)
      where a.name like 'deep %'`);
    await database.owner.query(`
      insert into iam.group_members (tenant_id, group_id, user_id)
      select g.tenant_id, g.id, u.id from iam.groups g, iam.users u where g.name = 'deep 300' and u.email = 'bob@acme.test'`);
    await arrange.grant({ group: "deep 1", feature: "view_sales_page", scope: "campus/miami" });
    const before = performance.now();
    expect(await as("bob@acme.test").value("select iam.can('view_sales_page', 'campus/miami')")).toBe(true);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(await closureFaults(database)).toEqual([]);
  });
});

/** The same numbers from 0 up to 1 for the same seed (mulberry32). */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
