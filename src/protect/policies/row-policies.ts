/** In charge of the policies of a protected table: a floor, one permissive policy per command, one restrictive one for delegates. */

import { createPolicy, type Policy } from "./policy.js";
import type { Principal, Protection, RowCommand } from "./protection.js";
import { delegateSentence, publicChildSentence, publicSentence, userSentence } from "./sentences.js";
import { name, qualified } from "./spelling.js";
import {
  allOf,
  anyOf,
  conditionOn,
  followsParent,
  holdsEverywhere,
  owning,
  ownRow,
  publicConditionOn,
  standing,
  waysTo,
} from "./terms.js";

const rowCommands = ["read", "create", "update", "delete"] as const satisfies readonly RowCommand[];
const sqlCommands = { read: "select", create: "insert", update: "update", delete: "delete" } as const;
const inTenant = "tenant_id = (select iam.caller_tenant_id())";

/** Every policy of the table, in the order in which one reads them. */
export function rowPolicies(protection: Protection): readonly string[] {
  const commands = rowCommands.filter((command) => protection.commands.has(command));
  return [
    ...floorPolicies(protection, protection.singular),
    ...publicPolicy(protection),
    ...commands.filter((command) => !isForEverybody(protection, command)).map((one) => userPolicy(protection, one)),
    ...commands.map((command) => delegatePolicy(protection, command)),
  ];
}

/** What holds on every table with a tenant: iam_definer reaches all rows, and nobody else another tenant's. */
export function floorPolicies(
  { schema, table }: { readonly schema: string; readonly table: string },
  row: string,
): readonly string[] {
  const on = qualified({ schema, table });
  return [
    createPolicy({
      name: `${table}_all_definer`,
      on,
      command: "all",
      roles: ["iam_definer"],
      using: "true",
      check: "true",
      sentence: `The definer functions of iam, and seeds, reach every ${row}; each checks who may what.`,
    }),
    createPolicy({
      name: `${table}_all_tenant`,
      on,
      isRestrictive: true,
      command: "all",
      roles: ["web_user", "web_anon"],
      using: inTenant,
      check: inTenant,
      sentence: `Whatever else holds: nobody touches ${/^[aeiou]/.test(row) ? "an" : "a"} ${row} of another tenant.`,
    }),
  ];
}

function publicPolicy(protection: Protection): readonly string[] {
  const { table, publicRead } = protection;
  if (publicRead === null) return publicPolicyOfChild(protection);
  const condition = publicConditionOn(protection, ownRow);
  return [
    createPolicy({
      name: `${table}_select_public`,
      on: qualified(protection),
      command: "select",
      roles: ["web_user", "web_anon"],
      using: condition === null ? inTenant : allOf([inTenant, condition]),
      sentence: publicSentence(protection),
    }),
  ];
}

// A user's own policy covers what follows a public row; the anonymous have no other.
function publicPolicyOfChild(protection: Protection): readonly string[] {
  const { table, parent, isPublic } = protection;
  if (!isPublic || parent === null) return [];
  return [
    createPolicy({
      name: `${table}_select_public`,
      on: qualified(protection),
      command: "select",
      roles: ["web_anon"],
      using: allOf([inTenant, followsParent(protection, "read", "caller", ownRow)]),
      sentence: publicChildSentence(protection, parent),
    }),
  ];
}

// Whom the public policy lets see every row needs no other.
function isForEverybody({ publicRead }: Protection, command: RowCommand): boolean {
  return command === "read" && publicRead !== null && Object.keys(publicRead).length === 0;
}

function userPolicy(protection: Protection, command: RowCommand): string {
  return createPolicy({
    name: `${protection.table}_${sqlCommands[command]}_user`,
    on: qualified(protection),
    command: sqlCommands[command],
    roles: ["web_user"],
    ...conditionsFor(command, conditioned(protection, command), mayCaller(protection, command)),
    sentence: userSentence(protection, command),
  });
}

function mayCaller(protection: Protection, command: RowCommand): string {
  return command === "create" ? mayCreate(protection) : anyOf(waysTo(protection, command, "caller"));
}

// A condition judges the row that is there, not what becomes of it: a draft may be published by an edit.
function conditioned(protection: Protection, command: RowCommand): (may: string) => string {
  const condition = conditionOn(protection.conditions[command], ownRow);
  return (may) => (condition === null ? may : allOf([condition, may]));
}

function conditionsFor(
  command: RowCommand,
  onRow: (may: string) => string,
  may: string,
): Pick<Policy, "using" | "check"> {
  if (command === "create") return { check: onRow(may) };
  return command === "update" ? { using: onRow(may), check: may } : { using: onRow(may) };
}

