/** In charge of reading a guide as a program: its SQL in order, by whom each is run, and what the guide says comes back. */
import { readFileSync } from "node:fs";

/** A block of SQL with the answer that follows it. */
export interface GuideStep {
  /** The first line's comment: "administrator", or the request that it is. */
  readonly title: string;
  readonly sql: string;
  /** The rows of the last query, or the SQLSTATE that it ends with; undefined where the guide says nothing. */
  readonly answer: readonly unknown[] | { readonly error: string } | undefined;
}

/** A guide, as far as it can be run. */
export interface Guide {
  readonly steps: readonly GuideStep[];
  /** The SQL that the guide's PHP sends, with `?` as `$1`, `$2`, …, in order. */
  readonly sentByPhp: readonly string[];
}

/** Reads docs/guides/<name>.md. */
export function readGuide(name: string): Guide {
  const text = readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", body = ""]) => ({
    language,
    body,
  }));
  return {
    steps: blocks.flatMap(({ language, body }, at) => {
      const next = blocks[at + 1];
      return language === "sql" ? [toStep(body, next?.language === "json" ? next.body : undefined)] : [];
    }),
    sentByPhp: blocks
      .filter(({ language }) => language === "php")
      .flatMap(({ body }) => [...body.matchAll(/"(select [^"]*)"/g)].map(([, sql = ""]) => numbered(sql))),
  };
}

function toStep(sql: string, answer: string | undefined): GuideStep {
  const [, title = ""] = /^-- (.*)\n/.exec(sql) ?? [];
  return { title, sql, answer: answer === undefined ? undefined : JSON.parse(answer) };
}

function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll("?", () => `$${++count}`);
}
