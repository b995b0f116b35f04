import { setMaxListeners } from "node:events";
import type { ScoreAnswer, ScoreRequest, Scorer } from "@nightbeam/decoding";
import { answerBytes, RESPONSE_BYTES } from "../codec/answers.js";
import { ProtocolError } from "../errors.js";
import { type AskSetup, askVerifiers } from "./asking.js";
import { type Share, sharesOf } from "./groups.js";
import { KeyBook, type WireKeys } from "./key-book.js";
import { openTask, type Task } from "./task.js";

/** The verifiers as one job sees them: a model that is asked. */
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
    // One listener at the job's signal, however many calls are under way.
    setMaxListeners(0, this.#cancelled.signal);
    const { signal } = options.job;
    const cancel = () => {
      this.#cancelled.abort(signal.reason);
      // A cancelled job may not come to release its keys.
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
      return await this.#scoreShares(requests, task);
    } catch (error) {
      // What is under way for the other shares is of no use any more.
      task.abort(new ProtocolError("CANCELLED", "another part of the call failed"));
      throw error;
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

  async #scoreShares(requests: readonly ScoreRequest[], task: Task): Promise<ScoreAnswer[]> {
    const { limits, trie } = this.#setup;
    const shares = sharesOf(requests, {
      homeOf: ({ key }) => this.#usableHome(key),
      answerBytes: (request) => answerBytes(trie, request),
      most: {
        users: limits.usersPerCall,
        tokens: limits.tokensPerCall,
        answerBytes: limits.messageBytes - RESPONSE_BYTES,
      },
    });
    const answers: ScoreAnswer[] = new Array(requests.length);
    await Promise.all(
      shares.map(async (share) => {
        const answered = await this.#scoreShare(requests, share, task);
        share.places.forEach((place, at) => {
          const answer = answered[at];
          if (answer !== undefined) answers[place] = answer;
        });
      }),
    );
    return answers;
  }

  async #scoreShare(
    requests: readonly ScoreRequest[],
    { places, tokens, home }: Share,
    task: Task,
  ): Promise<readonly ScoreAnswer[]> {
    const asked = places.flatMap((place) => requests[place] ?? []);
    const wired = asked.map((request) => ({ ...request, key: this.#keys.entry(request.key).wire }));
    const group = { requests: wired, tokens, home };
    const { answers, verifier } = await askVerifiers(this.#setup, group, task);
    for (const { key } of asked) this.#settle(key, verifier);
    return answers;
  }

  /** Whoever answered has the prompt now; whoever had it before may forget it. */
  #settle(key: number, verifier: string): void {
    const before = this.#keys.settle(key, verifier);
    if (before.home !== verifier) this.#setup.links.get(before.home)?.release(before.wire);
  }

  #usableHome(key: number): string | undefined {
    const { home } = this.#keys.entry(key);
    return this.#setup.links.get(home)?.usable(Date.now()) ? home : undefined;
  }
}
