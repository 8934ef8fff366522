/** In charge of reading a guide as a newcomer does: files to write or to add to, commands to type, and what they answer. */
import { readFileSync } from "node:fs";

/** One thing that the guide tells its reader to do. */
export type WalkStep =
  | { readonly kind: "file"; readonly path: string; readonly after: string | null; readonly text: string }
  | {
      readonly kind: "command";
      readonly command: string;
      readonly answer: string | undefined;
      readonly language: string;
    };

/** Reads docs/guides/<name>.md: each block of code is a step, and a json or text one what the command before it answers. */
export function readWalkThrough(name: string): readonly WalkStep[] {
  const text = readFileSync(new URL(`../../docs/guides/${name}.md`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", body = ""]) => ({
    language,
    body,
  }));
  return blocks.flatMap(({ language, body }, at): readonly WalkStep[] => {
    if (language === "prisma" || language === "ts") return [toFile(body)];
    if (language !== "sh") return [];
    const next = blocks[at + 1];
    const isAnswered = next?.language === "json" || next?.language === "text";
    return [
      { kind: "command", command: body, answer: isAnswered ? next.body : undefined, language: next?.language ?? "" },
    ];
  });
}

// "// path", "// path, at the end", "// path, …after "a line"": then the text.
function toFile(body: string): WalkStep {
  const [, path = "", place = "", text = ""] = /^\/\/ ([^\s,]+)([^\n]*)\n(.*)$/s.exec(body) ?? [];
  if (place === "") return { kind: "file", path, after: null, text };
  const [, line] = /after (?:"(.*)"|'(.*)')$/.exec(place)?.filter((part) => part !== undefined) ?? [];
  return { kind: "file", path, after: line ?? "", text };
}
