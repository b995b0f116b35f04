import { DatasetError } from "@nightbeam/dataset";
import { ModelError } from "@nightbeam/model";
import { ProtocolError } from "@nightbeam/protocol";
import { RunError } from "@nightbeam/run";
import { codeOf, reasonOf } from "@nightbeam/service/log";
import { StoreError } from "@nightbeam/store";
import { DrafterError } from "../errors.js";
import type { Blame } from "../standing/blame.js";
import type { Failure } from "./messages.js";

/** Converts an error for the main thread. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  const code = codeOf(error) ?? "UNKNOWN";
  const message = error instanceof Error ? error.message : reasonOf(error);
  return { blame: signal.aborted ? "stopped" : blameOf(error), code, message };
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

/**
 * What is at fault. In doubt it is the shard: two nodes have to agree on that, and a node that fails at shard after
 * shard takes no more of them, whatever it blames.
 */
export function blameOf(error: unknown): Blame {
  if (error instanceof ProtocolError) return blameOfCall(error);
  if (error instanceof StoreError) return blameOfStore(error);
  if (error instanceof DatasetError) {
    return error.code === "BAD_RECOMMENDATION" ? "shard" : "node";
  }
  if (error instanceof ModelError) return error.code === "PROMPT_TOO_LONG" ? "shard" : "node";
  if (error instanceof RunError) return NODE_SEES.has(error.code) ? "node" : "shard";
  if (error instanceof DrafterError) return error.code === "VERSION_DIFFERS" ? "node" : "shard";
  // Of the operating system: a file, a directory, the memory or a limit of this node.
  return /^E[A-Z0-9]+$/.test(codeOf(error) ?? "") || isMemory(error) ? "node" : "shard";
}

function blameOfCall({ code }: ProtocolError): Blame {
  if (
    code === "NO_VERIFIER" ||
    code === "BUSY" ||
    code === "DRAINING" ||
    code === "WRONG_MODEL" ||
    code === "ANSWERS_DIFFER"
  ) {
    return "verifiers";
  }
  return code === "CLOSED" || code === "BAD_OPTION" ? "node" : "shard";
}

function blameOfStore({ code }: StoreError): Blame {
  switch (code) {
    case "STORE_FAILED":
      return "store";
    case "STORE_DAMAGED":
    case "BAD_NAME":
      return "shard";
    case "FILE_NOT_FOUND":
    case "UNREADABLE":
    case "WRITE_FAILED":
    case "BAD_LOCATION":
      return "node";
    default:
      return code satisfies never;
  }
}

/** A run that others can read is not there, or a draft that is an earlier run. */
const NODE_SEES: ReadonlySet<RunError["code"]> = new Set([
  "NOT_A_RUN",
  "RUN_INCOMPLETE",
  "RUN_DAMAGED",
  "RUN_DIFFERS",
]);

function isMemory(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  if (code === "ERR_WORKER_OUT_OF_MEMORY" || code === "ERR_MEMORY_ALLOCATION_FAILED") return true;
  return (
    error instanceof RangeError && /allocation failed|Invalid (typed )?array/i.test(error.message)
  );
}
