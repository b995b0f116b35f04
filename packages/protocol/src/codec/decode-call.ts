import type { Trie } from "@nightbeam/catalogue";
import type { ScoreRequest } from "@nightbeam/decoding";
import type { VerifyRequest } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../limits.js";
import { checkColumns } from "./check-columns.js";
import { decodePrompt } from "./columns.js";
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
  const { vocabulary } = limits;
  const requests: ScoreRequest[] = [];
  let token = 0;
  let entry = 0;
  for (let user = 0; user < message.keys.length; user++) {
    const tokens = message.promptLengths[user] ?? 0;
    const entries = message.treeSizes[user] ?? 0;
    requests.push({
      key: message.keys[user] ?? 0,
      prompt: decodePrompt(message.promptTokens, { user, first: token, tokens, vocabulary }),
      tree: decodeTree(trie, message, { user, first: entry, entries }),
      ...(message.outside > 0 && { outside: message.outside }),
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
