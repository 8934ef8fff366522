/** In charge of what ends a caller while his session is open: from then on he is nobody, in the middle of his transaction. */
import type pg from "pg";
import type { Caller } from "../../src/caller.js";
import type { Sessions } from "../../src/database/session.js";

/** Everything that a session lives on. Each is ended by the owner's connection, past the lock that would make it wait. */
export const deaths: Readonly<Record<string, string>> = {
  "the user is disabled": "update iam.users set is_active = false where email = 'bob@acme.test'",
  "the user is locked": "update iam.users set is_locked = true where email = 'bob@acme.test'",
  "the identity is disabled": "update iam.identities set is_enabled = false where subject = 'bob@acme.test'",
  "the identity is another's":
    "update iam.identities set user_id = (select id from iam.users where email = 'jane@acme.test') where subject = 'bob@acme.test'",
  "the provider is disabled": "update iam.providers set is_enabled = false where code = 'demo'",
  "the membership is ended":
    "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'bob@acme.test')",
  "the tenant is ended": "update iam.tenants set deleted_at = now() where slug = 'acme'",
};

/** What ends somebody who acts as bob: alice. Bob himself lives. */
export const deathsOfActor: Readonly<Record<string, string>> = {
  "whoever acts is disabled": "update iam.users set is_active = false where email = 'alice@acme.test'",
  "whoever acts is locked": "update iam.users set is_locked = true where email = 'alice@acme.test'",
  "the identity of whoever acts is disabled":
    "update iam.identities set is_enabled = false where subject = 'alice@acme.test'",
  "the membership of whoever acts is ended":
    "update iam.tenant_members set deleted_at = now() where user_id = (select id from iam.users where email = 'alice@acme.test')",
};

/** What ends bob's key. */
export const deathsOfKey: Readonly<Record<string, string>> = {
  "the key is revoked": "update iam.api_keys set revoked_at = now()",
  "the key has expired": "update iam.api_keys set expires_at = now() - interval '1 second'",
  "the key is another's": "update iam.api_keys set user_id = (select id from iam.users where email = 'jane@acme.test')",
  "the key's owner is locked": "update iam.users set is_locked = true where email = 'bob@acme.test'",
};

const bobsKey = { publicId: "bobskey1", secretHash: "b0".repeat(32) };

/** Gives bob a key, and answers whoever shows it. */
export async function giveBobAKey(owner: pg.Pool): Promise<Caller> {
  await owner.query(
    `insert into iam.api_keys (tenant_id, user_id, name, public_id, secret_hash)
     select m.tenant_id, m.user_id, 'Key', $1, decode($2, 'hex')
     from iam.tenant_members m join iam.users u on u.id = m.user_id and u.email = 'bob@acme.test'
     on conflict do nothing`,
    [bobsKey.publicId, bobsKey.secretHash],
  );
  return { kind: "apiKey", ...bobsKey, tenant: null };
}

const undo = `
  update iam.users set is_active = true, is_locked = false where email = 'alice@acme.test';
  update iam.identities set is_enabled = true where subject = 'alice@acme.test';
  update iam.tenant_members set deleted_at = null where user_id = (select id from iam.users where email = 'alice@acme.test');
  update iam.api_keys set revoked_at = null, expires_at = null, user_id = (select id from iam.users where email = 'bob@acme.test');
  update iam.users set is_active = true, is_locked = false where email = 'bob@acme.test';
  update iam.identities set is_enabled = true, user_id = (select id from iam.users where email = 'bob@acme.test') where subject = 'bob@acme.test';
  update iam.providers set is_enabled = true where code = 'demo';
  update iam.tenant_members set deleted_at = null where user_id = (select id from iam.users where email = 'bob@acme.test');
  update iam.tenants set deleted_at = null where slug = 'acme'`;

/** Opens a session, ends its caller, and tells what the session still takes him for: nothing is right. */
export async function whoIsLeft(
  { owner, sessions, caller }: { readonly owner: pg.Pool; readonly sessions: Sessions; readonly caller: Caller },
  death: string,
): Promise<readonly string[]> {
  const session = sessions.open(caller, {
    mode: "write",
    isSingleStatement: false,
    changesAuthority: false,
    requestId: "death",
  });
  try {
    await session.identity();
    await pastTheLock(owner, death);
    const asks =
      "select iam.caller_id() as user, iam.caller_tenant_id() as tenant, (select count(*)::int from iam.scopes_with('todos.read')) as scopes";
    const [left] = await session.run<{ user: string | null; tenant: string | null; scopes: number }>({
      sql: asks,
      parameters: [],
    });
    return [left?.user, left?.tenant].filter((id): id is string => typeof id === "string");
  } finally {
    await session.rollback();
    await pastTheLock(owner, undo);
  }
}

async function pastTheLock(owner: pg.Pool, statement: string): Promise<void> {
  await owner.query(`begin; set local session_replication_role = replica; ${statement}; commit`);
}
