import type { Catalogue } from "@nightbeam/catalogue";
import type { Searcher } from "@nightbeam/decoding";
import { searcherOf } from "@nightbeam/testing";
import type { VerifiedCall } from "../../src/codec/answers.js";
import type { SearchedCall } from "../../src/codec/search-answers.js";
import type {
  ProgramStatus,
  ReceivedBy,
  ReceivedCall,
  ReceivedSearch,
  VerifyHandler,
} from "../../src/server/handler.js";
import { fakeAnswer, localScorer } from "./fake-scorer.js";

/** Answers calls with the fake model, or as a test says; keeps what it was asked. */
export class FakeHandler implements VerifyHandler {
  readonly calls: ReceivedCall[] = [];
  readonly searches: ReceivedSearch[] = [];
  readonly #catalogue: Catalogue;
  /** What is done in place of answering. */
  instead: ((call: ReceivedCall, answer: () => VerifiedCall) => Promise<VerifiedCall>) | undefined;
  insteadOfSearch:
    | ((call: ReceivedSearch, answer: () => Promise<SearchedCall>) => Promise<SearchedCall>)
    | undefined;
  waitingTokens = 0;
  programs: readonly ProgramStatus[] = [
    { program: "tree-scores", cost: { callMs: 3, tokenMs: 0.25 } },
    { program: "beam-search", cost: { callMs: 4, tokenMs: 0.5 } },
    { program: "verify-tree" },
  ];

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  async verify(call: ReceivedCall): Promise<VerifiedCall> {
    this.calls.push(call);
    const answer = () => this.#answer(call);
    return this.instead === undefined ? answer() : this.instead(call, answer);
  }

  async search(call: ReceivedSearch): Promise<SearchedCall> {
    this.searches.push(call);
    const answer = () => this.#found(call);
    return this.insteadOfSearch === undefined ? answer() : this.insteadOfSearch(call, answer);
  }

  describe() {
    const { programs, waitingTokens } = this;
    return { precision: "fake", version: "0", programs, waitingTokens, runningTokens: 0 };
  }

  #answer({ requests }: ReceivedCall): VerifiedCall {
    const { trie } = this.#catalogue;
    return { answers: requests.map((request) => fakeAnswer(trie, request)), ...this.#times() };
  }

  async #found({ requests, beamWidth }: ReceivedSearch): Promise<SearchedCall> {
    const searcher = localSearcher(this.#catalogue);
    return { answers: await searcher.search(requests, { beamWidth }), ...this.#times() };
  }

  #times() {
    const { waitingTokens } = this;
    return {
      queueMs: 1,
      batchWaitMs: 2,
      computeMs: 3,
      nodeMs: 1.5,
      waitingTokens,
      runningTokens: 7,
    };
  }
}

/** The fake model's searches, without a network. */
export function localSearcher(catalogue: Catalogue): Searcher {
  return searcherOf({ scorer: localScorer(catalogue.trie), catalogue, scoring: "full" });
}

/** Never answers; ends when the call is aborted. */
export function hang(call: ReceivedBy): Promise<never> {
  return new Promise((_, reject) => {
    call.signal.addEventListener("abort", () => reject(call.signal.reason), { once: true });
  });
}
