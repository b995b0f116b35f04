import type { VerifyRequest } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../limits.js";
import { checkPromptLength, invalid, sameLength } from "./columns.js";
import { MAX_OUTSIDE } from "./outside-codes.js";

/**
 * Checks that the columns of a request fit each other and the limits, before memory is allocated for their content.
 *
 * @throws ProtocolError INVALID_CALL
 */
export function checkColumns(message: VerifyRequest, limits: CallLimits): void {
  const users = message.keys.length;
  if (users > limits.users) {
    invalid(`there are ${users} users in the call, but the limit is ${limits.users}`);
  }
  sameLength("prompt_lengths", { found: message.promptLengths.length, expected: users });
  sameLength("tree_sizes", { found: message.treeSizes.length, expected: users });
  const { tokens, entries } = totals(message, limits);
  if (tokens + entries > limits.callTokens) {
    invalid(
      `the call has ${tokens + entries} prompt tokens and entries, but the limit is ${limits.callTokens}`,
    );
  }
  sameLength("prompt_tokens", { found: message.promptTokens.length, expected: tokens });
  sameLength("codes", { found: message.codes.length, expected: entries });
  sameLength("parents", { found: message.parents.length, expected: entries });
  if (message.outside > MAX_OUTSIDE) {
    invalid(`outside is ${message.outside}, but the limit is ${MAX_OUTSIDE}`);
  }
  const bytes = Math.ceil(entries / 8);
  sameLength("wanted", { found: message.wanted.length, expected: bytes });
  const spare = 8 * bytes - entries;
  if (spare > 0 && (message.wanted[bytes - 1] ?? 0) >>> (8 - spare) !== 0) {
    invalid(`wanted has a bit after the call's last entry, ${entries - 1}`);
  }
}

function totals(message: VerifyRequest, limits: CallLimits) {
  let tokens = 0;
  let entries = 0;
  for (let user = 0; user < message.keys.length; user++) {
    const prompt = message.promptLengths[user] ?? 0;
    const tree = message.treeSizes[user] ?? 0;
    checkPromptLength(prompt, { user, maxTokens: limits.promptTokens });
    if (tree > limits.entries) {
      invalid(`user ${user}: the tree has ${tree} entries, but the limit is ${limits.entries}`);
    }
    tokens += prompt;
    entries += tree;
  }
  return { tokens, entries };
}
