import { loginSchema, type Session } from "@nightbeam/api";
import { nightbeamVersion } from "@nightbeam/run";
import { DEFAULT_NAMESPACE } from "@nightbeam/service";
import { Hono } from "hono";
import { OTHER_ORIGIN, WRONG_TOKEN } from "../access/authorize.js";
import {
  type Access,
  identify,
  isSameOrigin,
  removeSession,
  sessionIn,
  writeSession,
} from "../access/identity.js";
import { SchedulerError } from "../errors.js";
import { readBody } from "./body.js";

/** Login and logout of the page, and who one is. They need no token. */
export function sessionRoutes(access: Access, namespace: string): Hono {
  const app = new Hono();
  app.get("/", async (context) => {
    const identity = await identify(context, access);
    if (identity === undefined) return context.json({ role: null } satisfies Session);
    return context.json({
      role: identity.role,
      version: await nightbeamVersion(),
      ...(namespace === DEFAULT_NAMESPACE ? {} : { namespace }),
    } satisfies Session);
  });
  app.post("/", async (context) => {
    if (!isSameOrigin(context)) throw new SchedulerError("FORBIDDEN", OTHER_ORIGIN);
    const { token } = await readBody(context, loginSchema);
    const id = await access.sessions.start(token);
    if (id === undefined) throw new SchedulerError("UNAUTHORIZED", WRONG_TOKEN);
    writeSession(context, id);
    return context.body(null, 204);
  });
  app.delete("/", (context) => {
    if (!isSameOrigin(context)) throw new SchedulerError("FORBIDDEN", OTHER_ORIGIN);
    access.sessions.end(sessionIn(context));
    removeSession(context);
    return context.body(null, 204);
  });
  return app;
}
