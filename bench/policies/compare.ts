/** In charge of one caller's cases: the policies beside what is written by hand, the answers compared before anything is timed. */
import type { Statement } from "../../src/database/session.js";
import { byHand } from "./by-hand.js";
import { cursorOf, generatedFor, placeIn } from "./generated.js";
import { type Known, knownOf } from "./known.js";
import { connect, type Link, openingOf, type Planning, type Role, type Rows } from "./link.js";
import { type Contender, measure, type Times } from "./measure.js";
import { type Comparison, theSameByHand } from "./same.js";

/** The times of one case. */
export interface Case {
  readonly caller: string;
  readonly name: string;
  readonly policies: Times;
  /** The best of its plans and forms. */
  readonly same: Times;
  readonly joined: Times;
  readonly given: Times;
  /** With everything that the gateway sends before it. */
  readonly whole: { readonly policies: Times; readonly same: Times };
}

/** Which caller, by which user of the data. */
export interface Subject {
  readonly caller: string;
  readonly user: string;
}

/** Measures all cases of one caller. Throws where the policies and the same by hand answer differently. */
export async function* compare(url: string, subject: Subject, rounds: number): AsyncGenerator<Case> {
  const links = await linksOf(url, subject.user);
  const known = await knownOf(links.user);
  const cursor = await cursorOf(links.user);
  for (const [name, generated] of Object.entries(await generatedFor(known, cursor))) {
    const statements = { policies: generated, ...statementsByHand(known, placeIn(cursor), name) };
    await requireEqual(links, statements);
    const { policies, given, joined, ...forms } = await measure(contendersOf(links, statements), rounds);
    const best = bestOf(forms);
    const whole = await measure(wholeOf(links, subject.user, statements, best), rounds);
    yield { caller: subject.caller, name, policies, same: forms[best], joined, given, whole };
  }
  for (const link of Object.values(links)) await link.end();
}

interface Links {
  readonly user: Link;
  readonly auto: Link;
  readonly generic: Link;
  /** Where every request opens its own session. */
  readonly requests: Link;
}

async function linksOf(url: string, user: string): Promise<Links> {
  const opened = async (role: Role, planning: Planning): Promise<Link> => {
    const link = await connect(url);
    await link.send(openingOf(user, { mode: "write", role, planning }));
    return link;
  };
  return {
    user: await opened("web_user", "force_generic_plan"),
    auto: await opened("postgres", "auto"),
    generic: await opened("postgres", "force_generic_plan"),
    requests: await connect(url),
  };
}

interface Statements {
  readonly policies: Statement;
  readonly given: Statement;
  readonly joined: Statement;
  readonly arrays: Statement;
  readonly sets: Statement;
}

function statementsByHand(known: Known, place: readonly string[], name: string): Omit<Statements, "policies"> {
  const one = (statements: Readonly<Record<string, Statement>>): Statement => {
    const statement = statements[name];
    if (statement === undefined) throw new RangeError(`Nobody wrote ${name} by hand.`);
    return statement;
  };
  const same = (comparison: Comparison): Statement => one(theSameByHand(known, place, comparison));
  return {
    given: one(byHand(known, place, "given")),
    joined: one(byHand(known, place, "joined")),
    arrays: same("arrays"),
    sets: same("sets"),
  };
}

/** The four ways to run the same by hand: two forms, each planned once or as Postgres likes. */
const forms = ["arrays, auto", "arrays, generic", "sets, auto", "sets, generic"] as const;
type Form = (typeof forms)[number];

function onForm<Value>(form: Form, { auto, generic }: { readonly auto: Value; readonly generic: Value }): Value {
  return form.endsWith("auto") ? auto : generic;
}

function statementOf(form: Form, { arrays, sets }: Statements): Statement {
  return form.startsWith("arrays") ? arrays : sets;
}

function contendersOf(
  links: Links,
  statements: Statements,
): Readonly<Record<"policies" | "given" | "joined" | Form, Contender>> {
  const undoing = (link: Link, statement: Statement): Contender => ({
    before: () => link.ask({ sql: "savepoint round", parameters: [] }),
    run: () => link.ask(statement),
    after: () => link.ask({ sql: "rollback to savepoint round", parameters: [] }),
  });
  const same = (form: Form): Contender => undoing(onForm(form, links), statementOf(form, statements));
  return {
    policies: undoing(links.user, statements.policies),
    given: undoing(links.auto, statements.given),
    joined: undoing(links.auto, statements.joined),
    "arrays, auto": same("arrays, auto"),
    "arrays, generic": same("arrays, generic"),
    "sets, auto": same("sets, auto"),
    "sets, generic": same("sets, generic"),
  };
}

function bestOf(times: Readonly<Record<Form, Times>>): Form {
  return forms.reduce((best, form) => (times[form].median < times[best].median ? form : best));
}

function wholeOf(
  { requests }: Links,
  user: string,
  statements: Statements,
  best: Form,
): Readonly<Record<"policies" | "same", Contender>> {
  const mode = /^\s*(insert|update)/.test(statements.policies.sql) ? "write" : "read";
  const request = (role: Role, planning: Planning, statement: Statement): Contender => {
    const sent = [...openingOf(user, { mode, role, planning }), statement];
    return { run: () => requests.send(sent), after: () => requests.ask({ sql: "rollback", parameters: [] }) };
  };
  const planning = onForm(best, { auto: "auto", generic: "force_generic_plan" } as const);
  return {
    policies: request("web_user", "force_generic_plan", statements.policies),
    same: request("postgres", planning, statementOf(best, statements)),
  };
}

// A page's items carry different keys, and a new row has a new id: compared is how many rows, or what they are.
async function requireEqual(links: Links, statements: Statements): Promise<void> {
  const answers = await Promise.all(
    (
      [
        ["user", "policies"],
        ["auto", "arrays"],
        ["auto", "sets"],
      ] as const
    ).map(async ([link, statement]) => {
      await links[link].ask({ sql: "savepoint round", parameters: [] });
      const rows = await links[link].ask(statements[statement]);
      await links[link].ask({ sql: "rollback to savepoint round", parameters: [] });
      return essenceOf(rows, statements.policies);
    }),
  );
  if (new Set(answers).size > 1) throw new RangeError(`The answers differ: ${answers.join(" | ").slice(0, 400)}`);
}

function essenceOf(rows: Rows, { sql }: Statement): string {
  if (/^\s*insert/.test(sql)) return `${rows.length} new`;
  const text = JSON.stringify(rows);
  const ids = [...text.matchAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g)].map(([id]) => id);
  return ids.length > 0 ? [...new Set(ids)].join(" ") : (/\d+/.exec(text)?.[0] ?? "nothing");
}
