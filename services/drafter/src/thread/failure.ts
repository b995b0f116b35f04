import { ProtocolError } from "@nightbeam/protocol";
import { RecommendError } from "@nightbeam/recommend";
import { RunError } from "@nightbeam/run";
import { codeOf, reasonOf } from "@nightbeam/service/log";
import { SettingsError } from "@nightbeam/settings";
import { StoreError } from "@nightbeam/store";
import { DrafterError } from "../errors.js";
import type { Failure } from "./messages.js";

/** Converts an error for the main thread. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const code = codeOf(error) ?? "UNKNOWN";
  const message = error instanceof Error ? error.message : reasonOf(error);
  return { kind: signal.aborted ? "stopped" : kindOf(error), code, message };
}

/**
 * Whether the context of a run is still usable after an error. Errors of verifiers or of the store are no problem
 * of this node's drafts.
 */
export function isHarmless(error: unknown): boolean {
  if (error instanceof ProtocolError) return true;
  // These are about an earlier run that this node reads as a draft.
  if (error instanceof RunError)
    return error.code !== "RUN_INCOMPLETE" && error.code !== "RUN_DAMAGED";
  return (
    error instanceof StoreError && (error.code === "STORE_FAILED" || error.code === "STORE_DAMAGED")
  );
}

function kindOf(error: unknown): Failure["kind"] {
  // The shard is fine: its verifiers are not.
  if (error instanceof ProtocolError) {
    const { code } = error;
    if (code === "NO_VERIFIER" || code === "ANSWERS_DIFFER") return "no-verifier";
  }
  // Options and files of a run are the same at every attempt.
  if (error instanceof RecommendError || error instanceof SettingsError) return "fatal";
  if (error instanceof DrafterError) {
    return error.code === "VERSION_DIFFERS" || error.code === "JOB_DIFFERS" ? "fatal" : "failed";
  }
  return "failed";
}
