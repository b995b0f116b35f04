import { setMaxListeners } from "node:events";
import { ProtocolError } from "../errors.js";
import type { AskSetup } from "./ask-setup.js";
import { askVerifiers, type VerifierAnswers } from "./asking.js";
import type { JobAnswers } from "./audit/job-answers.js";
import type { Exchange } from "./exchange.js";
import type { Reply } from "./statistics.js";
import { openTask, type Task } from "./task.js";

/** A job that calls verifiers. */
export interface Job {
  /** Cancels its calls. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds; no call outlives it. */
  readonly deadline: number;
  /** Counts and audits the answers. Default: they are not audited. */
  readonly answers?: JobAnswers;
}

export interface JobOptions {
  readonly setup: AskSetup;
  readonly job: Job;
  /** Aborted when the client is closed. */
  readonly closed: AbortSignal;
}

/** The calls of one job: they end with its signal, its deadline and the client. */
export class JobCalls {
  readonly #setup: AskSetup;
  readonly #answers: JobAnswers | undefined;
  readonly #deadline: number;
  readonly #cancelled = new AbortController();
  readonly #closed: AbortSignal;

  constructor({ job, setup, closed }: JobOptions, onCancel: () => void = () => undefined) {
    this.#setup = setup;
    this.#answers = job.answers;
    this.#deadline = job.deadline;
    this.#closed = closed;
    // One listener on the job's signal for any number of calls.
    setMaxListeners(0, this.#cancelled.signal);
    const cancel = () => {
      this.#cancelled.abort(job.signal.reason);
      onCancel();
    };
    if (job.signal.aborted) cancel();
    else job.signal.addEventListener("abort", cancel, { once: true });
  }

  /**
   * Asks verifiers, and audits the answers in the background.
   *
   * @throws as `askVerifiers`
   */
  async ask<Response extends Reply, Answer>(
    exchange: Exchange<Response, Answer>,
    task: Task,
  ): Promise<VerifierAnswers<Answer>> {
    const first = await askVerifiers(this.#setup, { exchange, task });
    this.#answers?.add<Response, Answer>(this.#setup, {
      verifier: first.verifier,
      nodeMs: first.nodeMs,
      // The call's task may end before the audit does.
      call: (work) => this.run((background) => work({ exchange, task: background, first })),
    });
    return first;
  }

  /** Does work that ends early with the job. @throws ProtocolError DEADLINE, CANCELLED, CLOSED; what `work` throws */
  async run<Result>(work: (task: Task) => Promise<Result>): Promise<Result> {
    const task = openTask({
      cancelled: this.#cancelled.signal,
      closed: this.#closed,
      deadline: this.#deadline,
    });
    try {
      task.signal.throwIfAborted();
      return await work(task);
    } finally {
      task.end();
    }
  }
}

/** Ends the other parts of a call when one has failed. */
export function endOthers(task: Task): () => void {
  return () => task.abort(new ProtocolError("CANCELLED", "another part of the call failed"));
}
