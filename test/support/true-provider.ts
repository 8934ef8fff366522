/** In charge of a true OpenID provider on loopback, in which whoever is named logs in without a password. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { type Configuration, Provider } from "oidc-provider";

/** A running provider. */
export interface TrueProvider {
  readonly issuer: string;
  /** The paths that were asked for, in order. */
  readonly asked: string[];
  /** From now on it signs with the first of these keys, and serves all of them. */
  useKeys(...keys: readonly JWK[]): void;
  /** From now on it answers everything so. */
  answer(listener: RequestListener): void;
  stop(): void;
}

/** Where a browser comes back to; nothing listens there. */
export const redirectUri = "http://127.0.0.1:1/back";
/** The client that a program uses, and its secret. */
export const nightly = { id: "nightly", secret: "a-secret-of-the-test" } as const;

/** A key to sign with. */
export async function newSigningKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: "ES256", use: "sig" };
}

/** Starts a provider whose access tokens say what `claimsOf` says of somebody. */
export async function startTrueProvider(
  claimsOf: (accountId: string | undefined) => Readonly<Record<string, unknown>>,
): Promise<TrueProvider> {
  const asked: string[] = [];
  // What it remembers of logins outlives a change of its keys.
  const cookieKeys = ["a-cookie-key-of-the-test"];
  let handle: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    asked,
    useKeys: (...keys) => {
      const provider = new Provider(issuer, configurationOf(keys, cookieKeys, claimsOf));
      const serve = provider.callback();
      handle = (request, response) =>
        request.url?.startsWith("/interaction/")
          ? void logIn(provider, request, response).catch((error: Error) => response.destroy(error))
          : void serve(request, response);
    },
    answer: (listener) => {
      handle = listener;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function configurationOf(
  keys: readonly JWK[],
  cookieKeys: string[],
  claimsOf: (accountId: string | undefined) => Readonly<Record<string, unknown>>,
): Configuration {
  const signing = { id_token_signed_response_alg: "ES256" } as const;
  return {
    jwks: { keys: [...keys] as never },
    cookies: { keys: cookieKeys },
    clients: [
      {
        ...{ client_id: nightly.id, client_secret: nightly.secret, ...signing },
        ...{ grant_types: ["client_credentials"], redirect_uris: [], response_types: [] },
      },
      {
        ...{ client_id: "web", token_endpoint_auth_method: "none", application_type: "native", ...signing },
        ...{ grant_types: ["authorization_code"], response_types: ["code"], redirect_uris: [redirectUri] },
      },
    ],
    pkce: { required: () => true },
    ttl: { AccessToken: 7_200, ClientCredentials: 7_200, IdToken: 600, Interaction: 600, Session: 600, Grant: 600 },
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    extraTokenClaims: (_context, token) => claimsOf("accountId" in token ? token.accountId : undefined),
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => "urn:portcullis",
        useGrantedResource: () => true,
        getResourceServerInfo: (_context, resource) => ({
          scope: "api",
          audience: resource === "urn:portcullis" ? "portcullis" : "elsewhere",
          accessTokenFormat: "jwt",
          accessTokenTTL: 7_200,
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  };
}

// Who logs in is whom the client hinted at; whatever he is asked for he consents to.
async function logIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === "login") {
    const login = { accountId: String(params["login_hint"]) };
    await provider.interactionFinished(request, response, { login });
    return;
  }
  const grant = new provider.Grant({ accountId: session?.accountId ?? "", clientId: String(params["client_id"]) });
  grant.addOIDCScope("openid");
  grant.addResourceScope("urn:portcullis", "api");
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } });
}
