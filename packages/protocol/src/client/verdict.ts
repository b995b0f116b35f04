import { type ServiceError, status } from "@grpc/grpc-js";
import { retryAfterOf } from "../metadata.js";

/** What a failed try means. */
export type Verdict =
  /** The verifier cannot be reached, is going down, or is something else: another one is asked. */
  | { readonly kind: "unavailable" }
  /** It has not answered in time. */
  | { readonly kind: "late" }
  /** It has too much to do. */
  | { readonly kind: "busy"; readonly retryAfterMs: number }
  /** It holds another model. */
  | { readonly kind: "wrong-model" }
  /** The request is no good, wherever it is sent. */
  | { readonly kind: "invalid" }
  /** It failed at this request; a second one may not. */
  | { readonly kind: "internal" };

export function verdictOf(error: ServiceError): Verdict {
  switch (error.code) {
    case status.UNAVAILABLE:
    // Not by this side: the verifier was closed over the call.
    case status.CANCELLED:
    // Whatever listens there is no verifier, or not for this client.
    case status.UNIMPLEMENTED:
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return { kind: "unavailable" };
    case status.DEADLINE_EXCEEDED:
      return { kind: "late" };
    case status.FAILED_PRECONDITION:
      return { kind: "wrong-model" };
    case status.INVALID_ARGUMENT:
      return { kind: "invalid" };
    case status.RESOURCE_EXHAUSTED: {
      // Without a hint it is a message that one side finds too large, which waiting does not cure.
      const retryAfterMs = retryAfterOf(error.metadata);
      return retryAfterMs === undefined ? { kind: "internal" } : { kind: "busy", retryAfterMs };
    }
    default:
      return { kind: "internal" };
  }
}
