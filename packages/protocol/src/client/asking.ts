import type { Trie } from "@nightbeam/catalogue";
import { ProtocolError } from "../errors.js";
import type { IdentityMessage } from "../identity.js";
import type { ClientLimits } from "./client-limits.js";
import type { Exchange } from "./exchange.js";
import type { Link } from "./link.js";
import type { Lease, Links } from "./links.js";
import type { RetryBudget } from "./retry-budget.js";
import type { Reply, StatisticsCounter } from "./statistics.js";
import type { Task } from "./task.js";
import { TryFailed } from "./try-failed.js";

/** What asking needs. */
export interface AskSetup {
  readonly trie: Trie;
  readonly identity: IdentityMessage;
  readonly client: bigint;
  readonly links: Links;
  readonly limits: ClientLimits;
  readonly budget: RetryBudget;
  readonly statistics: StatisticsCounter;
}

/**
 * Asks verifiers until one has answered.
 *
 * @returns the answers, and the id of the verifier that gave them
 * @throws ProtocolError INVALID_CALL, INTERNAL, BAD_ANSWER, NO_VERIFIER; the task's
 */
export async function askVerifiers<Response extends Reply, Answer>(
  setup: AskSetup,
  exchange: Exchange<Response, Answer>,
  task: Task,
): Promise<{ answers: Answer[]; verifier: string }> {
  const leases = new LeaseSearch(setup, exchange, task);
  let broken = 0;
  for (let tries = 0; ; tries++) {
    if (tries > 0) setup.statistics.retried();
    const { link, end } = await leases.next();
    try {
      const answers = await tryOnce(setup, { link, exchange, task }).finally(end);
      return { answers, verifier: link.id };
    } catch (error) {
      const failed = ofTry(error);
      if (failed.verdict.kind === "internal" && ++broken > 1) throw asProtocolError(failed);
      await leases.after(failed);
    }
  }
}

/** @throws TryFailed; the task's */
async function tryOnce<Response extends Reply, Answer>(
  setup: AskSetup,
  asked: { link: Link; exchange: Exchange<Response, Answer>; task: Task },
): Promise<Answer[]> {
  const { link, exchange, task } = asked;
  const trip = await exchange.send(link, task);
  try {
    const answers = exchange.read(trip.response);
    setup.statistics.answered(trip);
    return answers;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const reason = `${link.id} gave an answer that does not fit: ${error.message}`;
    link.distrust(reason);
    throw new TryFailed({ kind: "internal" }, reason, error);
  }
}

/** Returns a failed try; throws any other error, which ends the call. */
function ofTry(error: unknown): TryFailed {
  if (error instanceof TryFailed) return error;
  throw error;
}

function asProtocolError(failed: TryFailed): ProtocolError {
  const { cause, message } = failed;
  if (failed.verdict.kind === "invalid")
    return new ProtocolError("INVALID_CALL", message, { cause });
  const code = cause instanceof ProtocolError ? cause.code : "INTERNAL";
  return new ProtocolError(code, `verifiers failed twice, last ${message}`, { cause });
}

/** What decides which verifier is reserved. */
type Wanted = Pick<Exchange<Reply, unknown>, "tokens" | "home">;

/** Looks for a verifier for one call, and measures how long that takes. */
class LeaseSearch {
  readonly #setup: AskSetup;
  readonly #wanted: Wanted;
  readonly #task: Task;
  /** Milliseconds without a usable verifier. Waiting for a busy one does not count. */
  #spentMs = 0;
  #last = "";

  constructor(setup: AskSetup, wanted: Wanted, task: Task) {
    this.#setup = setup;
    this.#wanted = wanted;
    this.#task = task;
  }

  /** Waits for a verifier and reserves it. @throws ProtocolError NO_VERIFIER; the task's */
  async next(): Promise<Lease> {
    const { links } = this.#setup;
    for (;;) {
      this.#task.signal.throwIfAborted();
      const lease = links.lease(this.#wanted.tokens, this.#wanted.home);
      if (lease !== undefined) return lease;
      const busyMs = links.busyForMs();
      if (busyMs === undefined) await this.#wait(Number.POSITIVE_INFINITY);
      else await links.change(this.#task.signal, busyMs + 1);
    }
  }

  /** Waits until the next try may be made. @throws ProtocolError INVALID_CALL, NO_VERIFIER; the task's */
  async after(failed: TryFailed): Promise<void> {
    const { kind } = failed.verdict;
    this.#last = failed.message;
    if (kind === "invalid") throw asProtocolError(failed);
    if (kind === "late" && Date.now() >= this.#task.deadline) {
      throw new ProtocolError("DEADLINE", "the job's deadline has passed");
    }
    // The client avoids that verifier from now on, so these retries need no budget.
    if (kind === "busy" || kind === "wrong-model") return;
    for (;;) {
      const milliseconds = this.#setup.budget.take(Date.now());
      if (milliseconds === 0) return;
      await this.#wait(milliseconds);
    }
  }

  async #wait(milliseconds: number): Promise<void> {
    const { links, limits } = this.#setup;
    const left = limits.patienceMs - this.#spentMs;
    if (left <= 0) throw this.#noVerifier();
    const began = performance.now();
    await links.change(this.#task.signal, Math.min(milliseconds, left));
    this.#spentMs += performance.now() - began;
  }

  #noVerifier(): ProtocolError {
    const { links, limits } = this.#setup;
    const last = this.#last === "" ? "" : ` The last failure: ${this.#last}.`;
    return new ProtocolError(
      "NO_VERIFIER",
      `no verifier could be asked for ${limits.patienceMs} ms: ${links.describe()}.${last} ` +
        "Put the job back, and start or repair a verifier.",
    );
  }
}
