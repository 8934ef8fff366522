/** In charge of the two questions an orchestrator asks: is the process alive, and may it be sent requests. */
import type { Plugin } from "graphql-yoga";

/** Whether the gateway may be sent requests at this moment. */
export type IsReady = () => Promise<boolean>;

/** Answers `/health/live` with 200, and `/health/ready` with 200 or 503. However many ask at once, it is found out once. */
export function useHealth(isReady: IsReady): Plugin {
  let underWay: Promise<boolean> | null = null;
  const findOut = (): Promise<boolean> => {
    underWay ??= isReady()
      .catch(() => false)
      .finally(() => {
        underWay = null;
      });
    return underWay;
  };
  return {
    async onRequest({ request, url, fetchAPI, endResponse }) {
      if (request.method !== "GET" && request.method !== "HEAD") return;
      const answer = (isWell: boolean) =>
        endResponse(
          fetchAPI.Response.json(
            { status: isWell ? "ok" : "unavailable" },
            { status: isWell ? 200 : 503, headers: { "cache-control": "no-store" } },
          ),
        );
      if (url.pathname === "/health/live") answer(true);
      if (url.pathname === "/health/ready") answer(await findOut());
    },
  };
}
