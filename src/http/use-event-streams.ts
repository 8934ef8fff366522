/** In charge of what a stream of events needs of HTTP: nothing in between keeps it back, and who takes nothing is cut off. */
import type { Plugin } from "graphql-yoga";

interface IncomingLike {
  readonly req?: { readonly socket?: { setTimeout(millis: number): unknown } };
}

/** How long a client may take nothing at all; a sign of life goes out every twelve seconds. */
const stallMillis = 60_000;

/** Tells proxies not to buffer, and Node to end the connection of a client that has stopped reading. */
export function useEventStreams(): Plugin {
  return {
    onResponse({ response, serverContext }) {
      if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return;
      response.headers.set("x-accel-buffering", "no");
      const { req } = (serverContext ?? {}) as IncomingLike;
      // The adapter lifts every limit when it begins to send, which is behind this.
      setImmediate(() => req?.socket?.setTimeout(stallMillis));
    },
  };
}
