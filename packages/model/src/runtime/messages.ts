import type { Scoring } from "@nightbeam/decoding";
import type { Device } from "../devices/device.js";
import type { ModelErrorCode } from "../errors.js";
import type { AnswerOf, ProgramName, RequestOf } from "../programs/program.js";
import type { PromptStart } from "../prompt/prompt-start.js";
import type { CacheUse } from "./runner.js";

/** What a worker thread is started with. */
export interface WorkerSetup<Name extends ProgramName = ProgramName> {
  readonly program: Name;
  /** A checkpoint that onnxruntime can read as it is. */
  readonly directory: string;
  /** The catalogue as a prepared file on shared memory. */
  readonly catalogue: Uint8Array;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
  readonly scoring: Scoring;
  /** Threads that share one operator. */
  readonly threads: number;
  /** Bytes of prompts that are kept between calls. */
  readonly cacheBytes: number;
  /** Positions that the graph has to know. */
  readonly maxPositions: number;
  /** Longest prompt, in tokens. */
  readonly maxPromptTokens: number;
  /** What all prompts start with, if that is worth knowing. */
  readonly start: PromptStart | undefined;
  /** Bytes that the searches of one run may take besides the weights. */
  readonly searchBytes: number;
  readonly device: Device;
}

/** Main thread to worker. */
export type ToWorker<Name extends ProgramName> =
  | { readonly kind: "run"; readonly id: number; readonly requests: readonly RequestOf<Name>[] }
  | { readonly kind: "release"; readonly keys: readonly number[] }
  | { readonly kind: "close" };

/** Worker to main thread. */
export type FromWorker<Name extends ProgramName> =
  | { readonly kind: "ready" }
  | {
      readonly kind: "answers";
      readonly id: number;
      readonly answers: readonly AnswerOf<Name>[];
      readonly cacheUse: CacheUse;
    }
  | { readonly kind: "failed"; readonly id: number | undefined; readonly failure: Failure }
  | { readonly kind: "closed" };

/** An error as it crosses threads: the class is lost on the way, the code is not. */
export interface Failure {
  readonly code: ModelErrorCode;
  readonly message: string;
}
