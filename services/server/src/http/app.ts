import { createHash, timingSafeEqual } from "node:crypto";
import { excerpts, jsonProblem } from "@nightbeam/catalogue";
import { type ParsedRecommendRequest, recommendRequestSchema } from "@nightbeam/client";
import type { Log } from "@nightbeam/service/log";
import { issueText } from "@nightbeam/settings";
import type { Tracing } from "@nightbeam/telemetry";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ServerError } from "../errors.js";
import type { Recommendations } from "../recommending/recommendations.js";
import { errorResponse, serverErrorOf } from "./error-answer.js";
import { openApiDocument } from "./openapi.js";

export interface AppOptions {
  readonly recommendations: Pick<Recommendations, "recommend">;
  /** Why no requests are taken now, a sentence each. Empty: they are. */
  readonly notReady: () => readonly string[];
  /** What clients must send as a bearer token. Default: nothing. */
  readonly token: string | undefined;
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
  token,
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
  const document = openApiDocument({ version, isSecured: token !== undefined });
  app.get("/openapi.json", (context) => context.json(document));
  if (token !== undefined) {
    const expected = digestOf(`Bearer ${token}`);
    app.use("/v1/*", async (context, next) => {
      const given = digestOf(context.req.header("authorization") ?? "");
      if (timingSafeEqual(given, expected)) return next();
      throw new ServerError(
        "UNAUTHORIZED",
        "Send the server's --token as `Authorization: Bearer TOKEN`.",
      );
    });
  }
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

/** Checks a request. @throws ServerError BAD_REQUEST, which names the field and the remedy */
export function parseRequest(value: unknown): ParsedRecommendRequest {
  const parsed = recommendRequestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const message =
    issue?.code === "unrecognized_keys"
      ? `unknown: ${excerpts(issue.keys)}. Keys are ${Object.keys(recommendRequestSchema.shape).join(", ")}`
      : (issue?.message ?? "it is invalid");
  const place = path.length === 0 ? `The body: ${message}` : issueText({ path, message });
  throw new ServerError("BAD_REQUEST", `${place}.`);
}

/** @throws ServerError TOO_LARGE */
function refuseLarge(): never {
  throw new ServerError(
    "TOO_LARGE",
    `The body of a request may have at most ${MAX_BODY_BYTES} bytes.`,
  );
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
