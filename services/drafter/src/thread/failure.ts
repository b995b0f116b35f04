import { ProtocolError } from "@nightbeam/protocol";
import { RecommendError } from "@nightbeam/recommend";
import { RunError } from "@nightbeam/run";
import { codeOf, reasonOf } from "@nightbeam/service/log";
import { SettingsError } from "@nightbeam/settings";
import { StoreError } from "@nightbeam/store";
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
  if (error instanceof ProtocolError) return true;
  // A run of another night that this one drafts from is this node's to read.
  if (error instanceof RunError)
    return error.code !== "RUN_INCOMPLETE" && error.code !== "RUN_DAMAGED";
  return (
    error instanceof StoreError && (error.code === "STORE_FAILED" || error.code === "STORE_DAMAGED")
  );
}

function kindOf(error: unknown): Failure["kind"] {
  if (error instanceof ProtocolError && error.code === "NO_VERIFIER") return "no-verifier";
  // The run's options and files are the same at every try.
  if (error instanceof RecommendError || error instanceof SettingsError) return "fatal";
  if (error instanceof DrafterError) {
    return error.code === "VERSION_DIFFERS" || error.code === "JOB_DIFFERS" ? "fatal" : "failed";
  }
  return "failed";
}
