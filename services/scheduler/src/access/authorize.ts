import type { Log } from "@nightbeam/service/log";
import type { MiddlewareHandler } from "hono";
import { SchedulerError } from "../errors.js";
import { includes, neededRole, ROLES, type Role } from "./roles.js";
import type { Tokens } from "./tokens.js";

/** Wrong tokens are logged at this interval, with their number. */
const REPORT_MS = 60_000;

/** Accepts requests with a token as `Authorization: Bearer …` whose role may do what they ask for. */
export function authorize(tokens: Tokens, log: Pick<Log, "warn">): MiddlewareHandler {
  const report = reporter(log);
  return async (context, next) => {
    const given = /^Bearer +(.+)$/i.exec(context.req.header("authorization") ?? "")?.[1] ?? "";
    const role = await tokens.roleOf(given);
    if (role === undefined) {
      if (given !== "") report();
      context.header("www-authenticate", "Bearer");
      throw new SchedulerError(
        "UNAUTHORIZED",
        "The token is wrong. Pass one that the scheduler accepts, by --token, --token-file or NIGHTBEAM_TOKEN.",
      );
    }
    const { method, path } = context.req;
    const needed = neededRole(method, path);
    if (!includes(role, needed)) throw new SchedulerError("FORBIDDEN", forbidden(role, needed));
    await next();
  };
}

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
