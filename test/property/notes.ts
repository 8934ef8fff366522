/** In charge of what a comparison found: how many decisions agreed, and where two sides disagree, in words. */

/** How many decisions were compared, and each disagreement as a sentence. */
export interface Verdict {
  readonly decisions: number;
  readonly disagreements: readonly string[];
}

/** A verdict in the making. */
export class Notes implements Verdict {
  readonly disagreements: string[] = [];
  decisions = 0;
  readonly #other: string;

  /** @param other what is held against the oracle */
  constructor(other: string) {
    this.#other = other;
  }

  same(question: string, expected: unknown, found: unknown, weight = 1): void {
    this.decisions += weight;
    const [told, seen] = [JSON.stringify(expected), JSON.stringify(found)];
    if (told !== seen) this.disagreements.push(`${question}: the oracle says ${told}, ${this.#other} ${seen}`);
  }

  sameSet(question: string, expected: readonly string[], found: readonly string[] = [], weight = 1): void {
    this.same(question, expected.toSorted(), found.toSorted(), weight);
  }
}
