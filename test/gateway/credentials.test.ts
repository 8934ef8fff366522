/** In charge of who is let in: every wrong form of a credential, through the whole gateway, with real signatures. */
import { exportSPKI, generateKeyPair, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createTestGateway, type TestGateway } from "../support/gateway.js";
import { createTestIssuer, forgeToken, type TestIssuer } from "../support/tokens.js";
import { type Diary, keepDiary, toySchema } from "../support/toy-schema.js";

const issuer: TestIssuer = await createTestIssuer();
const stranger: TestIssuer = await createTestIssuer("https://stranger.test/");
const now = Math.floor(Date.now() / 1000);
const header = { alg: "ES256", typ: "at+jwt", kid: `key-of-${issuer.issuer}` };
const claims = { iss: issuer.issuer, aud: issuer.audience, sub: "alice@acme.test", iat: now, exp: now + 300 };

const withClaims = (changes: Readonly<Record<string, unknown>>) => () => issuer.sign({ claims: changes });
const withHeader = (changes: Readonly<Record<string, unknown>>) => () => issuer.sign({ header: changes });
const withRawClaims = (text: string) => async () => forgeToken(header, text);

async function signedWithThePublicKeyAsSecret(): Promise<string> {
  const { publicKey } = await generateKeyPair("ES256", { extractable: true });
  const secret = new TextEncoder().encode(await exportSPKI(publicKey));
  return new SignJWT(claims).setProtectedHeader({ ...header, alg: "HS256" }).sign(secret);
}

async function withAnotherSpelling(): Promise<string> {
  const token = await issuer.sign();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(token.slice(-1));
  return token.slice(0, -1) + alphabet[last ^ 1];
}

