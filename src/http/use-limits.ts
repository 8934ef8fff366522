/** In charge of which HTTP requests are read at all: POST, application/json, and no larger than need be. */
import type { Plugin } from "graphql-yoga";
import { GatewayError } from "../errors.js";
import { readBody } from "./read-body.js";

/**
 * Refuses every other form of a request. A page of another site can send forms and plain text without asking the
 * browser's leave, JSON it can't: that, and the absence of cookies, is the protection against request forgery.
 */
export function useLimits(): Plugin {
  return {
    onRequestParse({ request, setRequestParser }) {
      if (request.method !== "POST") throw new GatewayError("METHOD_NOT_ALLOWED", "GraphQL is asked by POST.");
      if (!isJson(request.headers.get("content-type"))) {
        throw new GatewayError("UNSUPPORTED_MEDIA_TYPE", "The body must be sent as application/json.");
      }
      setRequestParser(readBody);
    },
  };
}

function isJson(contentType: string | null): boolean {
  const [mediaType, ...parameters] = (contentType ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  return (
    mediaType === "application/json" &&
    parameters.every((parameter) => !parameter.startsWith("charset=") || /^charset="?utf-8"?$/.test(parameter))
  );
}
