/** In charge of remembered documents: which are kept, and that they end somewhere. */
import { parse } from "graphql";
import { expect, it } from "vitest";
import { rememberDocuments } from "../../src/http/remembered-documents.js";

const largest = (name: string) => `{ ${name} ${"field ".repeat(1_990)} }`;

it("reads what was remembered, by its text to the letter", () => {
  const documents = rememberDocuments();
  const document = parse("{ one }");
  documents.set("{ one }", document);
  expect([documents.get("{ one }"), documents.get("{ one } ")]).toEqual([document, undefined]);
});

it("keeps a thousand usual documents, and some fifty of the largest", () => {
  const kept = (texts: readonly string[]) => {
    const documents = rememberDocuments();
    for (const text of texts) documents.set(text, parse(text));
    return texts.filter((text) => documents.get(text) !== undefined).length;
  };
  const usual = Array.from({ length: 1_000 }, (_, index) => `{ a${index} ${"field ".repeat(40)} }`);
  expect(kept(usual)).toBe(1_000);
  expect(kept(Array.from({ length: 80 }, (_, index) => largest(`a${index}`)))).toBe(50);
});

it("forgets the one that was not asked for longest, and counts one that comes again once", () => {
  const documents = rememberDocuments();
  const texts = Array.from({ length: 50 }, (_, index) => largest(`a${index}`));
  for (const text of [...texts, ...texts]) documents.set(text, parse(text));
  documents.get(texts[0] ?? "");
  documents.set(largest("next"), parse(largest("next")));
  expect(texts.filter((text) => documents.get(text) === undefined)).toEqual([texts[1]]);
});

it("keeps few documents that are long without tokens", () => {
  const documents = rememberDocuments();
  const texts = Array.from({ length: 400 }, (_, index) => `{ one } # ${index}${" ".repeat(32_000)}`);
  for (const text of texts) documents.set(text, parse(text));
  const kept = texts.filter((text) => documents.get(text) !== undefined);
  expect(kept.length).toBeGreaterThan(250);
  expect(kept.length).toBeLessThan(320);
});
