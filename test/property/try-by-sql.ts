/** In charge of trying by SQL: the functions of iam, in the gateway's own session, one in each. */
import type { Sessions } from "../../src/database/session.js";
import { callerOf, inSession } from "./ask-database.js";
import type { Outcome, Way } from "./histories.js";
import { asCall } from "./operations/as-call.js";
import type { Operation } from "./operations/operation.js";

/** The way by SQL. */
export function bySql(sessions: Sessions): Way {
  return {
    isWhole: false,
    attempt: async (stored, who, { operations: [operation] }) => {
      if (operation === undefined) throw new RangeError("Nothing is tried.");
      const answer = await inSession(sessions, callerOf(stored, who), async (session) => {
        const rows = await session.run<Row>(asCall(operation));
        await session.commit();
        return outcomeOf(rows, operation);
      }).catch((error: unknown) => refused(describe(error)));
      return typeof answer === "number" ? refused(String(answer)) : answer;
    },
  };
}

/** An item of a bulk form, or what any other function answers. */
type Row = Readonly<Record<string, unknown>>;

function outcomeOf(rows: readonly Row[], { name, args }: Operation): Outcome {
  const isBulk = rows.some((row) => "reference" in row);
  const codes = isBulk ? rows.map(({ code }) => code).filter((code) => code !== null) : [];
  const done = [isBulk ? rows.length - codes.length : 1];
  const [publicId, secretHash] = [String(args["public_id"]), String(args["secret_hash"])];
  const made =
    name === "create_api_key" ? [[String(rows[0]?.[name]), { publicId, secretHash, text: "" }] as const] : [];
  return { refusal: null, isByRule: codes.every((code) => isRule(String(code))), done, keys: new Map(made) };
}

function refused(reason: string): Outcome {
  return { refusal: reason, isByRule: isRule(reason), done: [0], keys: new Map() };
}

// Any number means that a rule refused.
function isRule(reason: string): boolean {
  return /^(52\d{3}|PT4\d\d|23\d{3}|42501|40P01|40001)/.test(reason) || /^\d+$/.test(reason);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause as { readonly code?: string; readonly message?: string } | undefined;
  return `${cause?.code ?? ""} ${cause?.message ?? error.message}`;
}
