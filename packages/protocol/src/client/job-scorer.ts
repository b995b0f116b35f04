import { gather, type ScoreAnswer, type ScoreRequest, type Scorer } from "@nightbeam/decoding";
import { answerBytes, RESPONSE_BYTES } from "../codec/answers.js";
import type { AskSetup } from "./ask-setup.js";
import { treeExchange } from "./exchange.js";
import { rowsOf, splitCall } from "./groups.js";
import { endOthers, JobCalls, type JobOptions } from "./job-calls.js";
import { KeyBook, type WireKeys } from "./key-book.js";
import type { Task } from "./task.js";

/** The verifiers as one job sees them: a `Scorer`. */
export class JobScorer implements Scorer {
  readonly #setup: AskSetup;
  readonly #calls: JobCalls;
  readonly #keys: KeyBook;

  constructor(options: JobOptions & { readonly wireKeys: WireKeys }) {
    this.#setup = options.setup;
    this.#keys = new KeyBook(options.wireKeys);
    // A cancelled job may never release its keys.
    this.#calls = new JobCalls(options, () => this.release(this.#keys.keys()));
  }

  /** @throws ProtocolError INVALID_CALL, INTERNAL, BAD_ANSWER, NO_VERIFIER, DEADLINE, CANCELLED, CLOSED */
  score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    return this.#calls.run((task) =>
      gather(requests, {
        groups: this.#split(requests),
        ask: (asked, { home, size }) =>
          this.#ask({ requests: asked, tokens: size.tokens, home }, task),
        onFailure: endOthers(task),
      }),
    );
  }

  release(keys: readonly number[]): void {
    for (const key of keys) {
      const entry = this.#keys.take(key);
      if (entry !== undefined) this.#setup.links.get(entry.home)?.release(entry.wire);
    }
  }

  #split(requests: readonly ScoreRequest[]) {
    const { limits, trie } = this.#setup;
    return splitCall(requests, {
      homeOf: ({ key }) => this.#usableHome(key),
      sizeOf: (request) => ({ tokens: rowsOf(request), answerBytes: answerBytes(trie, request) }),
      max: {
        users: limits.usersPerCall,
        tokens: limits.tokensPerCall,
        answerBytes: limits.messageBytes - RESPONSE_BYTES,
      },
    });
  }

  /** @param group under the job's keys */
  async #ask(
    group: { requests: readonly ScoreRequest[]; tokens: number; home: string | undefined },
    task: Task,
  ): Promise<readonly ScoreAnswer[]> {
    const requests = group.requests.map((request) => {
      return { ...request, key: this.#keys.entry(request.key).wire };
    });
    const exchange = treeExchange(this.#setup, { ...group, requests });
    const { answers, verifier } = await this.#calls.ask(exchange, task);
    for (const { key } of group.requests) this.#settle(key, verifier);
    return answers;
  }

  /** The verifier that answered has the prompt now; the previous one may forget it. */
  #settle(key: number, verifier: string): void {
    const before = this.#keys.settle(key, verifier);
    if (before.home !== verifier) this.#setup.links.get(before.home)?.release(before.wire);
  }

  #usableHome(key: number): string | undefined {
    const { home } = this.#keys.entry(key);
    return this.#setup.links.get(home)?.usable(Date.now()) ? home : undefined;
  }
}
