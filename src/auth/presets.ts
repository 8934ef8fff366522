/** In charge of what is known of providers by their make, as data: a new one is one more entry. A provider's own row comes first. */

/** What a make of provider does the same everywhere. */
export interface Preset {
  /** In the form of the column `claims` of iam.providers: where in its tokens to find what. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** The claim that says whom a token is for. */
  readonly audienceClaim: AudienceClaim;
  /** Where its key set is, behind the issuer; null: its discovery document says so. */
  readonly keySetPath: string | null;
}

/** The claims that can say whom a token is for. */
export type AudienceClaim = "aud" | "client_id" | "azp";

const standard = { audienceClaim: "aud", keySetPath: null } as const;

/** The presets by name. The database holds the same list (providers_preset_check). */
export const presets = {
  oidc: { ...standard, claims: { groups: "groups", roles: "roles" } },
  keycloak: {
    ...standard,
    keySetPath: "/protocol/openid-connect/certs",
    claims: {
      // one organisation is a list of one or an object with one key; of several the request names one
      tenant: { paths: [["organization"]], only: true },
      groups: { paths: [["groups"]], stripPrefix: "/" },
      roles: ["realm_access", "roles"],
      // its ID tokens, signed with the same keys, differ from access tokens in nothing else
      require: { typ: "Bearer" },
    },
  },
  auth0: {
    ...standard,
    keySetPath: "/.well-known/jwks.json",
    claims: { tenant: "org_name", roles: "permissions" },
  },
  supabase: {
    ...standard,
    keySetPath: "/.well-known/jwks.json",
    // user_metadata is the user's own to write: nothing is ever read from it
    claims: { groups: ["app_metadata", "groups"], roles: ["app_metadata", "roles"] },
  },
  entra: {
    ...standard,
    // sub differs from application to application
    claims: { subject: { paths: [["tid"], ["oid"]], join: ":" }, groups: "groups", roles: "roles" },
  },
  cognito: {
    ...standard,
    // its access tokens have no aud, and an ID token must not pass for one
    audienceClaim: "client_id",
    keySetPath: "/.well-known/jwks.json",
    claims: { groups: "cognito:groups", require: { token_use: "access" } },
  },
} as const satisfies Readonly<Record<string, Preset>>;

/** The preset of this name; null where there is none. */
export function presetNamed(name: string): Preset | null {
  return Object.hasOwn(presets, name) ? presets[name as keyof typeof presets] : null;
}
