import type { ScoreAnswer, ScoreRequest, Scoring } from "@nightbeam/decoding";
import type { ModelErrorCode } from "../errors.js";

/** What a worker thread is started with. */
export interface WorkerSetup {
  /** A checkpoint that onnxruntime can read as it is. */
  readonly directory: string;
  /** The catalogue as a prepared file on shared memory. */
  readonly catalogue: Uint8Array;
  readonly codeTokens: readonly Int32Array[];
  readonly scoring: Scoring;
  readonly threads: number;
  readonly cacheBytes: number;
  readonly maxPositions: number;
  readonly executionProvider: string;
}

/** Main thread to worker. */
export type ToWorker =
  | { readonly kind: "score"; readonly id: number; readonly requests: readonly ScoreRequest[] }
  | { readonly kind: "release"; readonly keys: readonly number[] }
  | { readonly kind: "close" };

/** Worker to main thread. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "answers"; readonly id: number; readonly answers: readonly ScoreAnswer[] }
  | { readonly kind: "failed"; readonly id: number | undefined; readonly failure: Failure }
  | { readonly kind: "closed" };

/** An error as it crosses threads: classes do not survive the way, codes do. */
export interface Failure {
  readonly code: ModelErrorCode;
  readonly message: string;
}
