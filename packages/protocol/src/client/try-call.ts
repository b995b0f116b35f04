import type { ServiceError } from "@grpc/grpc-js";
import { reasonOf } from "@nightbeam/service/log";
import type { Reply, RoundTrip } from "./statistics.js";
import { TryFailed } from "./try-failed.js";
import { verdictOf } from "./verdict.js";
import type { Wire } from "./wire.js";

/** A method that asks the model, as the generated code describes it. */
export interface Method<Request, Response extends Reply> {
  readonly path: string;
  readonly requestSerialize: (request: Request) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Response;
}

export interface CallOptions {
  /** The verifier's id, for messages. */
  readonly verifier: string;
  /** Its connection, if there is one. */
  readonly wire: Wire | undefined;
  /** Epoch milliseconds. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/**
 * Calls a method once.
 *
 * @throws TryFailed; the signal's reason
 */
export async function tryCall<Request, Response extends Reply>(
  method: Method<Request, Response>,
  message: Request,
  { verifier, wire, deadline, signal }: CallOptions,
): Promise<RoundTrip<Response>> {
  if (wire === undefined)
    throw new TryFailed({ kind: "unavailable" }, `${verifier} is not connected`);
  const began = performance.now();
  try {
    const request = method.requestSerialize(message);
    const bytes = await wire.call(method.path, request, { deadline, signal });
    return {
      response: readResponse(method, { bytes, verifier }),
      requestBytes: request.length,
      responseBytes: bytes.length,
      milliseconds: performance.now() - began,
    };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw failureOf(error, verifier);
  }
}

/** @throws TryFailed if the bytes are not a response */
function readResponse<Response extends Reply>(
  { responseDeserialize }: Method<never, Response>,
  { bytes, verifier }: { bytes: Buffer; verifier: string },
): Response {
  try {
    return responseDeserialize(bytes);
  } catch (error) {
    const reason = `${verifier} gave an answer that cannot be read: ${reasonOf(error)}`;
    throw new TryFailed({ kind: "wrong" }, reason, error);
  }
}

function failureOf(error: unknown, verifier: string): TryFailed {
  if (error instanceof TryFailed) return error;
  if (!isServiceError(error)) return new TryFailed({ kind: "internal" }, reasonOf(error), error);
  return new TryFailed(verdictOf(error), `${verifier}: ${error.details || error.message}`, error);
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
