/** In charge of asking why, as the operator of a database: outside of any session, and told everything. */
import { StartupError } from "../errors.js";
import { withConnection } from "./with-connection.js";

/** What an operator asks. */
export interface OperatorsQuestion {
  readonly feature: string;
  /** `type/key`. */
  readonly scope: string;
  /** The user's e-mail. */
  readonly user: string;
  /** The tenant's slug; null when the user is a member of one only. */
  readonly tenant: string | null;
}

/** A chain's link, or a grant, as iam.explain_for tells it. */
export interface OperatorsAnswer {
  readonly allowed: boolean;
  readonly reason: string;
  readonly chain: readonly { readonly kind: string; readonly label: string }[];
  readonly missing?: string | null;
  readonly nearest?: { readonly feature: string; readonly scope: string; readonly via: string } | null;
  readonly denies: readonly { readonly feature: string; readonly scope: string; readonly via: string }[];
}

interface Found {
  readonly tenants: readonly string[];
  readonly person: string | null;
  readonly scope: string | null;
}

/**
 * Why a user holds a feature at a scope, or why not.
 * @throws StartupError for a user, tenant or scope that doesn't exist, and for a tenant that has to be named
 */
export async function explainAsOperator(adminUrl: string, question: OperatorsQuestion): Promise<OperatorsAnswer> {
  const { feature, scope, user, tenant } = question;
  return await withConnection(adminUrl, async (client) => {
    await client.query("begin read only; set local role iam_definer");
    const { rows } = await client.query<Found>(
      `with person as (select u.id from iam.users u where u.email = lower($1)),
         place as (
           select t.id from iam.tenants t
           where t.slug = $2
             or ($2::text is null and t.id in (select m.tenant_id from iam.tenant_members m join person p on p.id = m.user_id where m.deleted_at is null))
         )
       select array(select id from place) as tenants, (select id from person) as person,
              iam.find_scope((select id from place limit 1), split_part($3, '/', 1), substr($3, strpos($3, '/') + 1)) as scope`,
      [user, tenant, scope],
    );
    const [place, person, at] = requireAll(rows[0], question);
    const answer = await client.query<{ answer: OperatorsAnswer }>(
      "select iam.explain_for($1, $2, $3, $4, null) as answer",
      [person, place, feature, at],
    );
    await client.query("rollback");
    const [row] = answer.rows;
    if (row === undefined) throw new TypeError("iam.explain_for answered nothing.");
    return row.answer;
  });
}

function requireAll(found: Found | undefined, { user, tenant, scope }: OperatorsQuestion): [string, string, string] {
  if (found?.person == null) throw new StartupError(`There is no user ${user}.`, "Name somebody by his e-mail.");
  const [place, another] = found.tenants;
  if (place === undefined && tenant !== null) throw new StartupError(`There is no tenant "${tenant}".`, "Name one.");
  if (place === undefined || another !== undefined)
    throw new StartupError(
      `${user} is a member of ${found.tenants.length} tenants.`,
      "Say which with --tenant <slug>.",
    );
  if (found.scope === null) throw new StartupError(`There is no scope "${scope}".`, "Write it as type/key.");
  return [place, found.person, found.scope];
}
