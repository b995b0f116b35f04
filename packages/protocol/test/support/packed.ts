import type { Trie } from "@nightbeam/catalogue";
import type { ScoreRequest, SearchProgram, SearchRequest } from "@nightbeam/decoding";
import { encodeCall } from "../../src/codec/encode-call.js";
import { encodeSearch } from "../../src/codec/encode-search.js";
import type {
  SearchRequest as SearchMessage,
  VerifyRequest,
} from "../../src/generated/nightbeam/verifier/v1/verifier.js";
import { identityMessage } from "../../src/identity.js";
import { limitsOf } from "../../src/limits.js";
import { CATALOGUE, TARGET } from "./cluster.js";
import { VOCABULARY } from "./random-calls.js";

export const identity = identityMessage({
  target: TARGET,
  catalogue: CATALOGUE,
  scoring: "full",
});

export const limits = limitsOf({ vocabulary: VOCABULARY });

/** A call as a message. */
export function packed(
  trie: Trie,
  requests: readonly ScoreRequest[],
  released: readonly number[] = [],
): VerifyRequest {
  return encodeCall(trie, { identity, client: 0xfedc_ba98_7654_3210n, requests, released });
}

/** A call for whole searches as a message. */
export function packedSearch(
  trie: Trie,
  requests: readonly SearchRequest[],
  options: { program?: SearchProgram; beamWidth?: number } = {},
): SearchMessage {
  const { program = "verify-tree", beamWidth = 5 } = options;
  return encodeSearch(trie, { identity, program, beamWidth, requests });
}
