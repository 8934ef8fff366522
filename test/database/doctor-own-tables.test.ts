/** That the doctor holds the tables of `iam` to what the migrations wrote by hand. */
import { describe, expect, it } from "vitest";
import { examine } from "../../src/doctor/examine.js";
import type { FindingId } from "../../src/doctor/finding.js";
import { useTestDatabase } from "../support/database.js";

const database = useTestDatabase();
const look = () => examine({ adminUrl: database.adminUrl, login: "authenticator", protections: [] });

const faults: readonly (readonly [id: FindingId, name: string, fault: string])[] = [
  ["PC051", "a policy that was dropped", "drop policy users_select_known on iam.users"],
  ["PC051", "the definers' policy", "drop policy grants_all_definer on iam.grants"],
  [
    "PC052",
    "a policy that says something else",
    "alter policy tenants_select_member on iam.tenants using (deleted_at is null)",
  ],
  ["PC052", "a policy for more roles", "alter policy roles_select_holder on iam.roles to web_user, web_anon"],
  [
    "PC053",
    "a policy that nobody wrote",
    "create policy mine on iam.api_keys for select to web_user using (revoked_at is null)",
  ],
  ["PC054", "a column that nobody may see", "grant select (secret_hash) on iam.api_keys to web_user"],
  ["PC054", "a table that nobody may write", "grant insert on iam.grants to web_user"],
  ["PC055", "a right that the definers lack", "revoke insert on iam.grants from iam_definer"],
  ["PC057", "a trigger that was dropped", "drop trigger lock on iam.grants"],
  ["PC057", "a trigger that was turned off", "alter table iam.audit_events disable trigger keep"],
  ["PC058", "a table of somebody else's", "alter table iam.features owner to current_user"],
];

describe("the doctor, of the tables of iam", () => {
  it("finds nothing where they are as the migrations made them", async () => {
    expect(await look()).toEqual([]);
  });

  it.each(faults)("finds %s, %s, and its mend silences it", async (id, _, fault) => {
    await database.owner.query(fault);
    const found = await look();
    expect(found.map((one) => one.id)).toEqual([id]);
    for (const { mend } of found) await database.owner.query(mend);
    expect(await look()).toEqual([]);
  });
});
