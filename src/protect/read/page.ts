/** In charge of the arguments of a list: which part of it, in which order. */
import { GatewayError } from "../../errors.js";
import type { Resource } from "../resource.js";
import { decodeCursor } from "./cursor.js";
import type { FilterInput } from "./filter.js";
import type { Place } from "./keyset.js";
import { type OrderInput, type OrderTerm, orderTerms } from "./order.js";

/** The arguments of every list field. */
export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
  readonly filter?: FilterInput | null | undefined;
  readonly orderBy?: readonly OrderInput[] | null | undefined;
}

/** A page, checked. */
export interface Page {
  readonly resource: Resource;
  readonly terms: readonly OrderTerm[];
  readonly size: number;
  /** True when it is counted from the end. */
  readonly isBackward: boolean;
  readonly after: Place | null;
  readonly before: Place | null;
  readonly filter: FilterInput | null;
}

/** How many rows a page has when nothing is said. */
export const defaultPageSize = 20;
/** How many rows a page has at most. */
export const maxPageSize = 100;

/** Checks the arguments. BAD_USER_INPUT for a size out of bounds, `first` with `last`, and a bad cursor. */
export function pageOf(resource: Resource, args: PageArguments): Page {
  const { first, last, after, before, filter, orderBy } = args;
  if (isGiven(first) && isGiven(last)) throw badPage("A page takes first or last, not both.");
  const terms = orderTerms(resource, orderBy);
  const placeOf = (cursor: string | null | undefined): Place | null =>
    isGiven(cursor) ? { resource, terms, position: decodeCursor(resource, terms, cursor) } : null;
  return {
    resource,
    terms,
    size: sizeOf(first ?? last ?? defaultPageSize),
    isBackward: isGiven(last),
    after: placeOf(after),
    before: placeOf(before),
    filter: filter ?? null,
  };
}

function sizeOf(size: number): number {
  if (size < 0 || size > maxPageSize) throw badPage(`A page has 0 to ${maxPageSize} rows.`);
  return size;
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

function badPage(message: string): GatewayError {
  return new GatewayError("BAD_USER_INPUT", message);
}
