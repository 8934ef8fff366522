/** In charge of what is remembered of a token: that it was genuine, for ten seconds, and never that it was not. */
import { describe, expect, it } from "vitest";
import { createProviders } from "../../src/auth/providers.js";
import { createVerifyToken } from "../../src/auth/verified-tokens.js";
import { createTestIssuer } from "../support/tokens.js";

const issuer = await createTestIssuer();
const other = await createTestIssuer();

async function open(rows: () => readonly unknown[] = () => [issuer.row]) {
  const state = { clock: Date.now(), signatures: 0 };
  const providers = createProviders({ readRows: async () => rows() });
  const counted = new WeakMap<object, object>();
  const verify = createVerifyToken({
    maxLifetimeSeconds: 3_600,
    now: () => new Date(state.clock),
    findProvider: async (name) => {
      const provider = await providers.find(name);
      if (provider === null) return null;
      const known = counted.get(provider);
      if (known !== undefined) return known as typeof provider;
      const wrapped: typeof provider = {
        ...provider,
        keys: (header, token) => {
          state.signatures += 1;
          return provider.keys(header, token);
        },
      };
      counted.set(provider, wrapped);
      return wrapped;
    },
  });
  const enter = (token: string) =>
    verify(token).then(
      ({ claims }) => claims.sub,
      (error: { readonly reason: string }) => error.reason,
    );
  return { state, enter, providers };
}

describe("a token that was accepted", () => {
  it("is verified once in ten seconds", async () => {
    const { state, enter } = await open();
    const token = await issuer.sign();
    for (const seconds of [0, 3, 6.9]) {
      state.clock += seconds * 1_000;
      expect(await enter(token)).toBe("alice@acme.test");
    }
    expect(state.signatures).toBe(1);
    state.clock += 200;
    await enter(token);
    expect(state.signatures).toBe(2);
  });

  it("is refused from its end on, however fresh the verdict", async () => {
    const { state, enter } = await open();
    const end = Math.floor(state.clock / 1000) + 5;
    const token = await issuer.sign({ claims: { exp: end } });
    expect(await enter(token)).toBe("alice@acme.test");
    state.clock = (end + 30) * 1_000 - 1;
    await enter(token);
    state.clock -= 9_000;
    expect(await enter(token)).toBe("alice@acme.test");
    state.clock += 9_001;
    expect(await enter(token)).toBe("TOKEN_EXPIRED");
  });

  it("is verified anew by a clock that was set back", async () => {
    const { state, enter } = await open();
    const now = Math.floor(state.clock / 1000);
    const token = await issuer.sign({ claims: { iat: now - 60, nbf: now - 60 } });
    expect(await enter(token)).toBe("alice@acme.test");
    state.clock -= 120_000;
    expect(await enter(token)).toBe("TOKEN_NOT_YET_VALID");
  });

  it.each([
    ["its provider is gone", () => [], "UNKNOWN_ISSUER"],
    ["its provider has other keys", () => [{ ...issuer.row, jwks: other.jwks }], "BAD_SIGNATURE"],
    ["its provider has another audience", () => [{ ...issuer.row, audience: ["elsewhere"] }], "BAD_AUDIENCE"],
    ["its provider has other algorithms", () => [{ ...issuer.row, algorithms: ["RS256"] }], "BAD_ALGORITHM"],
  ])("is refused at once when %s", async (_name, rowsThen, reason) => {
    let rows: () => readonly unknown[] = () => [issuer.row];
    const { enter, providers } = await open(() => rows());
    const token = await issuer.sign();
    expect(await enter(token)).toBe("alice@acme.test");
    rows = rowsThen;
    await providers.reload();
    expect(await enter(token)).toBe(reason);
  });

  it("says nothing of a token that differs by a letter", async () => {
    const { enter } = await open();
    const token = await issuer.sign();
    await enter(token);
    const [head, body] = token.split(".");
    expect(await enter(`${head}.${body}.${(await issuer.sign({ claims: { sub: "root" } })).split(".")[2]}`)).toBe(
      "BAD_SIGNATURE",
    );
    expect(await enter(`${token}A`)).toBe("BAD_SIGNATURE");
  });

  it("is forgotten when five thousand others came after it", async () => {
    const { state, enter } = await open();
    const tokens = await Promise.all(Array.from({ length: 5_001 }, (_, n) => issuer.sign({ claims: { jti: `${n}` } })));
    for (const token of tokens) await enter(token);
    expect(state.signatures).toBe(5_001);
    await enter(tokens.at(-1) ?? "");
    expect(state.signatures).toBe(5_001);
    await enter(tokens[0] ?? "");
    expect(state.signatures).toBe(5_002);
  }, 120_000);
});

describe("a token that was refused", () => {
  it("is judged anew each time", async () => {
    let rows: readonly unknown[] = [{ ...issuer.row, jwks: other.jwks }];
    const { enter, providers } = await open(() => rows);
    const token = await issuer.sign();
    expect(await enter(token)).toBe("BAD_SIGNATURE");
    rows = [issuer.row];
    await providers.reload();
    expect(await enter(token)).toBe("alice@acme.test");
  });
});
