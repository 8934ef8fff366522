/** In charge of the sentences on policies: who may what, for whoever reads the catalog. */
import type { Parent, Protection, RowCommand } from "./protection.js";
import { listed, literal, withArticle } from "./spelling.js";

const verbs = { read: "sees", create: "creates", update: "edits", delete: "deletes" } as const;
const verbsOfParent = { read: "may see", create: "may edit", update: "may edit", delete: "may edit" } as const;
const sharedFor = { read: "reading", update: "writing", delete: "deleting", create: "" } as const;

/** The sentence of a permissive policy. */
export function userSentence(protection: Protection, command: RowCommand): string {
  const sentence = command === "create" ? creating(protection) : touching(protection, command);
  return `${sentence}${onlyWhere(protection, command)}`;
}

function touching(protection: Protection, command: RowCommand): string {
  const { owner, group, parent, shares } = protection;
  const ways = [
    ...(owner ? ["owns it"] : []),
    `holds ${protection.featureOf(command)} ${whereItStands(protection)}`,
    ...(group ? ["is in its group"] : []),
    ...(parent ? [`${verbsOfParent[command]} its ${parent.protection.singular}`] : []),
  ];
  const [first = "", ...others] = [...ways, ...(shares ? [`it is shared with him for ${sharedFor[command]}`] : [])];
  return `A user ${verbs[command]} ${withArticle(protection.singular)} when he ${listed([first, ...others])}.`;
}

function creating(protection: Protection): string {
  const { owner, scope, group, parent, singular, plural } = protection;
  const feature = protection.featureOf("create");
  const what = owner ? `${plural} of his own` : withArticle(singular);
  return `A ${owner ? "member of the tenant" : "user"} creates ${what}${placeSaid()}${group ? ", for himself or for a group he is in" : ""}.`;
  function placeSaid(): string {
    if (parent && !scope)
      return ` at ${withArticle(parent.protection.singular)} that he may edit, or anywhere when he holds ${feature} everywhere`;
    if (!scope) return owner ? "" : ` when he holds ${feature} at the root of the tenant`;
    if (scope.type !== null || !owner) return ` where he holds ${feature}`;
    return ` at his tenant's root, or at a scope where he holds ${feature}`;
  }
}

/** The sentence of a restrictive policy for delegates. */
export function delegateSentence(protection: Protection, command: RowCommand): string {
  const { singular, parent } = protection;
  const feature = protection.featureOf(command);
  const place = parent && !protection.scope ? `or of its ${parent.protection.singular}` : `at the ${singular}'s scope`;
  const said = protection.scope || parent ? place : "at the root of the tenant";
  return `Whoever acts as the user ${verbs[command]} ${withArticle(singular)} only when he may himself, and an API key only with ${feature} of its own ${said}.`;
}

/** The sentence of the policy for everybody. */
export function publicSentence({ plural, publicRead, conditions }: Protection): string {
  const where = [publicRead, conditions.read].flatMap((condition) => Object.entries(condition ?? {}));
  return `Anybody in the tenant, the anonymous included, sees its ${plural}${where.length === 0 ? "" : ` where ${said(where)}`}.`;
}

/** The sentence of the policy for the anonymous, on rows that follow others. */
export function publicChildSentence({ singular }: Protection, { protection }: Parent): string {
  return `Whoever has not signed in sees ${withArticle(singular)} when he sees its ${protection.singular}.`;
}

/** Where a row stands, as a sentence goes on. */
export function whereItStands({ scope, parent }: Protection): string {
  if (scope === null) return parent ? "everywhere" : "at the root of the tenant";
  return scope.type === null ? "at its scope" : `at its ${scope.column}`;
}

function onlyWhere({ conditions }: Protection, command: RowCommand): string {
  const where = Object.entries(conditions[command] ?? {});
  return where.length === 0 ? "" : ` Only where ${said(where)}.`;
}

function said(where: readonly (readonly [string, unknown])[]): string {
  return where
    .map(([column, value]) =>
      Array.isArray(value)
        ? `${column} is ${value.map(literal).join(" or ")}`
        : `${column} is ${value === null ? "empty" : literal(value as string)}`,
    )
    .join(" and ");
}
