/** In charge of parsing: no document gets to validation that is larger than any honest one. */
import { parse } from "graphql";
import type { Plugin } from "graphql-yoga";
import { checkDocumentLimits, documentLimits } from "./document-limits.js";

/** Parses within the limits. A document that passed once is remembered by Yoga's cache and not measured again. */
export function useDocumentLimits(): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source, options) => {
        const document = parse(source, { ...options, maxTokens: documentLimits.tokens });
        checkDocumentLimits(document);
        return document;
      });
    },
  };
}