function mayCreate(protection: Protection): string {
  const { owner } = protection;
  const place = placeOfNew(protection, "caller");
  const parts = [
    // Owners are members: whoever reaches every tenant is a member of none by that.
    ...(owner === null ? [] : ["(select iam.is_member())", ...owning(protection, "caller", ownRow)]),
    ...(place.length === 0 ? [] : [anyOf(place)]),
    ...groupOfNew(protection, "caller"),
  ];
  return parts.length === 1 ? (parts[0] ?? "false") : allOf(parts);
}

// At the root everybody may put what is his own; what is nobody's needs the feature, wherever it stands.
function placeOfNew(protection: Protection, whose: Principal): readonly string[] {
  const { scope, parent, owner } = protection;
  const feature = protection.featureOf("create");
  const standsWhere = standing(protection, feature, whose, ownRow);
  if (parent !== null && scope === null)
    return [holdsEverywhere(feature, whose), followsParent(protection, "create", whose, ownRow)];
  if (scope === null && owner !== null && whose !== "key") return [];
  if (scope === null || owner === null || whose === "key" || scope.type !== null)
    return [holdsEverywhere(feature, whose), ...standsWhere];
  const atRoot = `${name(scope.column)} = (select iam.named_root_scope_id())`;
  return whose === "caller" ? [atRoot, ...standsWhere] : [holdsEverywhere(feature, whose), ...standsWhere, atRoot];
}

function groupOfNew({ group }: Protection, whose: Principal): readonly string[] {
  if (group === null || whose === "key") return [];
  const column = name(group.column);
  const isMember = `${column} in (select iam.groups_named('${whose}'))`;
  return [group.isRequired ? isMember : `(${column} is null or ${isMember})`];
}

/** What an edit or a deletion asks of a row: the policies of the command together. */
export function mayChange(protection: Protection, command: "update" | "delete"): string {
  const may = conditioned(protection, command)(mayCaller(protection, command));
  return allOf([may, mayDelegates(protection, command)]);
}

/** What reading asks of a row: the policies of reading together. */
export function maySee(protection: Protection): string {
  const { publicRead } = protection;
  const byAnybody = publicRead === null ? [] : [publicConditionOn(protection, ownRow) ?? "true"];
  const byHim = isForEverybody(protection, "read")
    ? []
    : [conditioned(protection, "read")(mayCaller(protection, "read"))];
  return allOf([anyOf([...byAnybody, ...byHim]), mayDelegates(protection, "read")]);
}

/** What the policies of creating ask of the place of a new row; null where it takes more than a place, e.g. a row to follow. */
export function mayPut(protection: Protection): string | null {
  const { parent, scope, group } = protection;
  if ((parent !== null && scope === null) || group?.isRequired) return null;
  return allOf([mayCreate(protection), mayDelegates(protection, "create")]);
}

function mayDelegates(protection: Protection, command: RowCommand): string {
  return allOf([
    ...unless("(select iam.is_acting())", waysOf(protection, command, "actor")),
    ...(command === "create"
      ? groupOfNew(protection, "actor").map((one) => anyOf(["not (select iam.is_acting())", one]))
      : []),
    ...unless("(select iam.has_api_key())", waysOf(protection, command, "key")),
  ]);
}

function delegatePolicy(protection: Protection, command: RowCommand): string {
  return createPolicy({
    name: `${protection.table}_${sqlCommands[command]}_delegate`,
    on: qualified(protection),
    isRestrictive: true,
    command: sqlCommands[command],
    roles: ["web_delegate"],
    ...conditionsFor(command, (one) => one, mayDelegates(protection, command)),
    sentence: delegateSentence(protection, command),
  });
}

// No ways asked means that nothing stands in the way: everybody may put something of his own at the root.
function unless(isDelegated: string, ways: readonly string[]): readonly string[] {
  return ways.length === 0 ? [] : [anyOf([`not ${isDelegated}`, ...ways])];
}

function waysOf(protection: Protection, command: RowCommand, whose: Principal): readonly string[] {
  if (command === "create") return placeOfNew(protection, whose);
  if (isForEverybody(protection, command) && whose === "actor") return [];
  const seenByAll =
    command === "read" && whose === "actor" && protection.publicRead !== null
      ? [publicConditionOn(protection, ownRow)].flatMap((one) => (one === null ? [] : [one]))
      : [];
  return [...waysTo(protection, command, whose), ...seenByAll];
}
