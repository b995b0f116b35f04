import type { ErrorCode } from "@nightbeam/client";
import { type GrpcServer, type RefusedRequest, serveRecommendations } from "@nightbeam/protocol";
import type { HostPort, TlsBytes } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { Tracing } from "@nightbeam/telemetry";
import { serverErrorOf } from "../errors.js";
import { parseRequest } from "../recommending/parse-request.js";
import type { Recommendations } from "../recommending/recommendations.js";
import type { TokenCheck } from "../token-check.js";

export interface GrpcOptions {
  readonly recommendations: Pick<Recommendations, "recommend">;
  readonly checkToken: TokenCheck;
  readonly address: HostPort;
  readonly tls: TlsBytes | undefined;
  readonly tracing: Tracing;
  readonly log: Log;
}

const STATUS: Readonly<Record<ErrorCode, RefusedRequest["status"]>> = {
  BAD_REQUEST: "INVALID_ARGUMENT",
  UNAUTHORIZED: "UNAUTHENTICATED",
  NOT_FOUND: "NOT_FOUND",
  UNKNOWN_USER: "NOT_FOUND",
  TOO_LARGE: "INVALID_ARGUMENT",
  REJECTED: "FAILED_PRECONDITION",
  BUSY: "RESOURCE_EXHAUSTED",
  CANCELLED: "CANCELLED",
  INTERNAL: "INTERNAL",
  STARTING: "UNAVAILABLE",
  DRAINING: "UNAVAILABLE",
  NO_VERIFIER: "UNAVAILABLE",
  DEADLINE: "DEADLINE_EXCEEDED",
};

/** Serves the same requests over gRPC. @throws ProtocolError BAD_OPTION if the address cannot be used */
export function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const { recommendations, checkToken, address, tls, tracing, log } = options;
  return serveRecommendations({
    ...address,
    // As over HTTP: a certificate of the client is not asked for, so the authority stays out.
    tls: tls && { ...(tls.cert && { cert: tls.cert }), ...(tls.key && { key: tls.key }) },
    recommend: (given, { signal, authorization, traceparent: parent }) => {
      checkToken(authorization);
      const request = parseRequest(given);
      return tracing.within("Recommend", { kind: "server", parent }, () =>
        recommendations.recommend(request, { protocol: "grpc", signal }),
      );
    },
    refusalOf: (error) => {
      const { code, message, retryAfterMs, cause } = serverErrorOf(error);
      if (code === "INTERNAL") log.error({ error: cause ?? error }, "a request failed");
      return { status: STATUS[code], message, retryAfterMs };
    },
  });
}
