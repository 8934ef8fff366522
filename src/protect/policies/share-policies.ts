/** In charge of the policies of the table with a resource's shares: who may see, open, change and end one. */
import type { Command } from "../declaration.js";
import { createPolicy, type Policy } from "./policy.js";
import type { Principal, Protection, ShareTable } from "./protection.js";
import { floorPolicies } from "./row-policies.js";
import { whereItStands } from "./sentences.js";
import { indent, name, qualified, withArticle } from "./spelling.js";
import { allOf, anyOf, type Place, waysToHandOn } from "./terms.js";

const shared: Place = { prefix: "r.", depth: 1 };

/** Every policy of the share table. */
export function sharePolicies(protection: Protection, shares: ShareTable): readonly string[] {
  const { singular } = protection;
  const a = withArticle(singular);
  const mayEnd = ofRow(protection, shares, mayHandOn(protection, "share", shared));
  const mayGive = ofRow(protection, shares, [
    ...mayHandOn(protection, "share", shared),
    unlessGiven(protection, shares, { flag: "can_write", command: "update" }),
    unlessGiven(protection, shares, { flag: "can_delete", command: "delete" }),
  ]);
  const toWhomHeSees = [
    "(group_id is null or group_id in (select iam.readable_groups()))",
    "(user_id is null or user_id in (select iam.member_ids()))",
  ];
  const policy = (rest: Omit<Policy, "name" | "on" | "roles">, who: "user" | "delegate" = "user") =>
    createPolicy({
      name: `${shares.table}_${rest.command}_${who}`,
      on: qualified(shares),
      roles: [`web_${who}`],
      ...rest,
    });
  return [
    ...floorPolicies(shares, "share"),
    policy({
      command: "select",
      using: anyOf([
        "user_id = (select iam.named('caller'))",
        "group_id in (select iam.groups_named('caller'))",
        mayEnd,
      ]),
      sentence: `A user sees a share that is meant for him, and every share of ${a} that he may share.`,
    }),
    policy(
      {
        command: "select",
        isRestrictive: true,
        using: `not (select iam.is_delegated()) or ${name(shares.row)} in (select r.id from ${qualified(protection)} r)`,
        sentence: `Whoever acts as the user, and an API key, see the shares of ${protection.plural} that they may see.`,
      },
      "delegate",
    ),
    policy({
      command: "insert",
      check: `(\n${indent([mayGive, ...toWhomHeSees].join("\nand "))}\n)`,
      sentence: `${whoShares(protection)}, shares it with a group he sees or a member of the tenant, for what he may do himself.`,
    }),
    policy({
      command: "update",
      using: mayEnd,
      check: mayGive,
      sentence: `Whoever may share ${a} changes what its shares allow, up to what he may do himself.`,
    }),
    policy({ command: "delete", using: mayEnd, sentence: `Whoever may share ${a} ends its shares.` }),
  ];
}

function ofRow(protection: Protection, shares: ShareTable, conditions: readonly string[]): string {
  const where = [`r.id = ${name(shares.table)}.${name(shares.row)}`];
  const text = `select\nfrom ${qualified(protection)} r\nwhere ${where}\n${indent(conditions.map((one) => `and ${one}`).join("\n"))}`;
  return `exists (\n${indent(text)}\n)`;
}

/** What must hold of a row for a command on it to be handed on: the caller may, whoever acts as him may, and his key was given it. */
export function mayHandOn(protection: Protection, command: Command, place: Place): readonly string[] {
  const ways = (whose: Principal) => waysToHandOn(protection, command, whose, place);
  return [
    anyOf(ways("caller")),
    anyOf(["not (select iam.is_acting())", ...ways("actor")]),
    anyOf(["not (select iam.has_api_key())", ...ways("key")]),
  ];
}

interface Given {
  readonly flag: string;
  readonly command: Command;
}

function unlessGiven(protection: Protection, { table }: ShareTable, { flag, command }: Given): string {
  return anyOf([`not ${name(table)}.${flag}`, allOf(mayHandOn(protection, command, shared))]);
}

function whoShares(protection: Protection): string {
  const holder = `a holder of ${protection.featureOf("share")} ${whereItStands(protection)}`;
  return protection.owner === null
    ? `${holder.charAt(0).toUpperCase()}${holder.slice(1)}, where ${withArticle(protection.singular)} is`
    : `The owner of ${withArticle(protection.singular)}, or ${holder}`;
}
