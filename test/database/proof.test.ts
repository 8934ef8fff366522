/** What the start-up proof refuses: every way in which the gateway's own login could go round the policies. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { proveDatabase } from "../../src/database/proof.js";
import { createEmptyDatabase, useTestDatabase } from "../support/database.js";

const database = useTestDatabase();

// A login like authenticator, so that what is done to it here touches no other test of the same cluster.
let loginUrl: string;

beforeAll(async () => {
  const url = new URL(database.url);
  await database.owner.query(`create role proof_login login noinherit password '${url.password}'`);
  await database.owner.query(
    "grant web_user, web_delegate, web_anon to proof_login; grant usage on schema iam to proof_login",
  );
  await database.owner.query("grant execute on function iam.open_session() to proof_login");
  url.username = "proof_login";
  loginUrl = url.href;
});

afterAll(async () => {
  await database.owner.query("drop owned by proof_login; drop role proof_login");
});

describe("the start-up proof", () => {
  it("allows the migrated database, as authenticator", async () => {
    await expect(proveDatabase(database.url)).resolves.toBeUndefined();
  });

  it("refuses a superuser", async () => {
    await expect(proveDatabase(database.adminUrl)).rejects.toMatchObject({
      name: "StartupError",
      message: expect.stringMatching(/superuser postgres/),
      mend: expect.stringContaining("authenticator"),
    });
  });

  it("refuses a database that was not migrated", async () => {
    const empty = await createEmptyDatabase();
    await expect(proveDatabase(empty.url)).rejects.toMatchObject({
      mend: expect.stringContaining("portcullis migrate"),
    });
    await empty.drop();
  });

  const faults: readonly Fault[] = [
    {
      name: "a login that may become a role with BYPASSRLS",
      break: "create role proof_bypass bypassrls; grant proof_bypass to proof_login",
      restore: "drop role proof_bypass",
      says: "proof_bypass, which has BYPASSRLS",
    },
    {
      name: "a login that may become the owner of the tables",
      break: "grant api_owner to proof_login",
      restore: "revoke api_owner from proof_login",
      says: "api_owner, which owns",
    },
    {
      name: "a login that may become the definer",
      break: "grant iam_definer to proof_login",
      restore: "revoke iam_definer from proof_login",
      says: "iam_definer, which owns",
    },
    {
      name: "a login that may become a role that may become the definer",
      break: "create role proof_between; grant proof_between to proof_login; grant iam_definer to proof_between",
      restore: "drop role proof_between",
      says: "iam_definer, which owns",
    },
    {
      name: "a login that owns a table",
      break:
        "create table public.mine (); alter table public.mine enable row level security, force row level security, owner to proof_login",
      restore: "drop table public.mine",
      says: "proof_login, which owns",
    },
    {
      name: "a table without row-level security",
      break: "create table public.bare ()",
      restore: "drop table public.bare",
      says: "the table public.bare has no forced row-level security",
    },
    {
      name: "a table whose row-level security is not forced",
      break: "alter table iam.users no force row level security",
      restore: "alter table iam.users force row level security",
      says: "the table iam.users has no forced row-level security",
    },
    {
      name: "a readable view with its owner's rights",
      break: "create view public.leak as select * from public.todos; grant select on public.leak to web_anon",
      restore: "drop view public.leak",
      says: "the view public.leak reads with its owner's rights",
    },
    {
      name: "a schema that the runtime roles may create in",
      break: "grant create on schema public to public",
      restore: "revoke create on schema public from public",
      says: "it may create objects in the schema public",
    },
    {
      name: "a login that may not become the runtime roles",
      break: "revoke web_delegate from proof_login",
      restore: "grant web_delegate to proof_login",
      says: "it may not become web_delegate",
    },
    {
      name: "a login that may not open a session",
      break: "revoke usage on schema iam from proof_login",
      restore: "grant usage on schema iam to proof_login",
      says: "it may not call iam.open_session()",
    },
  ];

  it.each(faults)("refuses $name", async ({ break: fault, restore, says }) => {
    await database.owner.query(fault);
    try {
      await expect(proveDatabase(loginUrl)).rejects.toMatchObject({
        name: "StartupError",
        message: expect.stringContaining(says),
      });
    } finally {
      await database.owner.query(restore);
    }
    await expect(proveDatabase(loginUrl)).resolves.toBeUndefined();
  });

  it("allows a view with the reader's rights", async () => {
    await database.owner.query("create view public.fine with (security_invoker = true) as select * from public.todos");
    await database.owner.query("grant select on public.fine to web_user");
    await expect(proveDatabase(database.url)).resolves.toBeUndefined();
  });
});

interface Fault {
  readonly name: string;
  readonly break: string;
  readonly restore: string;
  readonly says: string;
}
