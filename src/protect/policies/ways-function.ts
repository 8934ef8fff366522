/** In charge of the function that says by which ways a row is open, whoever asks: what explanations and lists of people are made of. */
import type { Protection, ShareTable } from "./protection.js";
import { bareName, indent, literal, name, qualified } from "./spelling.js";
import { conditionOn, type Place, publicConditionOn } from "./terms.js";

const row: Place = { prefix: "r.", depth: 1 };

// In this order they come out of the function.
const columns = {
  way: "text",
  feature: "text",
  scope_id: "uuid",
  user_id: "uuid",
  group_id: "uuid",
  parent: "text",
  parent_id: "uuid",
} as const;

type Way = Readonly<Partial<Record<keyof typeof columns | "from", string>>>;

/** The function: where a row stands, and a row for each way to do the command with it. Nothing when there is no such row in the tenant. */
export function waysFunction(protection: Protection): string {
  const signature = `iam.${name(`ways_to_${bareName(protection)}`)}(uuid, text)`;
  const branches = [
    wayOf({ way: literal("place"), scope_id: placeOf(protection) }),
    ...commandWays(protection),
    ...publicWay(protection),
  ];
  return `create function ${signature}
returns table (${Object.entries(columns)
    .map(([column, type]) => `${column} ${type}`)
    .join(", ")})
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
  select w.*
  from ${qualified(protection)} r
  cross join lateral (
    select
${indent(featureOfCommand(protection), 6)} as feature
  ) c
  cross join lateral (
${indent(branches.join("\nunion all\n"), 4)}
  ) w
  where r.id = $1 and r.tenant_id = (select iam.caller_tenant_id())
$$;
comment on function ${signature} is
  ${literal(`Where ${protection.plural} stand, and by which ways one is open for a command: to the holders of which feature, to whom, to which groups, with what other row.`)};
alter function ${signature} owner to iam_definer;
revoke all on function ${signature} from public;
`;
}

function wayOf({ from, ...way }: Way, ...where: readonly string[]): string {
  const values = Object.entries(columns).map(
    ([column, type]) => way[column as keyof typeof columns] ?? `null::${type}`,
  );
  return [
    `select ${values.join(", ")}`,
    ...(from === undefined ? [] : [`from ${from}`]),
    ...(where.length === 0 ? [] : [`where ${where.join("\n  and ")}`]),
  ].join("\n");
}

function commandWays(protection: Protection): readonly string[] {
  const { owner, group, shares, parent } = protection;
  return [
    ...featureWays(protection),
    ...(owner ? [wayOf({ way: literal("owner"), user_id: column(owner) }, isOpen)] : []),
    ...(group ? [wayOf({ way: literal("group"), group_id: column(group.column) }, isOpen, belongs)] : []),
    ...(shares ? [shareWay(shares)] : []),
    ...(parent
      ? [
          wayOf(
            { way: literal("parent"), parent: literal(qualified(parent.protection)), parent_id: column(parent.column) },
            isOpen,
            belongs,
          ),
        ]
      : []),
  ];
}

const isOpen = "c.feature is not null";
// What came by a group's row or by another row is not for handing on.
const belongs = "$2 <> 'share'";

// Who holds the feature at every scope needs none of the row's: it may follow another, or name a scope that isn't there.
function featureWays(protection: Protection): readonly string[] {
  const { scope, parent } = protection;
  const feature = "c.feature";
  const isEverywhere = scope === null ? parent !== null : scope.type !== null;
  const isStanding = scope !== null || parent === null;
  return [
    ...(isEverywhere ? [wayOf({ way: literal("everywhere"), feature }, isOpen)] : []),
    ...(isStanding ? [wayOf({ way: literal("feature"), feature, scope_id: placeOf(protection) }, isOpen)] : []),
  ];
}

function shareWay(shares: ShareTable): string {
  return wayOf(
    { way: literal("share"), user_id: "s.user_id", group_id: "s.group_id", from: `${qualified(shares)} s` },
    isOpen,
    `s.tenant_id = r.tenant_id and s.${name(shares.row)} = r.id`,
    "case $2 when 'read' then s.can_read when 'update' then s.can_write when 'delete' then s.can_delete end",
  );
}

function publicWay(protection: Protection): readonly string[] {
  if (protection.publicRead === null) return [];
  const condition = publicConditionOn(protection, row);
  return [wayOf({ way: literal("public") }, "$2 = 'read'", ...(condition === null ? [] : [condition]))];
}

// The feature of the command; none where it is not on offer, or the row not in a state for it.
function featureOfCommand({ commands, conditions, featureOf }: Protection): string {
  const onRows = [...commands].filter((command) => command !== "create");
  const cases = onRows.map((command) => {
    const condition = command === "share" ? null : conditionOn(conditions[command], row);
    const feature = literal(featureOf(command));
    return `when ${literal(command)} then ${condition === null ? feature : `case when ${condition} then ${feature} end`}`;
  });
  return `case $2\n${indent(cases.join("\n"))}\nend`;
}

function placeOf({ scope }: Protection): string {
  if (scope === null) return "iam.root_scope_id(r.tenant_id)";
  if (scope.type === null) return column(scope.column);
  return `(select c.id from iam.scopes c where c.tenant_id = r.tenant_id and c.type = ${literal(scope.type)} and c.key = ${column(scope.column)})`;
}

function column(of: string): string {
  return `r.${name(of)}`;
}
