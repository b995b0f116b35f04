import { setMaxListeners } from "node:events";
import { gather, type ScoreAnswer, type ScoreRequest, type Scorer } from "@nightbeam/decoding";
import { answerBytes, RESPONSE_BYTES } from "../codec/answers.js";
import { ProtocolError } from "../errors.js";
import { type AskSetup, askVerifiers, type Group } from "./asking.js";
import { splitCall } from "./groups.js";
import { KeyBook, type WireKeys } from "./key-book.js";
import { openTask, type Task } from "./task.js";

/** The verifiers as one job sees them: a `Scorer`. */
export class JobScorer implements Scorer {
  readonly #setup: AskSetup;
  readonly #deadline: number;
  readonly #cancelled = new AbortController();
  readonly #closed: AbortSignal;
  readonly #keys: KeyBook;

  constructor(options: {
    readonly setup: AskSetup;
    readonly wireKeys: WireKeys;
    readonly job: { readonly signal: AbortSignal; readonly deadline: number };
    readonly closed: AbortSignal;
  }) {
    this.#setup = options.setup;
    this.#deadline = options.job.deadline;
    this.#closed = options.closed;
    this.#keys = new KeyBook(options.wireKeys);
    // One listener on the job's signal for any number of calls.
    setMaxListeners(0, this.#cancelled.signal);
    const { signal } = options.job;
    const cancel = () => {
      this.#cancelled.abort(signal.reason);
      // A cancelled job may never release its keys.
      this.release(this.#keys.keys());
    };
    if (signal.aborted) cancel();
    else signal.addEventListener("abort", cancel, { once: true });
  }

  /** @throws ProtocolError INVALID_CALL, INTERNAL, BAD_ANSWER, NO_VERIFIER, DEADLINE, CANCELLED, CLOSED */
  async score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    const task = openTask({
      cancelled: this.#cancelled.signal,
      closed: this.#closed,
      deadline: this.#deadline,
    });
    try {
      task.signal.throwIfAborted();
      return await gather(requests, {
        groups: this.#split(requests),
        ask: (asked, { home, size }) =>
          this.#ask({ requests: asked, tokens: size.tokens, home }, task),
        onFailure: () =>
          task.abort(new ProtocolError("CANCELLED", "another part of the call failed")),
      });
    } finally {
      task.end();
    }
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
      answerBytes: (request) => answerBytes(trie, request),
      max: {
        users: limits.usersPerCall,
        tokens: limits.tokensPerCall,
        answerBytes: limits.messageBytes - RESPONSE_BYTES,
      },
    });
  }

  /** @param group under the job's keys */
  async #ask(group: Group, task: Task): Promise<readonly ScoreAnswer[]> {
    const requests = group.requests.map((request) => {
      return { ...request, key: this.#keys.entry(request.key).wire };
    });
    const { answers, verifier } = await askVerifiers(this.#setup, { ...group, requests }, task);
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
