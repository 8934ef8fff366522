/** In charge of the one answer to every credential that is not accepted: a fixed text, and a word that says why. */
import { GatewayError } from "../errors.js";

/** Why a credential was not accepted. A closed list: clients may switch over it. */
export type CredentialFault =
  | "TWO_CREDENTIALS"
  | "UNKNOWN_SCHEME"
  | "TOKEN_TOO_LARGE"
  | "TOKEN_MALFORMED"
  | "TOKEN_EXPIRED"
  | "TOKEN_NOT_YET_VALID"
  | "LIFETIME_TOO_LONG"
  | "UNKNOWN_ISSUER"
  | "UNKNOWN_KEY"
  | "BAD_API_KEY"
  | "BAD_HEADER"
  | "BAD_TYPE"
  | "BAD_ALGORITHM"
  | "BAD_SIGNATURE"
  | "BAD_AUDIENCE"
  | "BAD_SUBJECT"
  | "BAD_CLAIMS";

/** UNAUTHENTICATED, 401. A request with a credential that fails is never taken for an anonymous one. */
export class CredentialError extends GatewayError {
  constructor(fault: CredentialFault, cause?: unknown) {
    super("UNAUTHENTICATED", "The credential is not accepted.", { reason: fault, cause });
  }
}
