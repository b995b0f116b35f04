import { type ServiceError, status } from "@grpc/grpc-js";
import { retryAfterOf } from "../metadata.js";

/** What a failed try means. */
export type Verdict =
  /** The verifier cannot be reached, is shutting down, or is no verifier: another one is asked. */
  | { readonly kind: "unavailable" }
  /** It has not answered in time. */
  | { readonly kind: "late" }
  /** Its queue is full. */
  | { readonly kind: "busy"; readonly retryAfterMs: number }
  /** It holds another model, or does not run the program. */
  | { readonly kind: "wrong-model" }
  /** It says that the request is invalid. It is, if another verifier says so too. */
  | { readonly kind: "invalid" }
  /** Its answer cannot be read, or no model can have given it. */
  | { readonly kind: "wrong" }
  /** It failed at this request; another verifier may succeed. */
  | { readonly kind: "internal" };

export function verdictOf(error: ServiceError): Verdict {
  switch (error.code) {
    case status.UNAVAILABLE:
    // Not cancelled by this side: the verifier closed during the call.
    case status.CANCELLED:
    // Not a verifier, or one that refuses this client.
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return { kind: "unavailable" };
    case status.DEADLINE_EXCEEDED:
      return { kind: "late" };
    // An older version, without this method, or not a verifier.
    case status.UNIMPLEMENTED:
    case status.FAILED_PRECONDITION:
      return { kind: "wrong-model" };
    case status.INVALID_ARGUMENT:
      return { kind: "invalid" };
    case status.RESOURCE_EXHAUSTED: {
      // Without a retry hint, the message exceeds a size limit, so waiting does not help.
      const retryAfterMs = retryAfterOf(error.metadata);
      return retryAfterMs === undefined ? { kind: "internal" } : { kind: "busy", retryAfterMs };
    }
    default:
      return { kind: "internal" };
  }
}