const refused: readonly (readonly [name: string, token: () => Promise<string>, reason: string])[] = [
  ["a word", async () => "token", "TOKEN_MALFORMED"],
  ["an encrypted token", async () => "a.b.c.d.e", "TOKEN_MALFORMED"],
  ["a token above 8 KB", async () => `${"a".repeat(8_200)}.b.c`, "TOKEN_TOO_LARGE"],
  ["padding", async () => `${await issuer.sign()}==`, "TOKEN_MALFORMED"],
  ["another spelling of the same signature", withAnotherSpelling, "TOKEN_MALFORMED"],
  ["a header that is not JSON", async () => forgeToken("{", claims), "TOKEN_MALFORMED"],
  ["claims that are not an object", async () => forgeToken(header, "[]"), "TOKEN_MALFORMED"],
  ["alg none", async () => forgeToken({ ...header, alg: "none" }, claims), "BAD_ALGORITHM"],
  ["alg nOnE", async () => forgeToken({ ...header, alg: "nOnE" }, claims), "BAD_ALGORITHM"],
  ["alg HS256 with the public key as secret", signedWithThePublicKeyAsSecret, "BAD_ALGORITHM"],
  [
    "an algorithm that the provider does not use",
    async () => forgeToken({ ...header, alg: "RS256" }, claims),
    "BAD_ALGORITHM",
  ],
  ["a key in the header", withHeader({ jwk: issuer.jwks.keys[0] }), "BAD_HEADER"],
  ["the address of a key in the header", withHeader({ jku: "http://127.0.0.1:1/jwks" }), "BAD_HEADER"],
  ["the address of a certificate in the header", withHeader({ x5u: "http://127.0.0.1:1/cert" }), "BAD_HEADER"],
  ["a certificate in the header", withHeader({ x5c: ["MIIB"] }), "BAD_HEADER"],
  ["a critical extension", async () => forgeToken({ ...header, crit: ["x"], x: 1 }, claims), "BAD_HEADER"],
  ["no key id", withHeader({ kid: undefined }), "TOKEN_MALFORMED"],
  ["an unknown key id", withHeader({ kid: "../../etc/passwd" }), "UNKNOWN_KEY"],
  ["a logout token", withHeader({ typ: "logout+jwt" }), "BAD_TYPE"],
  ["an unknown issuer", () => stranger.sign(), "UNKNOWN_ISSUER"],
  ["our issuer without its last slash", withClaims({ iss: issuer.issuer.slice(0, -1) }), "UNKNOWN_ISSUER"],
  ["no issuer", withClaims({ iss: undefined }), "TOKEN_MALFORMED"],
  [
    "somebody else's signature",
    () => stranger.sign({ header: { kid: header.kid }, claims: { iss: issuer.issuer } }),
    "BAD_SIGNATURE",
  ],
  [
    "a signature over other claims",
    async () => forgeToken(header, { ...claims, sub: "root" }, (await issuer.sign()).split(".")[2]),
    "BAD_SIGNATURE",
  ],
  ["an empty signature", async () => (await issuer.sign()).replace(/[^.]+$/, ""), "TOKEN_MALFORMED"],
  ["another audience", withClaims({ aud: "somebody-else" }), "BAD_AUDIENCE"],
  ["no audience", withClaims({ aud: undefined }), "BAD_AUDIENCE"],
  ["an empty audience", withClaims({ aud: [] }), "BAD_AUDIENCE"],
  ["an object among the audiences", withClaims({ aud: [{ evil: true }, issuer.audience] }), "BAD_CLAIMS"],
  ["no end", withClaims({ exp: undefined }), "BAD_CLAIMS"],
  ["an end in the past", withClaims({ iat: now - 900, exp: now - 120 }), "TOKEN_EXPIRED"],
  ["an end that is a text", withClaims({ exp: String(now + 300) }), "BAD_CLAIMS"],
  ["an end next year", withClaims({ exp: now + 31_536_000 }), "LIFETIME_TOO_LONG"],
  ["a start in the future", withClaims({ nbf: now + 120 }), "TOKEN_NOT_YET_VALID"],
  ["an issue in the future", withClaims({ iat: now + 120 }), "TOKEN_NOT_YET_VALID"],
  ["no subject", withClaims({ sub: undefined }), "BAD_SUBJECT"],
  ["an empty subject", withClaims({ sub: "" }), "BAD_SUBJECT"],
  ["a subject that is a number", withClaims({ sub: 7 }), "BAD_SUBJECT"],
  ["a subject with a space", withClaims({ sub: "alice " }), "BAD_SUBJECT"],
  ["a subject with NUL", withClaims({ sub: "alice\0" }), "BAD_SUBJECT"],
  ["a subject with a lone surrogate", withClaims({ sub: "\ud800" }), "BAD_SUBJECT"],
  ["a subject of 129 characters", withClaims({ sub: "a".repeat(129) }), "BAD_SUBJECT"],
  ["a tenant that is a list", withClaims({ tenant: ["acme"] }), "BAD_CLAIMS"],
  [
    "an unsigned end beyond all time",
    withRawClaims(JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e400')),
    "BAD_SIGNATURE",
  ],
];

describe("a bearer token", () => {
  let diary: Diary;
  let test: TestGateway;
  beforeAll(() => {
    diary = keepDiary();
    test = createTestGateway({ schema: toySchema, sessions: diary.sessions, providerRows: async () => [issuer.row] });
  });

  it.each(refused)(
    "rejects %s with the one text of all refusals, and opens no session",
    async (_name, token, reason) => {
      const { status, headers, body } = await test.as(await token()).query("{ one }");
      expect({ status, body }).toEqual({
        status: 401,
        body: {
          errors: [{ message: "The credential is not accepted.", extensions: { code: "UNAUTHENTICATED", reason } }],
        },
      });
      expect(headers.get("www-authenticate")).toBe("Bearer");
      expect(diary.opened).toEqual([]);
    },
  );

  it("answers 401 to a bad token as plain JSON too", async () => {
    const { status } = await test.as("x.y.z", { accept: "application/json" }).query("{ caller }");
    expect(status).toBe(401);
  });

  it("logs the reason of a refusal and nothing of the token", async () => {
    const token = await issuer.sign({ claims: { aud: "elsewhere" } });
    test.logged.length = 0;
    await test.as(token).query("{ caller }");
    expect(test.logged).toEqual([
      { event: "credential_refused", requestId: expect.any(String), reason: "BAD_AUDIENCE" },
    ]);
  });
});

describe("the caller", () => {
  const test = createTestGateway({
    schema: toySchema,
    sessions: keepDiary().sessions,
    providerRows: async () => [issuer.row],
  });
  const callerOf = async (token: string | null, headers: Readonly<Record<string, string>> = {}) =>
    JSON.parse((await test.as(token, headers).query("{ caller }")).body.data.caller);

  it("allows a good token, and hands on its issuer, subject and end", async () => {
    expect(await callerOf(await issuer.sign({ claims: { exp: now + 100 } }))).toEqual({
      kind: "token",
      issuer: issuer.issuer,
      subject: "alice@acme.test",
      tenant: null,
      actAs: null,
      expiresAt: now + 100,
    });
  });

  it.each(["JWT", "jwt", "at+jwt", "application/at+jwt"])("allows the type %s", async (typ) => {
    expect((await callerOf(await issuer.sign({ header: { typ } }))).kind).toBe("token");
  });

  it("allows a clock that is half a minute off, denies one that is a minute off", async () => {
    expect((await callerOf(await issuer.sign({ claims: { iat: now - 300, exp: now - 20 } }))).kind).toBe("token");
    expect(
      (await test.as(await issuer.sign({ claims: { iat: now - 300, exp: now - 60 } })).query("{ caller }")).status,
    ).toBe(401);
  });

  it("is anonymous without a credential, in the tenant that the header names", async () => {
    expect(await callerOf(null, { "x-tenant": "acme" })).toEqual({ kind: "anonymous", tenant: "acme" });
  });

  it("takes the header's tenant before the token's", async () => {
    const token = await issuer.sign({ claims: { tenant: "acme" } });
    expect((await callerOf(token)).tenant).toBe("acme");
    expect((await callerOf(token, { "x-tenant": "globex" })).tenant).toBe("globex");
    expect((await callerOf(token, { "x-tenant": "" })).tenant).toBe("acme");
  });

  it.each([
    ["two bearer tokens", { authorization: "Bearer a.b.c, Bearer d.e.f" }, "TWO_CREDENTIALS"],
    ["a bearer token and an API key", { authorization: "Bearer a.b.c", "x-api-key": "pk_1_2" }, "TWO_CREDENTIALS"],
    ["an API key of another form", { "x-api-key": "pk_1_2" }, "BAD_API_KEY"],
    ["a password", { authorization: "Basic YWxpY2U6YQ==" }, "UNKNOWN_SCHEME"],
    ["a scheme without a token", { authorization: "Bearer" }, "UNKNOWN_SCHEME"],
  ])("rejects %s, and never takes it for anonymous", async (_name, headers, reason) => {
    const { status, body } = await test.as(null, headers as unknown as Record<string, string>).query("{ caller }");
    expect({ status, reason: body.errors[0].extensions.reason }).toEqual({ status: 401, reason });
  });

  it("rejects a tenant that is too long to be one", async () => {
    const { status, body } = await test.as(null, { "x-tenant": "a".repeat(129) }).query("{ caller }");
    expect([status, body.errors[0].extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
  });
});
