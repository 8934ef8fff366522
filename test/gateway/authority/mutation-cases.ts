/** In charge of the shape of the cases: for each mutation who may, who may not, and which input is refused, as data. */
import { expect } from "vitest";

/** What a mutation is called with. A string like `#outer` stands for the global id that the arrangement knows by that name. */
export type Input = Readonly<Record<string, unknown>>;

/** A call that is carried out, and what it answers. */
export interface Allowed {
  /** Somebody with a partial grant, by the name before the @ of acme, or by the whole address. */
  readonly as: string;
  readonly tenant?: string;
  readonly why: string;
  readonly input: Input;
  readonly answers: Readonly<Record<string, unknown>>;
  /** The number of the event that it writes; none for the rows of protected tables. */
  readonly event?: number;
}

/** A call that is refused, and how. */
export interface Refused {
  readonly as: string;
  readonly tenant?: string;
  readonly why: string;
  readonly input: Input;
  readonly code: "FORBIDDEN" | "NOT_FOUND" | "BAD_USER_INPUT" | "CONFLICT";
  readonly reason?: number;
  /** The feature that is missing, as the error tells it. */
  readonly requires?: string;
}

/** All cases of one mutation. */
export interface MutationCases {
  /** What is selected of the payload, in the form of `answers`. */
  readonly selects: string;
  readonly allows: readonly Allowed[];
  readonly refuses: readonly Refused[];
}

/** Cases by the name of the mutation. */
export type Cases = Readonly<Record<string, MutationCases>>;

/** The address of somebody named in a case. */
export function emailOf(name: string): string {
  return name.includes("@") ? name : `${name}@acme.test`;
}

/** A refusal for want of a feature. */
export function lacks(as: string, requires: string, input: Input, why: string): Refused {
  return { as, why, input, code: "FORBIDDEN", reason: 52109, requires };
}

/** A refusal of an input that nothing can be made of. */
export function bad(as: string, input: Input, why: string): Refused {
  return { as, why, input, code: "BAD_USER_INPUT" };
}

/** A refusal with the number that the permission model has for it. */
export function numbered(as: string, reason: number, code: Refused["code"], input: Input, why: string): Refused {
  return { as, why, input, code, reason };
}

/** Stands for a global id of the type. */
export function anId(type: string): unknown {
  return expect.stringMatching(new RegExp(`^${type}:[0-9a-f-]{36}$`));
}

/** The same, in a tenant that the request names. */
export function inTenant(tenant: string, refused: Refused): Refused {
  return { ...refused, tenant };
}
