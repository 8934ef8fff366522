/** In charge of finding calls of functions in a condition as PostgreSQL prints it. */

/** One call, from its name to its last parenthesis. */
export interface Call {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Whether it is all that a query of its own asks, so that it is answered once. */
  readonly isWrapped: boolean;
  /** Whether what it is asked depends on a row. */
  readonly dependsOnRow: boolean;
}

const word = '(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_]*)';
const tokens = new RegExp(`'(?:[^']|'')*'|(?<![\\w".])(${word}\\.${word}|current_setting)\\(|[()]`, "g");

/** The outermost calls. Printed with `search_path = pg_catalog`, exactly what is not PostgreSQL's own has its schema before it. */
export function callsIn(text: string): readonly Call[] {
  const calls: Call[] = [];
  let depth = 0;
  let open: { readonly name: string; readonly from: number; readonly body: number; readonly depth: number } | null =
    null;
  for (const { 0: token, 1: name, index } of text.matchAll(tokens)) {
    if (token.startsWith("'")) continue;
    if (token !== ")") {
      if (name !== undefined && open === null) open = { name, from: index, body: index + token.length, depth };
      depth += 1;
      continue;
    }
    depth -= 1;
    if (open?.depth !== depth) continue;
    const { from, body } = open;
    calls.push({
      name: open.name,
      from,
      to: index + 1,
      isWrapped: text.slice(0, from).endsWith("SELECT "),
      dependsOnRow: namesColumn(text.slice(body, index)),
    });
    open = null;
  }
  return calls;
}

// What remains after literals, casts, calls and the words of SQL is a column.
function namesColumn(asked: string): boolean {
  const rest = asked
    .replaceAll(/'(?:[^']|'')*'/g, " ")
    .replaceAll(/::(?:"[^"]+"|[a-z_][\w.]*)(?: (?:varying|precision|with(?:out)? time zone))?(?:\[\])?/g, " ")
    .replaceAll(/[\w".]+\(/g, " ")
    .replaceAll(/\b(?:SELECT|ARRAY|NULL|AS \w+|true|false|CURRENT_USER|SESSION_USER)\b/g, " ");
  return /[a-z_"]/i.test(rest);
}
