import type { Trie } from "@nightbeam/catalogue";
import type { VerifiedCall } from "../../src/codec/answers.js";
import type { ReceivedCall, VerifyHandler } from "../../src/server/handler.js";
import { fakeAnswer } from "./fake-scorer.js";

/** Answers calls with the fake model, or as a test says; keeps what it was asked. */
export class FakeHandler implements VerifyHandler {
  readonly calls: ReceivedCall[] = [];
  readonly #trie: Trie;
  /** What is done in place of answering. */
  instead: ((call: ReceivedCall, answer: () => VerifiedCall) => Promise<VerifiedCall>) | undefined;
  waitingTokens = 0;

  constructor(trie: Trie) {
    this.#trie = trie;
  }

  async verify(call: ReceivedCall): Promise<VerifiedCall> {
    this.calls.push(call);
    const answer = () => this.#answer(call);
    return this.instead === undefined ? answer() : this.instead(call, answer);
  }

  describe() {
    return {
      precision: "fake",
      version: "0",
      cost: { callMs: 3, tokenMs: 0.25 },
      waitingTokens: this.waitingTokens,
      runningTokens: 0,
    };
  }

  #answer({ requests }: ReceivedCall): VerifiedCall {
    return {
      answers: requests.map((request) => fakeAnswer(this.#trie, request)),
      queueMs: 1,
      batchWaitMs: 2,
      computeMs: 3,
      waitingTokens: this.waitingTokens,
      runningTokens: 7,
    };
  }
}

/** Never answers; ends when the call is aborted. */
export function hang(call: ReceivedCall): Promise<never> {
  return new Promise((_, reject) => {
    call.signal.addEventListener("abort", () => reject(call.signal.reason), { once: true });
  });
}
