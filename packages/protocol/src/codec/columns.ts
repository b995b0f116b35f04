import { ProtocolError } from "../errors.js";

/** Where the tokens of one user's prompt are in their column. */
interface PromptPlace {
  readonly user: number;
  readonly first: number;
  readonly tokens: number;
  /** Token ids are below this. */
  readonly vocabulary: number;
}

/** The prompt of one user. @throws ProtocolError INVALID_CALL */
export function decodePrompt(promptTokens: readonly number[], at: PromptPlace): Int32Array {
  const prompt = new Int32Array(at.tokens);
  for (let i = 0; i < at.tokens; i++) {
    const token = promptTokens[at.first + i] ?? 0;
    if (token >= at.vocabulary) {
      invalid(
        `user ${at.user}: token ${i} of the prompt is ${token}, but the model's ids end at ${at.vocabulary - 1}`,
      );
    }
    prompt[i] = token;
  }
  return prompt;
}

/** Checks the length of one user's prompt. @throws ProtocolError INVALID_CALL */
export function checkPromptLength(
  tokens: number,
  { user, maxTokens }: { user: number; maxTokens: number },
): void {
  if (tokens === 0) invalid(`user ${user}: the prompt is empty`);
  if (tokens <= maxTokens) return;
  invalid(`user ${user}: the prompt has ${tokens} tokens, but the limit is ${maxTokens}`);
}

/** @throws ProtocolError INVALID_CALL unless a column has the length that the others demand */
export function sameLength(
  column: string,
  { found, expected }: { found: number; expected: number },
): void {
  if (found !== expected) {
    invalid(`column ${column} has length ${found}, but must have ${expected}`);
  }
}

/** @throws ProtocolError INVALID_CALL */
export function invalid(what: string): never {
  throw new ProtocolError("INVALID_CALL", what);
}
