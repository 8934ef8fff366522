/** In charge of the demo realm of docker-compose.yml: its users, and the claims that Keycloak writes for them by its mappers. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const mapper = z.object({ protocolMapper: z.string(), config: z.record(z.string(), z.string()) });
const realmFile = z.object({
  realm: z.string(),
  defaultSignatureAlgorithm: z.string(),
  accessTokenLifespan: z.number(),
  groups: z.array(z.object({ name: z.string(), path: z.string() })),
  clients: z
    .array(
      z.object({
        clientId: z.string(),
        publicClient: z.literal(true),
        implicitFlowEnabled: z.literal(false),
        attributes: z.object({ "pkce.code.challenge.method": z.literal("S256") }),
        protocolMappers: z.array(mapper),
      }),
    )
    .length(1),
  users: z.array(
    z.object({
      id: z.uuid(),
      username: z.string(),
      enabled: z.literal(true),
      email: z.email(),
      emailVerified: z.boolean(),
      // without both Keycloak asks for them before it lets anybody in
      firstName: z.string().min(1),
      lastName: z.string().min(1),
      groups: z.array(z.string()),
    }),
  ),
});

const file = new URL("../../deploy/keycloak/portcullis-realm.json", import.meta.url);

/** The realm. */
export const demoRealm = realmFile.parse(JSON.parse(readFileSync(file, "utf8")));

/** What Keycloak 26 writes into an access token of one of its users, times and issuer excepted. */
export function claimsOfRealmUser(username: string): Readonly<Record<string, unknown>> {
  const user = demoRealm.users.find((each) => each.username === username);
  const [client] = demoRealm.clients;
  if (user === undefined || client === undefined) throw new TypeError(`Nobody is called ${username} there.`);
  const mapped = Object.fromEntries(
    client.protocolMappers.map(({ protocolMapper, config }) => [protocolMapper, config]),
  );
  const groups = mapped["oidc-group-membership-mapper"];
  return {
    jti: `onrtac:${user.id}`,
    aud: [mapped["oidc-audience-mapper"]?.["included.custom.audience"], "account"],
    sub: user.id,
    typ: "Bearer",
    azp: client.clientId,
    sid: "3f4e1f0e-7a6b-4c1d-9a53-0c1f8a2f9d11",
    acr: "1",
    "allowed-origins": ["http://localhost:4000"],
    realm_access: { roles: ["offline_access", `default-roles-${demoRealm.realm}`, "uma_authorization"] },
    resource_access: { account: { roles: ["manage-account", "view-profile"] } },
    scope: "openid profile email",
    email_verified: user.emailVerified,
    name: `${user.firstName} ${user.lastName}`,
    preferred_username: user.username,
    given_name: user.firstName,
    family_name: user.lastName,
    email: user.email,
    [String(groups?.["claim.name"])]:
      groups?.["full.path"] === "true" ? user.groups : user.groups.map((path) => path.split("/").at(-1)),
  };
}
