/** In charge of the scope most fields share. */

/** Whoever may read the row may read the field. One object for all fields: Pothos remembers its verdict by it. */
export const rowScope = { row: true } as const;
