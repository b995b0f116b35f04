import { ERROR_STATUS, type ErrorAnswer } from "@nightbeam/client";
import type { ServerError } from "../errors.js";

/** The response to an error. */
export function errorResponse({ code, message, reason, retryAfterMs }: ServerError): Response {
  const body: ErrorAnswer = {
    ...{ code, message },
    ...(reason === undefined ? {} : { reason }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
  return Response.json(body, {
    status: ERROR_STATUS[code],
    // In whole seconds, by the standard; `retryAfterMs` says it exactly.
    headers:
      retryAfterMs === undefined ? {} : { "retry-after": String(Math.ceil(retryAfterMs / 1e3)) },
  });
}
