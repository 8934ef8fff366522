/** Rows that refer to other rows: a client names what he sees, and nothing that he doesn't, over HTTP and by SQL. */
import pg from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import type { Declaration } from "../../../src/protect/declaration.js";
import { resource } from "../../../src/protect/resource.js";
import { addModel } from "../../support/added-model.js";
import { useDeclaredWorld } from "../../support/declared-world.js";

const uuid = { native: "uuid" } as const;
const ofUser = { ...uuid, isRequired: true, hasDefault: true } as const;
const customer = addModel({
  name: "Customer",
  table: "customers",
  fields: { name: { isRequired: true }, ownerId: { ...ofUser, column: "owner_id" } },
  relations: {
    owner: { model: "TenantMember", columns: ["tenant_id", "owner_id"], references: ["tenant_id", "user_id"] },
  },
});
const order = addModel({
  name: "Order",
  table: "orders",
  fields: {
    text: {},
    ownerId: { ...ofUser, column: "owner_id" },
    customerId: { ...uuid, column: "customer_id", isRequired: true },
    clerkId: { ...uuid, column: "clerk_id" },
    beforeId: { ...uuid, column: "before_id" },
    auditorId: { ...uuid, column: "auditor_id" },
  },
  relations: {
    owner: { model: "TenantMember", columns: ["tenant_id", "owner_id"], references: ["tenant_id", "user_id"] },
    customer: { model: customer, columns: ["tenant_id", "customer_id"], references: ["tenant_id", "id"] },
    clerk: {
      model: "TenantMember",
      columns: ["tenant_id", "clerk_id"],
      references: ["tenant_id", "user_id"],
      isRequired: false,
    },
    before: {
      model: "Order" as typeof customer,
      columns: ["tenant_id", "before_id"],
      references: ["tenant_id", "id"],
      isRequired: false,
    },
    auditor: {
      model: "TenantMember",
      columns: ["tenant_id", "auditor_id"],
      references: ["tenant_id", "user_id"],
      isRequired: false,
    },
  },
});
const all = { feature: "todos", owner: "ownerId", commands: ["create", "update", "delete"] } as const;
const own = `id uuid primary key default gen_random_uuid(), tenant_id uuid not null default iam.named_tenant_id(),
  owner_id uuid not null default iam.named_user_id(), unique (tenant_id, id), foreign key (tenant_id, owner_id) references iam.tenant_members (tenant_id, user_id)`;
const member = (column: string) =>
  `foreign key (tenant_id, ${column}) references iam.tenant_members (tenant_id, user_id)`;

const { reads, refuses, database, schema } = useDeclaredWorld(
  [
    resource(customer, { ...all, feature: "chats" } as Declaration<typeof customer>),
    resource(order, { ...all, readOnly: ["auditorId"] } as unknown as Declaration<typeof order>),
  ],
  `create table public.customers (name text not null, ${own});
   create table public.orders (text text, customer_id uuid not null, clerk_id uuid, before_id uuid, auditor_id uuid, ${own},
     foreign key (tenant_id, customer_id) references public.customers (tenant_id, id), ${member("clerk_id")}, ${member("auditor_id")},
     foreign key (tenant_id, before_id) references public.orders (tenant_id, id));`,
);

const nobody = "00000000-0000-4000-8000-0000000000ff";
const customerOf = async (who: string): Promise<string> =>
  (await reads(who, `mutation { createCustomer(input: { name: "${who}'s" }) { customer { id } } }`)).createCustomer
    .customer.id;
const orderFor = (of: string, more = "") =>
  `mutation { createOrder(input: { customer: "${of}" ${more} }) { order { id customer { name } clerk { email } before { id } } } }`;

// As bob, and for nothing: what was allowed is undone.
async function bySql(statement: string): Promise<string> {
  const client = await database.owner.connect();
  try {
    await client.query("begin");
    await client.query(
      "select set_config('app.issuer', 'portcullis-demo', true), set_config('app.subject', 'bob@acme.test', true), set_config('app.lock', 'shared', true)",
    );
    await client.query("select iam.open_session()");
    await client.query("set local role web_user");
    await client.query(statement);
    return "allowed";
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? "") : String(error);
  } finally {
    await client.query("rollback");
    client.release();
  }
}

let bobs: string;
let janes: string;

beforeAll(async () => {
  bobs = await customerOf("bob");
  janes = await customerOf("jane");
});

