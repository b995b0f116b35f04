import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { SchedulerError } from "../errors.js";

/**
 * Accepts requests with the token as `Authorization: Bearer …`. Compares digests, which all have the same length,
 * in constant time.
 */
export function authorize(token: string): MiddlewareHandler {
  const expected = digestOf(token);
  return async (context, next) => {
    const given = /^Bearer +(.+)$/i.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    if (!timingSafeEqual(digestOf(given), expected)) {
      context.header("www-authenticate", "Bearer");
      throw new SchedulerError(
        "UNAUTHORIZED",
        "The token is wrong. Pass the one that the scheduler was started with, by --token, " +
          "--token-file or NIGHTBEAM_TOKEN.",
      );
    }
    await next();
  };
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
