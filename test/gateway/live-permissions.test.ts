/** In charge of following one's own authority: told when it changes by whatever way, and never of anybody else's. */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { openEventStream } from "../support/event-stream.js";
import { tokenFor } from "../support/gateway-over.js";
import { useLiveGateway } from "../support/live-gateway.js";

const live = useLiveGateway();

const alice = "alice@acme.test";
const bob = "bob@acme.test";
const carol = "carol@globex.test";
const jane = "jane@acme.test";
const mine = "subscription { permissionsChanged { features { feature scope } } }";
const quietMillis = 1_000;

interface Change {
  readonly data: { readonly permissionsChanged: { readonly features: readonly object[] } };
}

const featuresOf = (change: Change) => change.data.permissionsChanged.features;
const grant = async (by: string, to: string, feature: string, scope: string): Promise<string> => {
  const input = `feature: "${feature}", user: "${to}", scope: "${scope}"`;
  const data = await live.ask(by, `mutation { grantFeature(input: { ${input} }) { grant { id } } }`);
  return data.grantFeature.grant.id;
};
const revoke = (by: string, id: string) => live.ask(by, `mutation { revokeGrant(input: { id: "${id}" }) { revoked } }`);
const insertGrant = (email: string, columns: string, values: string) =>
  live.database.owner.query(
    `insert into iam.grants (tenant_id, user_id, feature_id, scope_id, ${columns})
     select s.tenant_id, u.id, f.id, s.id, ${values}
     from iam.scopes s, iam.users u, iam.features f
     where s.type || '/' || s.key = 'campus/miami' and u.email = $1 and f.code = 'todos.read' returning id`,
    [email],
  );

const given = { feature: "todos.read", scope: "campus/miami" };

