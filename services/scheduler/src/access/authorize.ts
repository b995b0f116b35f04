import type { Log } from "@nightbeam/service/log";
import type { MiddlewareHandler } from "hono";
import { SchedulerError } from "../errors.js";
import { type Access, bearerOf, identify, isSameOrigin } from "./identity.js";
import { includes, neededRole, ROLES, type Role } from "./roles.js";

/** Wrong tokens are logged at this interval, with their number. */
const REPORT_MS = 60_000;

/**
 * Accepts requests whose role may do what they ask for: with a token as `Authorization: Bearer …`, or with the cookie of
 * a login. By a cookie, only the scheduler's own page may change something.
 */
export function authorize(access: Access, log: Pick<Log, "warn">): MiddlewareHandler {
  const report = reporter(log);
  return async (context, next) => {
    const identity = await identify(context, access);
    if (identity === undefined) {
      if ((bearerOf(context) ?? "") !== "") report();
      context.header("www-authenticate", "Bearer");
      throw new SchedulerError("UNAUTHORIZED", WRONG_TOKEN);
    }
    const { role, isCookie } = identity;
    const { method, path } = context.req;
    const needed = neededRole(method, path);
    if (isCookie && needed !== "read" && !isSameOrigin(context)) {
      throw new SchedulerError("FORBIDDEN", OTHER_ORIGIN);
    }
    if (!includes(role, needed)) throw new SchedulerError("FORBIDDEN", forbidden(role, needed));
    await next();
  };
}

/** For requests with a token that is not accepted, or with none. */
export const WRONG_TOKEN =
  "The token is wrong. Pass one that the scheduler accepts, by --token, --token-file or NIGHTBEAM_TOKEN.";

/** For requests with the cookie of a login that another site sent. */
export const OTHER_ORIGIN =
  "The request comes from another site than the scheduler's page. Send a token instead of the cookie.";

function forbidden(role: Role, needed: Role): string {
  const enough = ROLES.slice(ROLES.indexOf(needed)).join(" or ");
  return `This token has the role ${role}, and the request needs ${enough}. Pass a token with that role.`;
}

/** Logs that tokens were wrong, at most once per interval. */
function reporter(log: Pick<Log, "warn">): () => void {
  let count = 0;
  let reportedAt = Number.NEGATIVE_INFINITY;
  return () => {
    count++;
    if (performance.now() - reportedAt < REPORT_MS) return;
    reportedAt = performance.now();
    log.warn({ requests: count }, "requests had a wrong token");
    count = 0;
  };
}
