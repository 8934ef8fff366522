/** In charge of counting what is answered, and of showing the figures at /metrics. */
import { type ExecutionArgs, type ExecutionResult, getOperationAST } from "graphql";
import type { Plugin } from "graphql-yoga";
import { errorStatus } from "../errors.js";
import type { Metrics } from "../observe/metrics.js";

type Execute = (args: ExecutionArgs) => ExecutionResult | Promise<ExecutionResult>;

// Not parsed as an address: what a client calls the host may make it none.
const askedByMachines = /^[^/]*\/\/[^/]*\/(metrics|health\/\w+)(\?|$)/;

/** Counts. Without metrics nothing is counted, and /metrics is not there. */
export function useMetrics(metrics: Metrics | null): Plugin {
  if (metrics === null) return {};
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (url.pathname !== "/metrics" || (request.method !== "GET" && request.method !== "HEAD")) return;
      const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
      endResponse(new fetchAPI.Response(await metrics.text(), { headers }));
    },
    onExecute({ executeFn, setExecuteFn }) {
      const execute = executeFn as Execute;
      setExecuteFn(async (args: ExecutionArgs) => {
        const begun = performance.now();
        const result = await execute(args);
        const kind = getOperationAST(args.document, args.operationName)?.operation ?? "query";
        metrics.countOperation({
          kind,
          hasErrors: result.errors !== undefined,
          seconds: (performance.now() - begun) / 1000,
        });
        return result;
      });
    },
    onSubscribe() {
      return {
        onSubscribeResult: () => ({
          onNext: ({ result }) => {
            countErrors(metrics, result);
          },
        }),
      };
    },
    onResultProcess({ result }) {
      if (!Array.isArray(result) && !(Symbol.asyncIterator in result)) countErrors(metrics, result);
    },
    onResponse({ request, response }) {
      if (!askedByMachines.test(request.url)) metrics.countRequest(response.status);
    },
  };
}

function countErrors(metrics: Metrics, { errors = [] }: ExecutionResult): void {
  for (const { extensions } of errors) {
    const { code } = extensions;
    metrics.countError(typeof code === "string" && Object.hasOwn(errorStatus, code) ? code : "INTERNAL_SERVER_ERROR");
  }
}
