/** In charge of the fields that every list has, whatever it lists: where its page stands, and where each row stands on it. */
import { builder } from "../../builder/builder.js";
import { type Connection, cursorOf, type Edge } from "../read/connection.js";
import type { PageRow } from "../read/select-page.js";
import type { FieldsOf } from "./object-fields.js";
import { rowScope } from "./row-scope.js";

const PageInfo = builder.objectRef<Connection>("PageInfo").implement({
  description: "Where a page stands in its list.",
  fields: (t) => ({
    hasNextPage: t.boolean({
      nullable: false,
      description: "True when rows follow this page.",
      authScopes: rowScope,
      resolve: (page) => page.hasNextPage,
    }),
    hasPreviousPage: t.boolean({
      nullable: false,
      description: "True when rows precede this page.",
      authScopes: rowScope,
      resolve: (page) => page.hasPreviousPage,
    }),
    startCursor: t.string({
      description: "The cursor of the page's first row.",
      authScopes: rowScope,
      resolve: ({ page, rows }) => cursorAt(page, rows.at(0)),
    }),
    endCursor: t.string({
      description: "The cursor of the page's last row.",
      authScopes: rowScope,
      resolve: ({ page, rows }) => cursorAt(page, rows.at(-1)),
    }),
  }),
});

/** Where the page stands, and how many rows there are on all pages, in the list's own words. */
export function pageFields(t: FieldsOf<Connection>, { totalCount }: { readonly totalCount: string }) {
  return {
    pageInfo: t.field({
      type: PageInfo,
      nullable: false,
      description: "Where the page stands.",
      authScopes: rowScope,
      resolve: (page) => page,
    }),
    totalCount: t.int({
      nullable: false,
      description: totalCount,
      authScopes: rowScope,
      resolve: (page) => page.totalCount,
    }),
  };
}

/** The row's place in the list. */
export function cursorField(t: FieldsOf<Edge>) {
  return t.string({
    nullable: false,
    description: "The place, for after and before.",
    authScopes: rowScope,
    resolve: ({ page, row }) => cursorOf(page, row),
  });
}

function cursorAt(page: Connection["page"], row: PageRow | undefined): string | null {
  return row ? cursorOf(page, row) : null;
}
