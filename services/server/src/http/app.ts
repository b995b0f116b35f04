import { jsonProblem } from "@nightbeam/catalogue";
import type { ParsedRecommendRequest } from "@nightbeam/client";
import type { Log } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ServerError, serverErrorOf } from "../errors.js";
import { parseRequest } from "../recommending/parse-request.js";
import type { Recommendations } from "../recommending/recommendations.js";
import type { TokenCheck } from "../token-check.js";
import { errorResponse } from "./error-answer.js";
import { openApiDocument } from "./openapi.js";

export interface AppOptions {
  readonly recommendations: Pick<Recommendations, "recommend">;
  /** Why no requests are taken now, a sentence each. Empty: they are. */
  readonly notReady: () => readonly string[];
  /** Checks the header `authorization`. @throws ServerError UNAUTHORIZED */
  readonly checkToken: TokenCheck;
  /** Whether a token is needed. */
  readonly isSecured: boolean;
  readonly version: string;
  readonly tracing: Tracing;
  readonly log: Log;
}

/** Room for the longest lists of items that a request may have. */
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** The HTTP API. */
export function httpApp({
  recommendations,
  notReady,
  checkToken,
  isSecured,
  version,
  tracing,
  log,
}: AppOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    // A client that has gone reads no answer.
    const { aborted } = context.req.raw.signal;
    const known = aborted
      ? new ServerError("CANCELLED", "The client has closed the connection.")
      : serverErrorOf(error);
    if (known.code === "INTERNAL") log.error({ error: known.cause ?? error }, "a request failed");
    return errorResponse(known);
  });
  app.notFound(() =>
    errorResponse(
      new ServerError(
        "NOT_FOUND",
        "There is nothing here: POST /v1/recommendations, or read /openapi.json.",
      ),
    ),
  );
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  app.get("/readyz", (context) => {
    const reasons = notReady();
    if (reasons.length === 0) return context.json({ status: "ready" });
    return context.json({ status: "not ready", reasons }, 503);
  });
  const document = openApiDocument({ version, isSecured });
  app.get("/openapi.json", (context) => context.json(document));
  app.use("/v1/*", async (context, next) => {
    checkToken(context.req.header("authorization") ?? "");
    await next();
  });
  app.use("/v1/*", bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseLarge }));
  app.post("/v1/recommendations", async (context) => {
    const request = await readRequest(context);
    const { signal } = context.req.raw;
    const parent = context.req.header("traceparent");
    const answer = await tracing.within(
      "POST /v1/recommendations",
      { kind: "server", parent },
      () => recommendations.recommend(request, { protocol: "http", signal }),
    );
    return Response.json(answer);
  });
  return app;
}

/** @throws ServerError BAD_REQUEST */
async function readRequest(context: Context): Promise<ParsedRecommendRequest> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ServerError("BAD_REQUEST", `The body is not JSON: ${jsonProblem(error)}.`);
  }
  return parseRequest(value);
}

/** @throws ServerError TOO_LARGE */
function refuseLarge(): never {
  throw new ServerError(
    "TOO_LARGE",
    `The body of a request may have at most ${MAX_BODY_BYTES} bytes.`,
  );
}
