/** In charge of fetched keys: rotation, removal, floods of unknown keys, and outages of the address. */
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type CompactJWSHeaderParameters, compactVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createKeySet } from "../../src/auth/key-set.js";
import { createRemoteKeySet } from "../../src/auth/remote-key-set.js";
import { createTestIssuer, type TestIssuer } from "../support/tokens.js";

const issuer: TestIssuer = await createTestIssuer();
const rotated: TestIssuer = await createTestIssuer("https://rotated.test/");
const minute = 60_000;

let server: Server;
let url: string;
let fetches: number;
let answer: (response: ServerResponse) => void;
let clock: number;
const serve = (jwks: unknown) => (response: ServerResponse) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify(jwks));
const fail = (response: ServerResponse) => void response.writeHead(500).end();

beforeEach(async () => {
  fetches = 0;
  clock = 0;
  answer = serve(issuer.jwks);
  server = createServer((_request, response) => {
    fetches += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const remote = () => createRemoteKeySet(url, { now: () => clock });
const verify = async (
  keys: ReturnType<typeof remote>,
  by: TestIssuer,
  header: Partial<CompactJWSHeaderParameters> = {},
) =>
  compactVerify(await by.sign({ header }), keys).then(
    () => "accepted",
    (error: { readonly code?: string }) => error.code,
  );

describe("a fetched key set", () => {
  it("is fetched once for many tokens at once", async () => {
    const keys = remote();
    expect(new Set(await Promise.all(Array.from({ length: 50 }, () => verify(keys, issuer))))).toEqual(
      new Set(["accepted"]),
    );
    expect(fetches).toBe(1);
  });

  it("finds a new key at once when the last fetch is half a minute old", async () => {
    const keys = remote();
    await verify(keys, issuer);
    answer = serve({ keys: [...issuer.jwks.keys, ...rotated.jwks.keys] });
    expect(await verify(keys, rotated)).toBe("ERR_JWKS_NO_MATCHING_KEY");
    clock += minute / 2;
    expect(await verify(keys, rotated)).toBe("accepted");
  });

  it("denies a key that was taken away a minute ago", async () => {
    const keys = remote();
    expect(await verify(keys, issuer)).toBe("accepted");
    answer = serve(rotated.jwks);
    clock += minute + 1;
    expect(await verify(keys, issuer)).toBe("ERR_JWKS_NO_MATCHING_KEY");
  });

  it("fetches at most twice a minute, however many unknown keys are named", async () => {
    const keys = remote();
    await verify(keys, issuer);
    fetches = 0;
    for (clock = 0; clock < minute; clock += 200) await verify(keys, issuer, { kid: `unknown-${clock}` });
    expect(fetches).toBeLessThanOrEqual(2);
  });

  it.each([
    ["fails", fail],
    ["answers HTML", (response: ServerResponse) => void response.setHeader("content-type", "text/html").end("<html>")],
    ["answers with a megabyte", (response: ServerResponse) => void response.end("x".repeat(1_048_576))],
    [
      "sends elsewhere",
      (response: ServerResponse) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
    ],
    ["cuts the line", (response: ServerResponse) => void response.destroy()],
  ])("goes on serving the last good keys while the address %s", async (_name, outage) => {
    const keys = remote();
    await verify(keys, issuer);
    answer = outage;
    clock += 60 * minute;
    expect(await verify(keys, issuer)).toBe("accepted");
    clock += 24 * 60 * minute;
    expect(await verify(keys, issuer)).toBe("UNAVAILABLE");
    answer = serve(issuer.jwks);
    clock += minute;
    expect(await verify(keys, issuer)).not.toBe("ERR_JWKS_NO_MATCHING_KEY");
  });

  it("goes on serving the last good keys while the address hangs, and keeps nobody waiting", async () => {
    const keys = remote();
    await verify(keys, issuer);
    answer = () => undefined;
    clock += 60 * minute;
    const begun = performance.now();
    expect(await Promise.all([verify(keys, issuer), verify(keys, issuer)])).toEqual(["accepted", "accepted"]);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(fetches).toBe(2);
  });

  it("is refreshed by itself while it is in use, so that nobody waits for an address that hangs", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const keys = remote();
    const pass = (millis: number) => {
      clock += millis;
      vi.advanceTimersByTime(millis);
    };
    await verify(keys, issuer);
    pass(31_000);
    await expect.poll(() => fetches).toBe(2);
    const refreshed = clock;
    let isGivenUp = false;
    answer = (response) =>
      void response.on("close", () => {
        isGivenUp = true;
      });
    await expect
      .poll(() => {
        pass(31_000);
        return fetches;
      })
      .toBe(3);
    clock = refreshed + 31_000;
    // Whoever waited now would wait until the fetch is given up.
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
    expect(await verify(keys, issuer)).toBe("accepted");
    expect([fetches, isGivenUp]).toEqual([3, false]);
  });

  it("asks for nothing any more when nobody has asked for it in ten minutes", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    await verify(remote(), issuer);
    clock += 10 * minute + 1;
    vi.advanceTimersByTime(31_000);
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(10 * minute);
    expect(fetches).toBe(1);
  });

  it("tells an outage from a bad credential when it never had a key", async () => {
    answer = fail;
    expect(await verify(remote(), issuer)).toBe("UNAVAILABLE");
  });
});

describe("a key set", () => {
  const [key] = issuer.jwks.keys;

  it.each([
    ["a private key", { ...key, d: "AAAA" }],
    ["a key for encryption", { ...key, use: "enc" }],
    ["a key that must only sign", { ...key, key_ops: ["sign"] }],
    ["a shared secret", { kty: "oct", k: "AAAA", kid: key?.kid }],
  ])("denies tokens signed with %s", async (_name, unusable) => {
    expect(await verify(createKeySet({ keys: [unusable] }), issuer)).toBe("ERR_JWKS_NO_MATCHING_KEY");
  });

  it("refuses what is no key set", () => {
    expect(() => createKeySet({})).toThrow();
    expect(() => createKeySet("keys")).toThrow();
  });
});