describe("a subscriber to his permissions", () => {
  it("is told what he holds at once, then what he is given, then that it was taken away", async () => {
    const stream = await live.follow(jane, mine);
    const first = await stream.next();
    expect(featuresOf(first)).toContainEqual({ feature: "view_sales_page", scope: "campus/chicago" });
    expect(featuresOf(first)).not.toContainEqual(given);
    const id = await grant(alice, jane, "todos.read", "campus/miami");
    expect(featuresOf(await stream.next())).toContainEqual(given);
    await revoke(alice, id);
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });

  it("is told in his own words, and of himself, when one commit wakes many", async () => {
    const words = "subscription { permissionsChanged { types { name } } }";
    const streams = [
      await live.follow(jane, mine),
      await live.follow(jane, mine),
      await live.follow(bob, mine),
      await live.follow(jane, words),
    ] as const;
    const [one, same, other, inOthers] = streams;
    const first = await Promise.all(streams.map((stream) => stream.next()));
    expect(first[1]).toEqual(first[0]);
    expect(first[2]).not.toEqual(first[0]);
    const id = await grant(alice, jane, "todos.read", "campus/miami");
    for (const stream of [one, same]) expect(featuresOf(await stream.next())).toContainEqual(given);
    expect(Object.keys((await inOthers.next()).data.permissionsChanged)).toEqual(["types"]);
    expect(await other.isSilent(quietMillis)).toBe(true);
    await revoke(alice, id);
    expect(await one.next()).toEqual(first[0]);
    expect(await same.next()).toEqual(first[0]);
    for (const stream of streams) stream.hangUp();
  });

  it("is never told what another has asked in the same words, nor the same user in another tenant or by somebody else", async () => {
    // both turns are taken, so that all of them wait together
    let endTurns: () => void = () => undefined;
    const turns = new Promise<void>((resolve) => {
      endTurns = resolve;
    });
    for (let turn = 0; turn < 2; turn++)
      void live.subscriptions.lookInTurn(null, { begins: () => undefined, answer: () => turns });
    await live.database.owner.query(
      `insert into iam.tenant_members (tenant_id, user_id) select t.id, u.id from iam.tenants t, iam.users u where t.slug = 'globex' and u.email = $1`,
      [jane],
    );
    const following = [
      live.follow(jane, mine, { "x-tenant": "acme" }),
      live.follow(bob, mine, { "x-tenant": "acme" }),
      live.follow(alice, mine, { "x-tenant": "acme" }),
      live.follow(jane, mine, { "x-tenant": "globex" }),
      live.follow(alice, mine, { "x-tenant": "acme", "x-act-as": jane }),
      live.follow(jane, mine, { "x-tenant": "acme" }),
    ];
    await new Promise((resolve) => setTimeout(resolve, quietMillis));
    endTurns();
    const streams = await Promise.all(following);
    const told = await Promise.all(streams.map(async (stream) => featuresOf(await stream.next())));
    const [asJane, asBob, asAlice, elsewhere, inHerName, again] = told;
    expect(asJane).toEqual(again);
    expect(asJane).toContainEqual({ feature: "view_sales_page", scope: "campus/chicago" });
    expect(asBob).toEqual([]);
    expect(asAlice?.length).toBeGreaterThan(asJane?.length ?? 0);
    expect(elsewhere).toEqual([]);
    expect(inHerName).toEqual(asJane);
    for (const stream of streams) stream.hangUp();
    await live.database.owner.query(
      "delete from iam.tenant_members m using iam.tenants t, iam.users u where t.id = m.tenant_id and t.slug = 'globex' and u.id = m.user_id and u.email = $1",
      [jane],
    );
  });

  it("goes on being told when the one beside him, who asked the same, has hung up", async () => {
    const [leaving, staying] = [await live.follow(jane, mine), await live.follow(jane, mine)];
    const first = await leaving.next();
    expect(await staying.next()).toEqual(first);
    const granted = grant(alice, jane, "todos.read", "campus/miami");
    leaving.hangUp();
    expect(featuresOf(await staying.next())).toContainEqual(given);
    await revoke(alice, await granted);
    expect(await staying.next()).toEqual(first);
    staying.hangUp();
  });

  it("is told what a role gives him that somebody changed, and what a group gives him that he came into", async () => {
    const stream = await live.follow(bob, mine);
    const first = await stream.next();
    await live.ask(alice, 'mutation { createGroup(input: { name: "Readers" }) { group { id } } }');
    await live.ask(
      alice,
      'mutation { grantFeature(input: { feature: "todos.read", group: "Readers", scope: "campus/miami" }) { grant { id } } }',
    );
    await live.ask(alice, `mutation { addGroupMember(input: { group: "Readers", user: "${bob}" }) { group { id } } }`);
    expect(featuresOf(await stream.next())).toContainEqual(given);
    await live.ask(alice, 'mutation { disableGroup(input: { group: "Readers" }) { group { id } } }');
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });

  it("is told what begins and ends by its date, when nobody commits anything", async () => {
    const stream = await live.follow(jane, mine);
    const first = await stream.next();
    await insertGrant(jane, "valid_from, valid_until", "now() + interval '1.5 s', now() + interval '5 s'");
    expect(featuresOf(await stream.next())).toContainEqual(given);
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });

  it("hears nothing of what others are given, in his tenant or in another", async () => {
    const stream = await live.follow(jane, mine);
    await stream.next();
    const ids = [
      [alice, await grant(alice, bob, "todos.read", "campus/miami")],
      [carol, await grant(carol, carol, "todos.read", "tenant/globex")],
    ] as const;
    for (const [by, id] of ids) await revoke(by, id);
    expect(await stream.isSilent(quietMillis)).toBe(true);
    stream.hangUp();
  });

  it("hears nothing of what changes nothing: what he held before, and denials of what he doesn't hold", async () => {
    const stream = await live.follow(jane, mine);
    await stream.next();
    await grant(alice, jane, "view_sales_page", "store/42");
    await insertGrant(jane, "effect", "'deny'");
    expect(await stream.isSilent(quietMillis)).toBe(true);
    await live.database.owner.query("delete from iam.grants where effect = 'deny'");
    stream.hangUp();
  });

  it("is told that a scope came below one of his, though he holds the same features", async () => {
    const stream = await live.follow(jane, mine);
    const first = await stream.next();
    await live.ask(
      alice,
      'mutation { createScope(input: { type: "store", key: "43", name: "Store 43", parent: "campus/chicago" }) { scope { id } } }',
    );
    expect(await stream.next()).toEqual(first);
    stream.hangUp();
  });

  it("gets less through an API key, and is told what the key is given", async () => {
    const key = await live.ask(
      alice,
      'mutation { createApiKey(input: { name: "live", features: ["todos.read"] }) { apiKey { id } secret } }',
    );
    const { secret, apiKey } = key.createApiKey;
    const stream = await live.followWith({ "x-api-key": secret }, mine);
    expect(featuresOf(await stream.next())).toEqual([{ feature: "todos.read", scope: "tenant/acme" }]);
    await live.ask(
      alice,
      `mutation { grantToApiKey(input: { id: "${apiKey.id}", features: ["todos.create"], scope: "campus/miami" }) { apiKey { id } } }`,
    );
    expect(featuresOf(await stream.next())).toEqual([
      { feature: "todos.create", scope: "campus/miami" },
      { feature: "todos.read", scope: "tenant/acme" },
    ]);
    stream.hangUp();
  });

  it("is told the same at /graphql, where he accepts a stream of events", async () => {
    const headers = { authorization: `Bearer ${await tokenFor(jane)}` };
    const stream = await openEventStream(`${live.url}/graphql`, { query: mine }, headers);
    expect(stream.headers.get("content-type")).toBe("text/event-stream");
    expect(featuresOf(await stream.next())).toContainEqual({ feature: "view_sales_page", scope: "campus/chicago" });
    stream.hangUp();
  });

  it("is told the last state, not all of them in between, where he was slow to read", async () => {
    const stream = await live.readSlowly(jane, mine);
    await stream.next();
    for (const scope of ["campus/miami", "campus/chicago", "store/42", "store/43", "tenant/acme"]) {
      await grant(alice, jane, "todos.share", scope);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const last = { feature: "todos.share", scope: "tenant/acme" };
    const told = [await stream.next()];
    while (!featuresOf(told.at(-1)).some((feature) => isDeepStrictEqual(feature, last))) told.push(await stream.next());
    expect(told.length).toBeLessThanOrEqual(3);
    stream.hangUp();
  });
});
