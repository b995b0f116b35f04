import type { Trie } from "@nightbeam/catalogue";
import { type SearchProgram, type SearchRequest, treeOf } from "@nightbeam/decoding";
import type { SearchRequest as SearchMessage } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { IdentityMessage } from "../identity.js";
import { programMessage } from "../programs.js";
import { encodeClosed } from "./closed-paths.js";
import { appendEntries } from "./encode-call.js";

/** A call for whole searches, before encoding. */
export interface SearchCall {
  readonly identity: IdentityMessage;
  readonly program: SearchProgram;
  readonly beamWidth: number;
  readonly requests: readonly SearchRequest[];
}

/** Encodes a call for whole searches. Requests must be as `SearchRequest` describes; they are not checked. */
export function encodeSearch(trie: Trie, call: SearchCall): SearchMessage {
  const { identity, program, beamWidth, requests } = call;
  const { forAll, sizes, closed } = encodeClosed(
    trie,
    requests.map((request) => request.closed),
  );
  const message: SearchMessage = {
    ...identity,
    program: programMessage(program),
    beamWidth,
    promptLengths: requests.map(({ prompt }) => prompt.length),
    promptTokens: [],
    closedForAll: forAll,
    closedSizes: sizes,
    closed,
    draftedSizes: [],
    codes: [],
    parents: [],
  };
  for (const { prompt, drafted = [] } of requests) {
    for (const token of prompt) message.promptTokens.push(token);
    const tree = treeOf(trie, drafted);
    message.draftedSizes.push(tree.prefixes.length);
    appendEntries(trie, { tree, columns: message });
  }
  return message;
}
