import { ROOT, type Trie } from "@nightbeam/catalogue";
import type { SearchProgram, SearchRequest } from "@nightbeam/decoding";
import { ProtocolError } from "../errors.js";
import type { SearchRequest as SearchMessage } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../limits.js";
import { programOf } from "../programs.js";
import { decodeClosed } from "./closed-paths.js";
import { checkPromptLength, decodePrompt, invalid, sameLength } from "./columns.js";
import { decodeTree } from "./decode-tree.js";

/** The content of a call for whole searches, checked. Keys are the users' places in the call. */
export interface SearchContent {
  readonly program: SearchProgram;
  readonly beamWidth: number;
  readonly requests: readonly SearchRequest[];
}

/**
 * Decodes a call for whole searches and checks everything: the result has prompts of known tokens, ascending
 * leaves and prefixes of the catalogue, and nothing above the limits.
 *
 * @throws ProtocolError INVALID_CALL, which names the user and the entry, counted from 0; WRONG_MODEL for a
 * program that this version does not know
 */
export function decodeSearch(
  trie: Trie,
  message: SearchMessage,
  limits: CallLimits,
): SearchContent {
  const program = searchProgramOf(message);
  checkSearchColumns(message, limits);
  if (program === "beam-search" && message.codes.length > 0) {
    invalid("beam-search takes no drafted prefixes: leave them out, or ask for verify-tree");
  }
  const { beamWidth, promptTokens, closedForAll, closedSizes } = message;
  const { vocabulary } = limits;
  const columns = { forAll: closedForAll, sizes: closedSizes, closed: message.closed };
  let token = 0;
  let entry = 0;
  const requests = decodeClosed(trie, columns).map((closed, user): SearchRequest => {
    const tokens = message.promptLengths[user] ?? 0;
    const entries = message.draftedSizes[user] ?? 0;
    const prompt = decodePrompt(promptTokens, { user, first: token, tokens, vocabulary });
    const { prefixes } = decodeTree(trie, message, { user, first: entry, entries });
    if (prefixes[0] === ROOT) invalid(`user ${user}: entry 0 of the tree is the root`);
    token += tokens;
    entry += entries;
    const request = { key: user, prompt, closed };
    return entries === 0 ? request : { ...request, drafted: prefixes };
  });
  return { program, beamWidth, requests };
}

function searchProgramOf({ program }: SearchMessage): SearchProgram {
  const known = programOf(program);
  if (known === "tree-scores") invalid("tree-scores is no whole search: call Verify");
  if (known !== undefined) return known;
  throw new ProtocolError("WRONG_MODEL", `this verifier does not know program ${program}`);
}

/** Checks that the columns fit each other and the limits, before memory is allocated for their content. */
function checkSearchColumns(message: SearchMessage, limits: CallLimits): void {
  const { beamWidth, promptLengths, closedForAll, closedSizes, draftedSizes } = message;
  const users = promptLengths.length;
  if (users > limits.users) {
    invalid(`there are ${users} users in the call, but the limit is ${limits.users}`);
  }
  if (beamWidth < 1 || beamWidth > limits.beamWidth) {
    invalid(`the beam width is ${beamWidth}: give 1 to ${limits.beamWidth}`);
  }
  sameLength("closed_sizes", { found: closedSizes.length, expected: users });
  sameLength("drafted_sizes", { found: draftedSizes.length, expected: users });
  const sums = { tokens: 0, closed: 0, drafted: 0 };
  for (let user = 0; user < users; user++) {
    const tokens = promptLengths[user] ?? 0;
    checkPromptLength(tokens, { user, maxTokens: limits.promptTokens });
    const closed = closedForAll.length + (closedSizes[user] ?? 0);
    if (closed > limits.closedPaths) {
      invalid(`user ${user}: ${closed} paths are closed, but the limit is ${limits.closedPaths}`);
    }
    const drafted = draftedSizes[user] ?? 0;
    if (drafted > limits.entries) {
      invalid(`user ${user}: the tree has ${drafted} entries, but the limit is ${limits.entries}`);
    }
    sums.tokens += tokens;
    sums.closed += closedSizes[user] ?? 0;
    sums.drafted += drafted;
  }
  const all = sums.tokens + sums.closed + closedForAll.length + sums.drafted;
  if (all > limits.callTokens) {
    invalid(
      `the call has ${all} prompt tokens, closed paths and entries, but the limit is ${limits.callTokens}`,
    );
  }
  sameLength("prompt_tokens", { found: message.promptTokens.length, expected: sums.tokens });
  sameLength("closed", { found: message.closed.length, expected: sums.closed });
  sameLength("codes", { found: message.codes.length, expected: sums.drafted });
  sameLength("parents", { found: message.parents.length, expected: sums.drafted });
}
