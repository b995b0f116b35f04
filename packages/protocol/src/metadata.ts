import { Metadata } from "@grpc/grpc-js";
import { z } from "zod";

/** Trailing metadata of RESOURCE_EXHAUSTED: milliseconds after which to retry. */
const RETRY_AFTER = "retry-after-ms";
/** The same, for gRPC libraries that retry by themselves. */
const PUSHBACK = "grpc-retry-pushback-ms";

/** W3C's header of the same name: the span of the client that calls. */
export const TRACEPARENT = "traceparent";

const hint = z.coerce.number().int().min(0).max(3_600_000);

/** Metadata with a retry hint. */
export function retryAfter(milliseconds: number): Metadata {
  const text = String(Math.max(0, Math.ceil(milliseconds)));
  const metadata = new Metadata();
  metadata.set(RETRY_AFTER, text);
  metadata.set(PUSHBACK, text);
  return metadata;
}

/** The span of the client. Undefined if it traces nothing. */
export function traceparentOf(metadata: Metadata): string | undefined {
  const [text] = metadata.get(TRACEPARENT);
  return text === undefined ? undefined : String(text);
}

/** The hint in milliseconds. Undefined if there is no valid one. */
export function retryAfterOf(metadata: Metadata): number | undefined {
  const [text] = metadata.get(RETRY_AFTER);
  return text === undefined ? undefined : hint.safeParse(String(text)).data;
}
