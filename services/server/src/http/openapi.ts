import {
  ERROR_STATUS,
  type ErrorCode,
  errorAnswerSchema,
  recommendAnswerSchema,
  recommendRequestSchema,
} from "@nightbeam/client";
import { z } from "zod";

const ERRORS: Readonly<Record<ErrorCode, string>> = {
  BAD_REQUEST: "The request is wrong: the message names the field and the remedy.",
  UNAUTHORIZED: "The bearer token is missing or wrong.",
  NOT_FOUND: "There is nothing at this path.",
  UNKNOWN_USER: "No history of the user is stored, and the request has none.",
  TOO_LARGE: "The body is too large.",
  REJECTED: "The user cannot be recommended for; `reason` says why.",
  BUSY: "Too many requests wait: retry after the time in `retryAfterMs` and the header Retry-After.",
  CANCELLED: "The client has closed the connection.",
  INTERNAL: "The server failed; its log says why.",
  STARTING: "The server is starting: retry later.",
  DRAINING: "The server is shutting down: ask another one.",
  NO_VERIFIER: "No verifier takes calls.",
  DEADLINE: "The deadline passed before the list was found.",
};

/** Schemas of what is sent (`input`) and of what comes back (`output`), without JSON Schema's own header. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

function json(name: string) {
  return { "application/json": { schema: { $ref: `#/components/schemas/${name}` } } };
}

/** Errors by status; several codes may share one. */
function errorResponses() {
  const byStatus = new Map<number, string[]>();
  for (const [code, status] of Object.entries(ERROR_STATUS)) {
    const meaning = Object.entries(ERRORS).find(([name]) => name === code)?.[1] ?? "";
    byStatus.set(status, [...(byStatus.get(status) ?? []), `${code}: ${meaning}`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => {
      const headers =
        status === ERROR_STATUS.BUSY
          ? { headers: { "Retry-After": { description: "Seconds.", schema: { type: "integer" } } } }
          : {};
      return [status, { description: lines.join(" "), ...headers, content: json("Error") }];
    }),
  );
}

/** The description of the HTTP API, in OpenAPI 3.1, from the schemas that requests are checked with. */
export function openApiDocument({
  version,
  isSecured,
}: {
  readonly version: string;
  readonly isSecured: boolean;
}) {
  const security = isSecured ? { security: [{ token: [] }] } : {};
  const probe = (description: string) => ({ responses: { 200: { description } }, security: [] });
  return {
    openapi: "3.1.0",
    info: { title: "Nightbeam", version, description: "Top-K recommendations on request." },
    ...security,
    paths: {
      "/v1/recommendations": {
        post: {
          operationId: "recommend",
          summary: "The best items of a user",
          requestBody: { required: true, content: json("RecommendRequest") },
          responses: {
            200: { description: "The list, best first.", content: json("RecommendAnswer") },
            ...errorResponses(),
          },
        },
      },
      "/healthz": { get: { operationId: "health", ...probe("The process answers.") } },
      "/readyz": {
        get: {
          operationId: "readiness",
          responses: {
            200: { description: "The server takes requests." },
            503: { description: "It does not; `reasons` says why." },
          },
          security: [],
        },
      },
    },
    components: {
      schemas: {
        RecommendRequest: schemaOf(recommendRequestSchema, "input"),
        RecommendAnswer: schemaOf(recommendAnswerSchema, "output"),
        Error: schemaOf(errorAnswerSchema, "output"),
      },
      ...(isSecured ? { securitySchemes: { token: { type: "http", scheme: "bearer" } } } : {}),
    },
  };
}
