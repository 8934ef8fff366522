/** In charge of which documents are remembered once they are parsed: no more than fit, whoever sends how many of them. */
import type { DocumentNode } from "graphql";

/** Documents by their text, as Yoga asks for them. */
export interface RememberedDocuments {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

// A parsed token takes some 300 bytes: this is 30 MB.
const mostTokens = 100_000;

/** Remembers documents of so many tokens in all; the one that was not asked for longest makes room. */
export function rememberDocuments(): RememberedDocuments {
  const documents = new Map<string, DocumentNode>();
  let tokens = 0;
  const forget = (text: string): void => {
    tokens -= weightOf(text, documents.get(text));
    documents.delete(text);
  };
  return {
    get: (text) => {
      const known = documents.get(text);
      if (known === undefined) return undefined;
      documents.delete(text);
      documents.set(text, known);
      return known;
    },
    set: (text, document) => {
      if (documents.has(text)) forget(text);
      documents.set(text, document);
      tokens += weightOf(text, document);
      for (const oldest of documents.keys()) {
        if (tokens <= mostTokens) break;
        forget(oldest);
      }
    },
  };
}

/** What is wrong with a document is found out anew each time: nobody sends one twice who is not trying to be remembered. */
export const rememberNothing = { get: () => undefined, set: () => undefined };

// Comments and blanks are no tokens, but kept with the text.
function weightOf(text: string, document: DocumentNode | undefined): number {
  return document === undefined ? 0 : Math.max(document.tokenCount ?? 0, text.length / 100);
}
