/** In charge of how a subscription rests between two looks: for how long, what wakes it, and that it never looks all the time. */

const leastPauseMillis = 100;
// Whatever no notification told, a key that the issuer has taken back for one, is noticed after so long.
const longestPauseMillis = 30_000;
const firstRetryMillis = 500;
const longestRetryMillis = 10_000;

/** The rest of one subscription. */
export class Rest {
  readonly #over: AbortSignal;
  #isWoken = false;
  #rouse: () => void = () => undefined;

  /** @param over ends every rest at once */
  constructor(over: AbortSignal) {
    this.#over = over;
    over.addEventListener("abort", () => this.#rouse(), { once: true });
  }

  /** There may be something new. Said while a look is under way, it makes the rest behind it short. */
  wake(): void {
    this.#isWoken = true;
    this.#rouse();
  }

  /** A look begins: it will see whatever it was woken for. */
  beginLook(): void {
    this.#isWoken = false;
  }

  /** Rests until it is woken, and for no longer than so many milliseconds. However often it is woken, a moment passes. */
  async untilWoken(millis: number | null): Promise<void> {
    const longest = longestPauseMillis * (0.8 + Math.random() * 0.2);
    const wanted = Math.min(millis ?? longest, longest);
    await this.#pause(Math.min(leastPauseMillis, wanted), { isWakeable: false });
    if (!this.#isWoken) await this.#pause(wanted - leastPauseMillis, { isWakeable: true });
  }

  /** Rests after the database could not be asked, longer each time, whatever happens meanwhile. */
  async afterFailure(failures: number): Promise<void> {
    const longest = Math.min(longestRetryMillis, firstRetryMillis * 2 ** failures);
    await this.#pause(longest * (0.5 + Math.random() / 2), { isWakeable: false });
  }

  #pause(millis: number, { isWakeable }: { readonly isWakeable: boolean }): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis).unref();
      this.#rouse = () => {
        if (!isWakeable && !this.#over.aborted) return;
        clearTimeout(timer);
        resolve();
      };
      if (this.#over.aborted) this.#rouse();
    });
  }
}
