import type { Log } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authorize } from "../access/authorize.js";
import type { Access } from "../access/identity.js";
import { SchedulerError } from "../errors.js";
import { type Page, pageRoutes } from "../page/page-routes.js";
import type { Readiness } from "../readiness.js";
import { type ClusterServices, clusterRoutes } from "./cluster-routes.js";
import { errorAnswer } from "./error-answer.js";
import { healthRoutes } from "./health-routes.js";
import { eventRoutes, type InspectionServices, inspectionRoutes } from "./inspection-routes.js";
import { type NightServices, nightRoutes } from "./night-routes.js";
import { QUEUES_PATH } from "./queues-path.js";
import { type RunServices, runRoutes } from "./run-routes.js";
import { sessionRoutes } from "./session-routes.js";

export interface AppOptions {
  readonly tracing: Tracing;
  readonly access: Access;
  /** The name of the cluster. */
  readonly namespace: string;
  readonly page: Page;
  readonly log: Log;
  readonly services: RunServices &
    NightServices &
    ClusterServices &
    InspectionServices & { readonly readiness: Readiness };
  /** The page of the queues, if it is served. */
  readonly queuesPage?: Hono | undefined;
}

/** Characters of a path that an answer repeats. */
const MAX_SHOWN = 100;

/** A request names files and settings, so its body is short. */
const MAX_BODY_BYTES = 256 * 1024;

/** @throws SchedulerError TOO_LARGE */
function refuseLarge(): never {
  throw new SchedulerError(
    "TOO_LARGE",
    `The body of a request may have at most ${MAX_BODY_BYTES} bytes. Send paths of files, not their content.`,
  );
}

/** The page and the HTTP API. Everything but the page, login, `/healthz` and `/readyz` requires a token. */
export function httpApp({
  access,
  namespace,
  page,
  tracing,
  log,
  services,
  queuesPage,
}: AppOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    const { status, code, message } = errorAnswer(error);
    const { method, path } = context.req;
    if (status >= 500) log.error({ error, method, path }, "a request failed");
    else log.debug({ method, path, status, code }, "a request was refused");
    return context.json({ code, message }, status);
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    const shown = path.length > MAX_SHOWN ? `${path.slice(0, MAX_SHOWN)}…` : path;
    return context.json({ code: "NOT_FOUND", message: `There is no ${method} ${shown}.` }, 404);
  });
  app.route("/", healthRoutes(services));
  app.route("/", pageRoutes(page));
  app.use("/v1/session", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseLarge }));
  app.route("/v1/session", sessionRoutes(access, namespace));
  app.use("/v1/*", authorize(access, log));
  app.use("/v1/*", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseLarge }));
  app.post("/v1/runs", (context, next) =>
    tracing.within(
      "POST /v1/runs",
      { kind: "server", parent: context.req.header("traceparent") },
      next,
    ),
  );
  app.use("/v1/runs/*", async (context, next) => {
    await next();
    if (context.req.method !== "GET") services.feed.refresh();
  });
  app.route("/v1/runs", runRoutes(services));
  app.route("/v1/runs", inspectionRoutes(services));
  app.route("/v1", eventRoutes(services, { access, page: page.version }));
  app.route("/v1", nightRoutes(services));
  app.route("/v1", clusterRoutes(services));
  if (queuesPage !== undefined) {
    app.use(`${QUEUES_PATH}/*`, authorize(access, log));
    app.route(QUEUES_PATH, queuesPage);
  }
  return app;
}
