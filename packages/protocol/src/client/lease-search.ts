import { ProtocolError } from "../errors.js";
import type { AskSetup } from "./ask-setup.js";
import { backoffMs } from "./backoff.js";
import type { Link } from "./link.js";
import type { Lease, Wanted } from "./links.js";
import type { Task } from "./task.js";
import type { TryFailed } from "./try-failed.js";

/** Looks for a verifier for one call, and measures how long that takes. */
export class LeaseSearch {
  readonly #setup: AskSetup;
  readonly #wanted: Omit<Wanted, "avoid">;
  readonly #task: Task;
  readonly #never: ReadonlySet<string>;
  /** Those that called it invalid, and why. */
  readonly #refusals = new Map<Link, string>();
  /** Verifiers that are not asked this time. */
  #avoid: Set<string>;
  /** Times that a verifier failed at it. */
  #failures = 0;
  /** Milliseconds without a usable verifier. Waiting for a busy one does not count. */
  #spentMs = 0;
  #last = "";

  constructor(
    setup: AskSetup,
    call: Omit<Wanted, "avoid"> & { readonly task: Task; readonly never: ReadonlySet<string> },
  ) {
    this.#setup = setup;
    this.#wanted = { tokens: call.tokens, home: call.home };
    this.#task = call.task;
    this.#never = call.never;
    this.#avoid = new Set(call.never);
  }

  /** Waits for a verifier and reserves it. @throws ProtocolError NO_VERIFIER; the task's */
  async next(): Promise<Lease> {
    const { links } = this.#setup;
    for (;;) {
      this.#task.signal.throwIfAborted();
      const lease = links.lease({ ...this.#wanted, avoid: this.#avoid });
      if (lease !== undefined) return lease;
      const busyMs = links.busyForMs(this.#avoid);
      if (busyMs !== undefined) await links.change(this.#task.signal, busyMs + 1);
      else if (links.mayOthersAnswer(this.#avoid)) await this.#wait(Number.POSITIVE_INFINITY);
      else if (this.#refusals.size > 0) this.#avoid = new Set(this.#never);
      else if (this.#never.size > 0) throw this.#noVerifier();
      else await this.#wait(Number.POSITIVE_INFINITY);
    }
  }

  /** The verifiers that called it invalid are at fault: another one has answered it. */
  answeredBy({ id }: Link): void {
    for (const [link, why] of this.#refusals) {
      link.distrust(`${link.id} refused as invalid what ${id} answered (${why})`);
    }
  }

  /** Waits until the next try may be made. @throws ProtocolError INVALID_CALL, NO_VERIFIER; the task's */
  async after(link: Link, failed: TryFailed): Promise<void> {
    const { kind } = failed.verdict;
    this.#last = failed.message;
    if (kind === "invalid") this.#refused(link, failed);
    if (kind === "late" && Date.now() >= this.#task.deadline) {
      throw new ProtocolError("DEADLINE", "the job's deadline has passed");
    }
    // The client avoids that verifier from now on, so these retries need no budget.
    if (kind === "busy" || kind === "wrong-model" || kind === "wrong") return;
    if (kind === "internal") await this.#pauseAfterFailure();
    for (;;) {
      const milliseconds = this.#setup.budget.take(Date.now());
      if (milliseconds === 0) return;
      await this.#wait(milliseconds);
    }
  }

  /**
   * It is invalid if two verifiers say so, or the only one twice. One alone may be wrong.
   *
   * @throws ProtocolError INVALID_CALL
   */
  #refused(link: Link, failed: TryFailed): void {
    if (this.#never.size > 0) {
      link.distrust(`${link.id} refused as invalid what another verifier answered`);
      return;
    }
    if (this.#refusals.size > 0) {
      throw new ProtocolError("INVALID_CALL", failed.message, { cause: failed.cause });
    }
    this.#refusals.set(link, failed.message);
    this.#avoid.add(link.id);
  }

  /** The first failure sends the call to another verifier; further ones may be due to the call. */
  async #pauseAfterFailure(): Promise<void> {
    this.#failures++;
    if (this.#failures === 1) return;
    const failures = this.#failures - 1;
    const end = performance.now() + backoffMs({ ...this.#setup.limits, failures, random: 1 });
    for (;;) {
      const left = end - performance.now();
      if (left <= 0) return;
      await this.#wait(left);
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
