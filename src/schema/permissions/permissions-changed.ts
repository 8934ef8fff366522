/** In charge of following one's own authority: the state that there is, and every state that it changes to. */
import { builder } from "../../builder/builder.js";
import type { News } from "../../builder/follow.js";
import type { Session } from "../../database/session.js";
import { callTable } from "../call-function.js";
import { Permissions, readPermissions } from "./permissions.js";

interface Authority extends Record<string, unknown> {
  readonly fingerprint: string;
  readonly lasts_millis: number | null;
}

/** Tells when the authority is another one than it was. */
async function lookAtAuthority(session: Session, last: string | null): Promise<News<object, string>> {
  const [authority] = await callTable<Authority>(session, "caller_authority", []);
  if (authority === undefined) throw new TypeError("iam.caller_authority() answered nothing.");
  const { fingerprint, lasts_millis } = authority;
  return { event: fingerprint === last ? null : {}, mark: fingerprint, againInMillis: lasts_millis };
}

builder.subscriptionField("permissionsChanged", (t) =>
  t.field({
    type: Permissions,
    nullable: false,
    description:
      "What the caller may do: at once, and whenever that changes, by whomever or by its date. Ends with his credential.",
    authScopes: { authenticated: true },
    subscribe: (_root, _args, { follow }) => follow({ of: "authority", look: lookAtAuthority }),
    resolve: (_event, _args, { session }, info) => readPermissions(session, info),
  }),
);
