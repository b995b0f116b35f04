import { ModelError } from "../errors.js";

/** How a thread's memory of prompts was used since it was started. */
export interface CacheUse {
  /** Requests whose prompt was kept, and those whose prompt had to be computed. */
  readonly hits: number;
  readonly misses: number;
  /** Prompts that were dropped to make room. */
  readonly evictions: number;
  /** Bytes that are kept now. */
  readonly bytes: number;
}

/** Of a thread that keeps no prompts. */
export const NO_CACHE: CacheUse = { hits: 0, misses: 0, evictions: 0, bytes: 0 };

/** Runs a program on the sessions of one thread, which it blocks. */
export interface Runner<Request, Answer> {
  /** Answers in the order of the requests. @throws ModelError PROMPT_TOO_LONG, RUNTIME */
  run(requests: readonly Request[]): Promise<readonly Answer[]>;
  /** Drops what was kept under these keys. */
  release(keys: readonly number[]): void;
  /** How the memory of prompts was used so far. */
  readonly cacheUse: CacheUse;
  /** Frees native memory. */
  close(): Promise<void>;
  /** Memory of an answer that can move to another thread instead of being copied. */
  buffersOf(answer: Answer): readonly ArrayBufferLike[];
}

/** @throws ModelError PROMPT_TOO_LONG */
export function checkPromptLength(
  length: number,
  { maxPromptTokens }: { maxPromptTokens: number },
): void {
  if (length > 0 && length <= maxPromptTokens) return;
  throw new ModelError(
    "PROMPT_TOO_LONG",
    `a prompt has ${length} tokens, but must have 1 to ${maxPromptTokens}`,
  );
}
