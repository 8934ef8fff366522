/** In charge of the ways to rows: the places and shares that a list goes by are those that the policies then judge by. */
import { beforeAll, describe, expect, test } from "vitest";
import { arranger } from "../support/arrange.js";
import { useCallers } from "../support/callers.js";

const { as, database } = useCallers();
const arrange = arranger(database);
const people = ["alice", "jane", "rooted", "placed", "nowhere"];
const here = (who: string) => as(`${who}@acme.test`, { tenant: "acme" });

beforeAll(async () => {
  for (const who of ["rooted", "placed", "nowhere"]) await arrange.user(`${who}@acme.test`);
  await arrange.scope("campus/chicago", "store", "43");
  const feature = "view_sales_page";
  await arrange.grant({ user: "rooted@acme.test", feature, scope: "tenant/acme" });
  await arrange.grant({ user: "rooted@acme.test", feature, scope: "campus/miami", effect: "deny" });
  await arrange.grant({ user: "placed@acme.test", feature, scope: "campus/chicago" });
  await arrange.grant({ user: "placed@acme.test", feature, scope: "store/42", effect: "deny" });
  await arrange.grant({ user: "nowhere@acme.test", feature, scope: "campus/miami", effect: "deny" });
});

describe("the places where a caller holds something", () => {
  test.each(people)("are the same by one look-up as by two, and as what is judged: %s", async (who) => {
    const [row] = await here(who).read(`
      select
        iam.given_everywhere('view_sales_page', 'caller') as everywhere,
        array(select iam.scopes_given('view_sales_page', 'caller') order by 1) as places,
        array(select iam.scope_keys_given('view_sales_page', 'campus', 'caller') order by 1) as keys,
        (select jsonb_build_object('everywhere', r.is_everywhere, 'places', array(select unnest(r.places) order by 1))
         from iam.caller_reach('view_sales_page', 1000) r) as reach,
        (select jsonb_build_object('everywhere', r.is_everywhere, 'keys', array(select unnest(r.places) order by 1))
         from iam.caller_key_reach('view_sales_page', 'campus', 1000) r) as "keyReach"`);
    const { everywhere, places, keys, reach, keyReach } = row ?? {};
    expect(reach).toEqual({ everywhere, places: everywhere ? [] : places });
    expect(keyReach).toEqual({ everywhere, keys: everywhere ? [] : keys });
    expect(everywhere).toBe(who === "alice");
  });

  test.each([
    ["rooted", ["chicago"]],
    ["placed", ["chicago"]],
    ["nowhere", []],
  ])("are told by their keys, of one type: %s holds it at %j", async (who, campuses) => {
    const ask = "select places from iam.caller_key_reach('view_sales_page', 'campus', 1000)";
    expect(await here(who).value(ask)).toEqual(campuses);
  });

  test("are left out where they are too many, and much of the tenant", async () => {
    const ask = (most: number) =>
      here("placed").value("select places from iam.caller_reach('view_sales_page', $1)", most);
    const addScopes = (tenant: string) =>
      database.owner.query(
        `insert into iam.scopes (tenant_id, type, key, name, parent_id)
         select tenant_id, 'desk', 'desk' || i, 'Desk', id from iam.scopes, generate_series(1, 40) i
         where type = 'tenant' and key = $1`,
        [tenant],
      );
    expect(await ask(2)).toHaveLength(2);
    expect(await ask(1)).toBeNull();
    await addScopes("globex");
    expect(await ask(1)).toBeNull();
    await addScopes("acme");
    expect(await ask(1)).toHaveLength(2);
  });
});

describe("the rows that are shared with a caller", () => {
  test.each([
    ["todos", "todo_shares", "todo_id", "title"],
    ["chats", "chat_shares", "chat_id", "message"],
  ])("are those of the tenant that he acts in, and %s of another are hidden", async (table, shares, key, text) => {
    const who = `both.${table}@acme.test`;
    const id = await arrange.user(who, ["acme", "globex"]);
    const [row] = await as("carol@globex.test").sql<{ id: string }>(
      `insert into ${table} (${text}) values ('Abroad') returning id`,
    );
    await as("carol@globex.test").sql(
      `insert into ${shares} (${key}, user_id, can_write) values ($1, $2, true)`,
      row?.id,
      id,
    );
    const shared = (tenant: string) => as(who, { tenant }).read(`select iam.shared_${table}('read', 'caller') as id`);
    expect(await shared("globex")).toEqual([{ id: row?.id }]);
    expect(await shared("acme")).toEqual([]);
  });
});
