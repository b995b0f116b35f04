import { JobsError } from "@nightbeam/jobs";
import { ProtocolError } from "@nightbeam/protocol";
import { RecommendError } from "@nightbeam/recommend";
import { codeOf, reasonOf } from "@nightbeam/telemetry";
import { DrafterError } from "../errors.js";
import type { Failure } from "./messages.js";

/** An error as the other thread gets to know it. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const code = codeOf(error) ?? "UNKNOWN";
  const message = error instanceof Error ? error.message : reasonOf(error);
  return { kind: signal.aborted ? "stopped" : kindOf(error), code, message };
}

/**
 * Whether what the shards of a run share can be used on after such an error. What came from verifiers
 * or from the store says nothing against this node's drafts.
 */
export function isHarmless(error: unknown): boolean {
  return error instanceof ProtocolError || error instanceof JobsError;
}

function kindOf(error: unknown): Failure["kind"] {
  if (error instanceof ProtocolError && error.code === "NO_VERIFIER") return "no verifier";
  // The run's options and files are the same at every try.
  if (error instanceof RecommendError) return "fatal";
  if (error instanceof DrafterError) {
    return error.code === "VERSION_DIFFERS" || error.code === "JOB_DIFFERS" ? "fatal" : "failed";
  }
  return "failed";
}
