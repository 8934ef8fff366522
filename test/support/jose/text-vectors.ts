/** In charge of tokens that are rightly signed, and can be read in two ways or in none. */
import { keys } from "./keys.js";
import { type Claims, headerOf, type Vector } from "./right-token.js";
import { encode, type Part, signToken } from "./sign.js";

/** Other forms than three parts in base64url. */
export function otherForms(claims: Claims): readonly Vector[] {
  const key = keys.ES256;
  const token = signToken(key, headerOf(key), claims);
  const [head = "", body = "", signature = ""] = token.split(".");
  const flattened = JSON.stringify({ protected: head, payload: body, signature });
  const general = JSON.stringify({ payload: body, signatures: [{ protected: head, signature }] });
  const spelled = (part: string) => part.slice(0, -1) + nextLetter(part.slice(-1));
  return [
    ["no claims", `${head}..${signature}`],
    ["no header", `.${body}.${signature}`],
    ["no signature", `${head}.${body}.`],
    ["no signature and no dot", `${head}.${body}`],
    ["dots only", ".."],
    ["one part", head],
    ["a part more", `${token}.x`],
    ["an empty part more", `${token}.`],
    ["an empty part before", `.${token}`],
    ["parts in another order", `${body}.${head}.${signature}`],
    ["the flattened JSON form", flattened.replaceAll(" ", "")],
    ["the general JSON form", general.replaceAll(" ", "")],
    [
      "an encrypted token",
      `${encode({ alg: "dir", enc: "A128GCM" })}..${encode("iv")}.${encode("text")}.${encode("tag")}`,
    ],
    ["a token in a token", signToken(key, { ...headerOf(key), cty: "JWT" }, token)],
    ["padding", `${token}==`],
    ["padding inside", `${head}=.${body}.${signature}`],
    ["the other alphabet", `${head}.${body}.${signature.replaceAll("-", "+").replaceAll("_", "/")}+/`],
    ["a question mark", `${head}.${body}.?${signature}`],
    ["number signs", `${head}####.${body}.${signature}`],
    ["a percent code", `${head}%2E${body}.${signature}`],
    ["a quoted token", `"${token}"`],
    ["another spelling of the signature", `${head}.${body}.${spelled(signature)}`],
    ["one letter more", `${head}.${body}.${signature}A`],
    ["more than 8 KB", signToken(key, headerOf(key), { ...claims, filler: "x".repeat(8_192) })],
  ];
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Only the spare bits differ: decoders ignore them.
function nextLetter(letter: string): string {
  return alphabet[alphabet.indexOf(letter) ^ 1] ?? "A";
}

/** Other texts than one JSON object in UTF-8. */
export function otherTexts(claims: Claims): readonly Vector[] {
  const key = keys.ES256;
  const head = JSON.stringify(headerOf(key));
  const body = JSON.stringify(claims);
  const texts: readonly (readonly [name: string, header: Part, claims: Part])[] = [
    ["a byte order mark before the header", `\ufeff${head}`, body],
    ["a byte order mark before the claims", head, `\ufeff${body}`],
    ["UTF-16", head, Buffer.from(body, "utf16le")],
    ["UTF-8 that is none", head, Buffer.concat([Buffer.from(body.slice(0, -1)), Buffer.from([0xc3, 0x28, 0x7d])])],
    ["an overlong form", head, Buffer.concat([Buffer.from(body.slice(0, -2)), Buffer.from([0xc0, 0xaf, 0x22, 0x7d])])],
    [
      "half a surrogate pair as bytes",
      head,
      Buffer.concat([Buffer.from(body.slice(0, -1)), Buffer.from([0xed, 0xa0, 0x80])]),
    ],
    ["a NUL behind", head, `${body}\0`],
    ["a second value", head, `${body}{}`],
    ["garbage behind the header", `${head}x`, body],
    ["a comment", head, `/**/${body}`],
    ["a comma too many", head, body.replace("}", ",}")],
    ["single quotes", head, body.replaceAll('"', "'")],
    ["a name twice in the header", head.replace("{", '{"alg":"none",'), body],
    ["a key id twice", head.replace("}", ',"kid":"es256"}'), body],
    ["a subject twice", head, body.replace("}", ',"sub":"alice@acme.test"}')],
    ["a subject twice, once escaped", head, body.replace("}", ',"s\\u0075b":"alice@acme.test"}')],
    ["a name twice further in", head, body.replace("}", ',"x":[{"a":1,"a":2}]}')],
    ["a list of claims", head, `[${body}]`],
    ["a text", head, JSON.stringify(body)],
    ["null", head, "null"],
    ["a number", head, "1"],
    ["nothing", head, ""],
    ["brackets only", head, "[".repeat(5_000)],
    ["very deep lists", head, `${"[".repeat(2_900)}${"]".repeat(2_900)}`],
    ["very deep claims", head, body.replace("}", `,"x":${"[".repeat(2_700)}${"]".repeat(2_700)},"sub":1}`)],
    ["a header that is a list", "[]", body],
    ["a header that is empty", "{}", body],
    ["a prototype", `{"__proto__":${head}}`, body],
    ["claims in a prototype", head, `{"__proto__":${body}}`],
  ];
  return texts.map(([name, header, text]) => [name, signToken(key, header, text)]);
}

/** Claims of the wrong type, beyond all bounds, or for somebody else. */
export function falseClaims(claims: Claims): readonly Vector[] {
  const key = keys.ES256;
  const { iat: now } = claims;
  const raw = (name: string, text: string): Vector => {
    const without = JSON.stringify({ ...claims, [name]: undefined });
    return [`${name} ${text.slice(0, 40)}`, signToken(key, headerOf(key), without.replace("}", `,"${name}":${text}}`))];
  };
  const values: Readonly<Record<string, readonly string[]>> = {
    exp: [
      "null",
      "true",
      "[]",
      "{}",
      '""',
      `"${now + 300}"`,
      `[${now + 300}]`,
      "0",
      "-1",
      "-1e400",
      "1e400",
      "1e300",
    ].concat(["9007199254740993", "253402300800", `${now - 31}`, `${now + 90_000}`, '"2099-01-01T00:00:00Z"']),
    nbf: ["null", '"0"', "true", "[]", "1e400", `${now + 120}`, "-1"],
    iat: ["null", '"0"', "true", "[]", "1e400", "-1", "0", `${now + 120}`],
    iss: [
      "null",
      "1",
      "[]",
      `["${claims.iss}"]`,
      "{}",
      '""',
      `"${claims.iss}/"`,
      `"${claims.iss.toUpperCase()}"`,
    ].concat([`"${claims.iss} "`, `"${claims.iss}\\u0000"`, `"${claims.iss.replace("e", "\u0435")}"`]),
    aud: [
      "null",
      "1",
      "{}",
      "[]",
      '""',
      '[""]',
      `"${claims.aud} "`,
      `"${claims.aud},x"`,
      `"${claims.aud.toUpperCase()}"`,
    ].concat([`[["${claims.aud}"]]`, `[{"x":1},"${claims.aud}"]`, '"elsewhere"', `{"aud":"${claims.aud}"}`]),
    sub: [
      "null",
      "1",
      "[]",
      "{}",
      '""',
      '" "',
      '"bob@acme.test "',
      '"bob\\u0000"',
      '"\\ud800"',
      '"b\u043eb@acme.test"',
    ].concat(['"\\u202ebob"', `"${"b".repeat(129)}"`, '["bob@acme.test"]']),
    tenant: ["1", '["acme"]', '""', '"a b"', `"${"a".repeat(129)}"`],
  };
  const missing = (["iss", "aud", "sub", "exp"] as const).map(
    (name): Vector => [`no ${name}`, signToken(key, headerOf(key), { ...claims, [name]: undefined })],
  );
  return [...missing, ...Object.entries(values).flatMap(([name, texts]) => texts.map((text) => raw(name, text)))];
}
