/** In charge of words: how the name of a field or a type reads in a description. */

/** `internalNote` as it is said: internal note. */
export function spoken(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}

/** The sentence of the Prisma schema, else one made of the name. */
export function describe(documented: string, name: string): string {
  if (documented !== "") return documented;
  const words = spoken(name);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
