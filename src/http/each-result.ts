/** In charge of seeing every result of an operation: the one of a query or a mutation, each single one of a subscription. */
import type { ExecutionArgs, ExecutionResult } from "graphql";
import type { Plugin } from "graphql-yoga";

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

/** Calls `see` when the session of a result has ended. Nobody waits for what it does. */
export function eachResult(see: (args: ExecutionArgs, result: ExecutionResult) => void): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      const execute = executeFn as Execute;
      setExecuteFn(async (args: ExecutionArgs) => {
        const result = await execute(args);
        see(args, result);
        return result;
      });
    },
    onSubscribe({ args }) {
      return {
        onSubscribeResult({ result }) {
          if (!(Symbol.asyncIterator in result)) {
            see(args, result);
            return undefined;
          }
          return { onNext: (next) => see(args, next.result) };
        },
      };
    },
  };
}
