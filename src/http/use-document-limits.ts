/** In charge of parsing: no document gets to validation that is larger than any honest one. */
import { type DocumentNode, GraphQLError, Lexer, type ParseOptions, parse, Source, TokenKind } from "graphql";
import type { Plugin } from "graphql-yoga";
import { checkDocumentLimits, documentLimits, refuseAbove } from "./document-limits.js";

/** Parses within the limits. A document that passed once is remembered by Yoga's cache and not measured again. */
export function useDocumentLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options?: ParseOptions) => {
        const document = parseWithin(source, options);
        checkDocumentLimits(document);
        return document;
      });
    },
  };
}

function parseWithin(source: string | Source, options: ParseOptions = {}): DocumentNode {
  refuseAbove("characters", (typeof source === "string" ? source : source.body).length, "characters");
  try {
    return parse(source, { ...options, maxTokens: documentLimits.tokens });
  } catch (error) {
    // The parser tells too many tokens as a mistake in the syntax; counted again, it is a limit like the others.
    if (error instanceof GraphQLError) refuseAbove("tokens", countTokens(source), "tokens");
    throw error;
  }
}

function countTokens(source: string | Source): number {
  const lexer = new Lexer(typeof source === "string" ? new Source(source) : source);
  for (let count = 0; ; count++) {
    if (count > documentLimits.tokens) return count;
    try {
      if (lexer.advance().kind === TokenKind.EOF) return count;
    } catch {
      return count;
    }
  }
}
