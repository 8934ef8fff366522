/** In charge of signatures that are almost right. */
import { constants, createHash, privateEncrypt, sign } from "node:crypto";
import { keys, type VectorKey } from "./keys.js";
import { type Claims, headerOf, type Vector } from "./right-token.js";
import { encode, signatureOf, signingInput } from "./sign.js";

/** A key's signature with bytes changed, taken away and added. */
export function mangledSignatures(key: VectorKey, claims: Claims): readonly Vector[] {
  const text = signingInput(headerOf(key), claims);
  const right = signatureOf(text, key);
  const first = Buffer.from(right);
  first[0] = (first[0] ?? 0) ^ 1;
  const last = Buffer.from(right);
  last[right.length - 1] = (last.at(-1) ?? 0) ^ 1;
  const forms: Readonly<Record<string, Buffer>> = {
    "its first byte changed": first,
    "its last byte changed": last,
    "its last byte away": right.subarray(0, -1),
    "its first byte away": right.subarray(1),
    "half of it": right.subarray(0, right.length / 2),
    "a zero behind": Buffer.concat([right, Buffer.alloc(1)]),
    "a zero before": Buffer.concat([Buffer.alloc(1), right]),
    "it twice": Buffer.concat([right, right]),
    "zeros only": Buffer.alloc(right.length),
    "ones only": Buffer.alloc(right.length, 0xff),
    "another text's": signatureOf(`${text}x`, key),
  };
  return Object.entries(forms).map(([name, signature]) => [
    `${key.algorithm} with ${name}`,
    `${text}.${encode(signature)}`,
  ]);
}

const orderOfP256 = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** Pairs of numbers at the edges of what ECDSA allows, and its signature in other forms. */
export function edgesOfEcdsa(claims: Claims): readonly Vector[] {
  const key = keys.ES256;
  const text = signingInput(headerOf(key), claims);
  const right = signatureOf(text, key);
  const [r, s] = [right.subarray(0, 32), right.subarray(32)];
  const order = Buffer.from(orderOfP256, "hex");
  const number = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
  const edges = { "0": number(0n), "1": number(1n), "n-1": number(BigInt(`0x${orderOfP256}`) - 1n), n: order, r, s };
  const pairs = Object.entries(edges).flatMap(([nameOfR, edgeOfR]) =>
    Object.entries(edges)
      .filter(([nameOfS]) => !(nameOfR === "r" && nameOfS === "s"))
      .map(
        ([nameOfS, edgeOfS]): Vector => [
          `ES256 with (${nameOfR}, ${nameOfS})`,
          `${text}.${encode(Buffer.concat([edgeOfR, edgeOfS]))}`,
        ],
      ),
  );
  const der = sign("sha256", Buffer.from(text), key.privateKey);
  const wide = Buffer.concat([Buffer.alloc(16), r, Buffer.alloc(16), s]);
  const beyond = (value: Buffer) =>
    number((BigInt(`0x${value.toString("hex")}`) + BigInt(`0x${orderOfP256}`)) % 2n ** 256n);
  return [
    ...pairs,
    ["ES256 with a signature in DER", `${text}.${encode(der)}`],
    ["ES256 with a signature as wide as P-384's", `${text}.${encode(wide)}`],
    ["ES256 with r beyond the order", `${text}.${encode(Buffer.concat([beyond(r), s]))}`],
    ["ES256 with s beyond the order", `${text}.${encode(Buffer.concat([r, beyond(s)]))}`],
  ];
}

const digestInfo = "3031300d060960864801650304020105000420";

/** Signatures by the right key over the wrong padding. */
export function paddingsOfRsa(claims: Claims): readonly Vector[] {
  const { RS256, PS256 } = keys;
  const text = signingInput(headerOf(RS256), claims);
  const digest = createHash("sha256").update(text).digest();
  const padded = (info: string, { type = 1, filler = 0xff, behind = Buffer.alloc(0) } = {}) => {
    const tail = Buffer.concat([Buffer.alloc(1), Buffer.from(info, "hex"), digest, behind]);
    return Buffer.concat([Buffer.from([0, type]), Buffer.alloc(254 - tail.length, filler), tail]);
  };
  const shortFiller = Buffer.concat([
    Buffer.from([0, 1, ...Array<number>(8).fill(0xff), 0]),
    Buffer.from(digestInfo, "hex"),
    digest,
    Buffer.alloc(256 - 11 - 19 - 32, 0x5a),
  ]);
  const blocks: Readonly<Record<string, Buffer>> = {
    "no digest info": padded(""),
    "the digest info of SHA-1": padded("3021300906052b0e03021a05000414"),
    "the digest info of SHA-512": padded("3051300d060960864801650304020305000440"),
    "no NULL in it": padded("302f300b0609608648016503040201" + "0420"),
    "a long form of its length": padded("308131300d060960864801650304020105000420"),
    "an indefinite length": padded("3080300d060960864801650304020105000420", { behind: Buffer.alloc(2) }),
    "block type 2": padded(digestInfo, { type: 2 }),
    "block type 0": padded(digestInfo, { type: 0, filler: 0 }),
    "another filler": padded(digestInfo, { filler: 0xfe }),
    "garbage behind": padded(digestInfo, { behind: Buffer.from("cafe", "hex") }),
    "a short filler and much garbage": shortFiller,
  };
  const raw = (block: Buffer) => privateEncrypt({ key: RS256.privateKey, padding: constants.RSA_NO_PADDING }, block);
  const psText = signingInput(headerOf(PS256), claims);
  const salted = (saltLength: number) =>
    sign("sha256", Buffer.from(psText), {
      key: PS256.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength,
    });
  return [
    ...Object.entries(blocks).map(([name, block]): Vector => [`RS256 with ${name}`, `${text}.${encode(raw(block))}`]),
    ...[0, 20, 31, 33, 64].map(
      (length): Vector => [`PS256 with a salt of ${length} bytes`, `${psText}.${encode(salted(length))}`],
    ),
    ["RS256 named, PS256 signed", `${text}.${encode(signatureOf(text, { ...RS256, algorithm: "PS256" }))}`],
    ["PS256 named, RS256 signed", `${psText}.${encode(signatureOf(psText, { ...PS256, algorithm: "RS256" }))}`],
    ["RS256 named, SHA-512 signed", `${text}.${encode(signatureOf(text, { ...RS256, algorithm: "RS512" }))}`],
  ];
}
