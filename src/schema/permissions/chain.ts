/** In charge of the chain by which somebody may do something: from the user, through groups and roles, to the scope. */
import { builder } from "../../builder/builder.js";
import { rowScope } from "../../protect/type/row-scope.js";

/** One link, as the functions of iam tell it. */
export interface Link {
  readonly kind: "USER" | "GROUP" | "ROLE" | "FEATURE" | "SCOPE" | "ROW";
  readonly label: string;
  readonly id: string | null;
}

const LinkKind = builder.enumType("ChainLinkKind", {
  description: "What a link of a chain is.",
  values: {
    USER: { description: "Who is asked about." },
    GROUP: { description: "A group that he is in, or that another of his groups is in." },
    ROLE: { description: "A role that is granted, or that another role includes." },
    FEATURE: { description: "What is given: the feature asked for, or one above it." },
    SCOPE: { description: "Where it is given: the scope asked for, or one above it." },
    ROW: {
      description:
        "The row itself: as its owner, by a share, as its group, like everybody, or with the row it follows.",
    },
  } as const,
});

/** One link of a chain. */
export const ChainLink = builder.objectRef<Link>("ChainLink").implement({
  description: "One link of the chain from a user to what he may do.",
  fields: (t) => ({
    kind: t.field({
      type: LinkKind,
      nullable: false,
      description: "What it is.",
      authScopes: rowScope,
      resolve: ({ kind }) => kind,
    }),
    label: t.string({
      nullable: false,
      description:
        "Its e-mail address, name, code, or `type/key`; of a row, what opens it: `owner`, `share`, `group`, `public`, `parent`.",
      authScopes: rowScope,
      resolve: ({ label }) => label,
    }),
    id: t.id({
      description: "Its global id; `node` finds it where the caller may see it. Null for a row.",
      authScopes: rowScope,
      resolve: ({ id }) => id,
    }),
  }),
});
