import { ModelError } from "../errors.js";

/** Runs a program on the sessions of one thread, which it blocks. */
export interface Runner<Request, Answer> {
  /** Answers in the order of the requests. @throws ModelError PROMPT_TOO_LONG, RUNTIME */
  run(requests: readonly Request[]): Promise<readonly Answer[]>;
  /** Drops what was kept under these keys. */
  release(keys: readonly number[]): void;
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