describe("a row that refers to another", () => {
  it("names it by its global id, a user by his e-mail as well, and names another later", async () => {
    const { createOrder } = await reads("bob", orderFor(bobs, ', clerk: "bob@acme.test"'));
    expect(createOrder.order).toMatchObject({
      customer: { name: "bob's" },
      clerk: { email: "bob@acme.test" },
      before: null,
    });
    const { id } = createOrder.order;
    const second = (await reads("bob", orderFor(bobs, `, before: "${id}"`))).createOrder.order;
    expect(second.before).toEqual({ id });
    const update = `mutation { updateOrder(input: { id: "${second.id}", before: null, text: "x" }) { order { text before { id } } } }`;
    expect((await reads("bob", update)).updateOrder.order).toEqual({ text: "x", before: null });
  });

  it.each([
    ["creating", (to: string) => orderFor(to)],
    ["creating, by another relation", (to: string) => orderFor(bobs, `, before: "${to.replace("Customer", "Order")}"`)],
  ])("is refused for what is hidden with the words for what never was: %s", async (_how, ask) => {
    const hidden = await refuses("bob", ask(janes));
    expect(hidden).toMatchObject({ code: "NOT_FOUND" });
    expect(await refuses("bob", ask(`Customer:${nobody}`))).toEqual(hidden);
  });

  it("is refused the same when it is edited", async () => {
    const { id } = (await reads("bob", orderFor(bobs))).createOrder.order;
    const ask = (to: string) => `mutation { updateOrder(input: { id: "${id}", customer: "${to}" }) { order { id } } }`;
    const hidden = await refuses("bob", ask(janes));
    expect(hidden).toMatchObject({ code: "NOT_FOUND" });
    expect(await refuses("bob", ask(`Customer:${nobody}`))).toEqual(hidden);
    expect(await refuses("bob", ask("Todo:70d00000-0000-4000-8000-000000000001"))).toMatchObject({
      code: "BAD_USER_INPUT",
    });
    const empty = `mutation { updateOrder(input: { id: "${id}", customer: null }) { order { id } } }`;
    expect(await refuses("bob", empty)).toMatchObject({ code: "BAD_USER_INPUT" });
  });

  it.each(["carol@globex.test", "dora@acme.test", "no.one@acme.test"])(
    "hides %s from who doesn't see him",
    async (email) => {
      expect(await refuses("bob", orderFor(bobs, `, clerk: "${email}"`))).toMatchObject({ code: "NOT_FOUND" });
    },
  );

  it("is refused to who acts as somebody, for what that one doesn't see", async () => {
    const asBob = { "x-act-as": "bob@acme.test" };
    expect((await reads("alice", orderFor(bobs), asBob)).createOrder.order).toMatchObject({
      customer: { name: "bob's" },
    });
    expect(await refuses("alice", orderFor(janes), asBob)).toMatchObject({ code: "NOT_FOUND" });
    expect((await reads("alice", orderFor(janes))).createOrder.order).toMatchObject({ customer: { name: "jane's" } });
  });

  it("is edited by who doesn't see what it refers to, as long as he leaves that alone", async () => {
    const { id } = (await reads("bob", orderFor(bobs))).createOrder.order;
    await database.owner.query(
      `insert into iam.grants (tenant_id, user_id, feature_id, scope_id)
       select s.tenant_id, u.id, f.id, s.id from iam.users u, iam.features f, iam.scopes s
       where u.email = 'jane@acme.test' and f.code in ('todos.update', 'todos.read') and s.type = 'tenant' and s.key = 'acme'`,
    );
    const update = `mutation { updateOrder(input: { id: "${id}", text: "hers" }) { order { text } } }`;
    expect((await reads("jane", update)).updateOrder.order).toEqual({ text: "hers" });
    expect(await reads("jane", `{ order(id: "${id}") { customer { name } } }`)).toEqual({ order: { customer: null } });
  });

  it("is refused by SQL as well, for what is hidden as for what never was", async () => {
    const hidden = janes.replace("Customer:", "");
    for (const id of [hidden, nobody])
      expect(await bySql(`insert into public.orders (customer_id) values ('${id}')`)).toBe("PT404");
    expect(await bySql(`insert into public.orders (customer_id) values ('${bobs.replace("Customer:", "")}')`)).toBe(
      "allowed",
    );
  });

  it("has no input for the owner, nor for what is read only", () => {
    const fields = (input: string) => Object.keys((schema.getType(input) as { getFields(): object }).getFields());
    expect(fields("UpdateOrderInput").sort()).toEqual(["before", "clerk", "customer", "id", "text"]);
    expect(fields("CreateOrderInput").sort()).toEqual(["before", "clerk", "customer", "text"]);
  });
});
