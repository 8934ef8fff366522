/** In charge of the form of a line in the tables beside this file: what a call is answered with, by whom it is made. */

/** An SQLSTATE or "allowed", who calls (of acme unless he has a tenant of his own), and the call. */
export type FunctionCase = readonly [outcome: string, who: string, call: string];
