/** In charge of the demo world's people as callers, for tests that need no HTTP. */
import { inject } from "vitest";
import type { TokenCaller } from "../../src/caller.js";

/** Somebody with a token of the demo issuer. Use it inside of tests only. */
export function demoCaller(email: string): TokenCaller {
  const { issuer } = inject("cluster").demoIssuer;
  return { kind: "token", issuer, subject: email, tenant: null, actAs: null, expiresAt: 4_102_444_800 };
}
