import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import { SchedulerError } from "../errors.js";

/**
 * Lets in who brings the token as `Authorization: Bearer …`. Digests are compared, which have one
 * length whatever was sent, and in a time that tells nothing about them.
 */
export function authorize(token: string): MiddlewareHandler {
  const expected = digestOf(token);
  return async (context, next) => {
    const given = /^Bearer +(.+)$/i.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    if (!timingSafeEqual(digestOf(given), expected)) {
      context.header("www-authenticate", "Bearer");
      throw new SchedulerError(
        "UNAUTHORIZED",
        "The token is not this scheduler's. Give the one that it was started with by --token, " +
          "--token-file or NIGHTBEAM_TOKEN.",
      );
    }
    await next();
  };
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
