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

const undo = `
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
