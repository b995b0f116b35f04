import type { Trie } from "@nightbeam/catalogue";
import { answerBytes, encodeAnswers } from "../codec/answers.js";
import { type CallContent, decodeCall } from "../codec/decode-call.js";
import { decodeSearch, type SearchContent } from "../codec/decode-search.js";
import { encodeSearchAnswers, searchAnswerBytes } from "../codec/search-answers.js";
import {
  SearchRequest,
  type SearchResponse,
  VerifyRequest,
  type VerifyResponse,
} from "../generated/nightbeam/verifier/v1/verifier.js";
import type { CallLimits } from "../limits.js";
import type { CallMethod } from "./call-method.js";
import type { VerifyHandler } from "./handler.js";

interface MethodParts {
  readonly handler: VerifyHandler;
  readonly trie: Trie;
  readonly limits: CallLimits;
}

/** The tree call. */
export function verifyMethod({
  handler,
  trie,
  limits,
}: MethodParts): CallMethod<VerifyRequest, CallContent, VerifyResponse> {
  return {
    name: "VerifyRequest",
    read: (bytes) => VerifyRequest.decode(bytes),
    decode: (message) => decodeCall(trie, message, limits),
    programOf: () => "tree-scores",
    answerBytes: ({ requests }) =>
      requests.reduce((sum, request) => sum + answerBytes(trie, request), 0),
    answer: async (call, state) => {
      const verified = await handler.verify(call);
      return encodeAnswers(trie, call.requests, { ...verified, draining: state.draining });
    },
  };
}

/** The whole search. */
export function searchMethod({
  handler,
  trie,
  limits,
}: MethodParts): CallMethod<SearchRequest, SearchContent, SearchResponse> {
  return {
    name: "SearchRequest",
    read: (bytes) => SearchRequest.decode(bytes),
    decode: (message) => decodeSearch(trie, message, limits),
    programOf: ({ program }) => program,
    answerBytes: ({ requests, beamWidth }) => requests.length * searchAnswerBytes(beamWidth),
    answer: async (call, state) => {
      const searched = await handler.search(call);
      return encodeSearchAnswers(trie, call, { ...searched, draining: state.draining });
    },
  };
}
