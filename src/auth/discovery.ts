/** In charge of finding a provider's key set by its issuer alone: OpenID Connect Discovery 1.0. */
import { z } from "zod";
import { fetchJson } from "./fetch-json.js";

const document = z.object({ issuer: z.string(), jwks_uri: z.url() }).loose();

/**
 * The address of the issuer's key set.
 * @throws when there is no such document, it is another issuer's, or its keys would come unencrypted from another machine
 */
export async function discoverKeySet(issuer: string, fetch: typeof globalThis.fetch): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const { issuer: named, jwks_uri: address } = document.parse(await fetchJson(url, fetch));
  if (named !== issuer) throw new Error("the discovery document names another issuer");
  const { protocol, hostname } = new URL(address);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname) && isLoopback(new URL(issuer).hostname)))
    throw new Error("the key set's address is not https");
  return address;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
