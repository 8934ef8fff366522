/** In charge of ending results at any time: a generator that waits hears of `return` only when it has done waiting. */
import type { ExecutionResult } from "graphql";

/** Results, one for each event. To be ended by `return`, whatever it is doing. */
export type Results = AsyncIterableIterator<ExecutionResult>;

/** What is generated, the first of which is waited for already. `end` makes the generator stop waiting. */
export function endable(
  results: AsyncGenerator<ExecutionResult, undefined>,
  { first, end }: { readonly first: Promise<IteratorResult<ExecutionResult>>; readonly end: () => void },
): Results {
  let begun: Promise<IteratorResult<ExecutionResult>> | null = first;
  return {
    next: () => {
      const next = begun ?? results.next();
      begun = null;
      return next;
    },
    return: async () => {
      end();
      return await results.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
