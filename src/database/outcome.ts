/** In charge of reading how a write ended: which error is the first, and whether a COMMIT is to be believed. */
import { GatewayError } from "../errors.js";
import type { PipelineResult } from "./pipeline.js";
import { databaseUnavailable, type Stage, translateDatabaseError } from "./sqlstate.js";

/** The error that ended a write, translated; null when every statement of it has its answer. */
export function findError({ outcomes, isLost }: PipelineResult, stage: Stage): GatewayError | null {
  const failed = outcomes.find((outcome) => !outcome.isOk);
  if (failed === undefined || failed.isOk) return null;
  return isLost ? databaseUnavailable(failed.error) : translateDatabaseError(failed.error, stage);
}

/** Throws unless a COMMIT was answered by COMMIT; when its answer was lost nobody knows, and the error says so. */
export function checkCommit(result: PipelineResult): void {
  const outcome = result.outcomes[0];
  if (result.isLost && outcome?.isOk !== true) throw databaseUnavailable(outcome?.error, { outcome: "unknown" });
  const error = findError(result, "data");
  if (error !== null) throw error;
  if (outcome?.isOk !== true || outcome.answer.tag !== "COMMIT") {
    throw new GatewayError("INTERNAL_SERVER_ERROR", "Nothing was saved.");
  }
}
