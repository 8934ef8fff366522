/** In charge of what a browser does at an OpenID provider: follow redirects, keep cookies, bring a code back. */
import { createHash, randomBytes } from "node:crypto";
import { redirectUri } from "./true-provider.js";

/** What a client that found the provider by its issuer does: authorize with PKCE, log in, come back with a code. */
export interface Login {
  readonly code: string;
  /** What the code is worth nothing without. */
  readonly verifier: string;
}

/** The provider's discovery document. */
export async function discover(issuer: string): Promise<Readonly<Record<string, string>>> {
  return (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as Record<string, string>;
}

/** Logs somebody in. Rejects when the provider sends him back without a code. */
export async function logInAs(issuer: string, who: string): Promise<Login> {
  const verifier = randomBytes(32).toString("base64url");
  const { authorization_endpoint: authorize } = await discover(issuer);
  const parameters = new URLSearchParams({
    ...{ client_id: "web", response_type: "code", redirect_uri: redirectUri, scope: "openid api", state: "there" },
    ...{ login_hint: who, resource: "urn:portcullis", code_challenge_method: "S256" },
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  });
  const back = await follow(`${authorize}?${parameters}`);
  const code = back.searchParams.get("code");
  if (code === null || back.searchParams.get("state") !== "there") throw new TypeError(`Sent back with ${back}`);
  return { code, verifier };
}

/** Exchanges a code; answers the status and what came. */
export async function exchange(issuer: string, { code, verifier }: Login) {
  const { token_endpoint: endpoint } = await discover(issuer);
  const response = await fetch(String(endpoint), {
    method: "POST",
    body: new URLSearchParams({
      ...{ grant_type: "authorization_code", client_id: "web", redirect_uri: redirectUri },
      ...{ code, code_verifier: verifier, resource: "urn:portcullis" },
    }),
  });
  const body = (await response.json()) as { readonly access_token: string; readonly id_token: string };
  return { status: response.status, accessToken: body.access_token, idToken: body.id_token };
}

async function follow(start: string): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = new URL(start);
  for (let step = 0; step < 10 && !url.href.startsWith(redirectUri); step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new TypeError(`${url.pathname} answered ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  return url;
}
