/** In charge of reading JSON that can be read in one way only. */

/**
 * Parses JSON text: UTF-8 without a byte order mark, and no name twice in one object.
 * @throws TypeError or SyntaxError for anything else
 */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  // Of two members with one name this parser keeps the last, and others the first.
  if (countWrittenNames(text) !== countNames(value)) throw new SyntaxError("A name stands twice in one object.");
  return value;
}

function countWrittenNames(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}

function countNames(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const held = Object.values(value).reduce((sum: number, each: unknown) => sum + countNames(each), 0);
  return Array.isArray(value) ? held : held + Object.keys(value).length;
}
