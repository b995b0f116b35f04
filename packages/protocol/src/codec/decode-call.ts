import type { Trie } from "@nightbeam/catalogue";
import type { ScoreRequest } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { VerifyRequest } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../limits.js";
import { checkColumns } from "./check-columns.js";
import { decodeTree } from "./decode-tree.js";

/** The content of a request, checked. */
export interface CallContent {
  /** The client, as 16 hexadecimal digits. Each client has its own key space. */
  readonly client: string;
  readonly requests: readonly ScoreRequest[];
  /** Keys that the client will not use again for the same prompt; forget them before scoring. */
  readonly released: readonly number[];
}

/**
 * Decodes a call and checks everything: the result has trees that `checkTree` accepts, prompts of known tokens,
 * and nothing above the limits.
 *
 * @throws ProtocolError INVALID_CALL, which names the user and the entry, counted from 0
 */
export function decodeCall(trie: Trie, message: VerifyRequest, limits: CallLimits): CallContent {
  checkColumns(message, limits);
  const requests: ScoreRequest[] = [];
  let token = 0;
  let entry = 0;
  for (let user = 0; user < message.keys.length; user++) {
    const tokens = message.promptLengths[user] ?? 0;
    const entries = message.treeSizes[user] ?? 0;
    requests.push({
      key: message.keys[user] ?? 0,
      prompt: decodePrompt(message, { user, first: token, tokens, vocabulary: limits.vocabulary }),
      tree: decodeTree(trie, message, { user, first: entry, entries }),
    });
    token += tokens;
    entry += entries;
  }
  return {
    client: message.client.toString(16).padStart(16, "0"),
    requests,
    released: message.released,
  };
}

function decodePrompt(
  { promptTokens }: VerifyRequest,
  at: { user: number; first: number; tokens: number; vocabulary: number },
): Int32Array {
  const prompt = new Int32Array(at.tokens);
  for (let i = 0; i < at.tokens; i++) {
    const token = promptTokens[at.first + i] ?? 0;
    if (token >= at.vocabulary) {
      throw new ProtocolError(
        "INVALID_CALL",
        `user ${at.user}: token ${i} of the prompt is ${token}, but the model's ids end at ${at.vocabulary - 1}`,
      );
    }
    prompt[i] = token;
  }
  return prompt;
}
