import type { ServiceError } from "@grpc/grpc-js";
import { reasonOf } from "@nightbeam/service/log";
import { VerifyRequest, VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import { MAX_RELEASED } from "../limits.js";
import { spreadMs } from "./backoff.js";
import type { Candidate } from "./choice.js";
import type { VerifierEndpoint } from "./directory.js";
import { LinkLife } from "./link-life.js";
import type { LinkSetup } from "./link-setup.js";
import { misfit, misfitReason, saysSomethingNew } from "./link-setup.js";
import type { LinkEvent, LinkState } from "./link-state.js";
import type { RoundTrip } from "./statistics.js";
import { TryFailed } from "./try-failed.js";
import { verdictOf } from "./verdict.js";

/** A client's link to one verifier: its load, and calls. See `LinkState` for its life. */
export class Link implements Candidate {
  readonly #setup: LinkSetup;
  readonly #life: LinkLife;
  #endpoint: VerifierEndpoint;
  #busyUntil = 0;
  #waitingTokens: number;
  #inFlightTokens = 0;
  #inFlightCalls = 0;
  #released: number[] = [];

  constructor(endpoint: VerifierEndpoint, setup: LinkSetup) {
    this.#setup = setup;
    this.#endpoint = endpoint;
    this.#waitingTokens = endpoint.waitingTokens ?? 0;
    this.#life = new LinkLife({
      setup,
      verifier: endpoint,
      knownMisfit: () => misfit(this.#endpoint, setup.identity),
    });
    this.#heedDirectory("open");
  }

  get id(): string {
    return this.#endpoint.id;
  }

  get address(): string {
    return this.#endpoint.address;
  }

  get state(): LinkState {
    return this.#life.state;
  }

  get cost(): Candidate["cost"] {
    return this.#endpoint.cost;
  }

  get waitingTokens(): number {
    return this.#waitingTokens;
  }

  get inFlightTokens(): number {
    return this.#inFlightTokens;
  }

  /** When a verifier that is ready takes calls again, if it said that it is busy. Epoch milliseconds. */
  get busyUntil(): number {
    return this.#busyUntil;
  }

  /** Whether it can take a call. After a failure, one call at a time shows whether it works again. */
  usable(now: number): boolean {
    const proven = this.#life.proven || this.#inFlightCalls === 0;
    return this.#life.state === "ready" && now >= this.#busyUntil && proven;
  }

  /** The verifier and its state, for messages. */
  describe(): string {
    const why =
      this.#life.reason === "" || this.#life.state === "ready" ? "" : ` (${this.#life.reason})`;
    return `${this.id} at ${this.address}: ${this.#life.state}${why}`;
  }

  /** Applies what the directory says now. The address must be the same. */
  update(endpoint: VerifierEndpoint): void {
    const before = this.#endpoint;
    this.#endpoint = endpoint;
    // What an answer said is newer than a heartbeat that is only repeated.
    if (endpoint.waitingTokens !== before.waitingTokens) {
      this.#waitingTokens = endpoint.waitingTokens ?? 0;
    }
    this.#heedDirectory(saysSomethingNew(before, endpoint) ? "changed" : undefined);
  }

  /** Marks a key whose prompt the verifier may forget; sent with the next call. */
  release(key: number): void {
    if (this.#life.state !== "closed" && this.#released.length < MAX_RELEASED)
      this.#released.push(key);
  }

  /** Reserves it for a call of `tokens` rows. @returns ends the reservation */
  lease(tokens: number): () => void {
    this.#inFlightTokens += tokens;
    this.#inFlightCalls++;
    return () => {
      this.#inFlightTokens -= tokens;
      this.#inFlightCalls--;
      this.#setup.changed();
    };
  }

  /**
   * One try at a call.
   *
   * @param options.deadline the job's, in epoch milliseconds; a try may end earlier
   * @throws TryFailed, after the link's state was updated; the signal's reason
   */
  async verify(
    message: VerifyRequest,
    options: { readonly deadline: number; readonly signal: AbortSignal },
  ): Promise<RoundTrip> {
    const wire = this.#life.wire;
    const generation = this.#life.generation;
    if (wire === undefined)
      throw new TryFailed({ kind: "unavailable" }, `${this.id} is not connected`);
    const released = this.#released;
    this.#released = [];
    const began = performance.now();
    const deadline = Math.min(options.deadline, Date.now() + this.#setup.limits.tryTimeoutMs);
    try {
      const request = Buffer.from(VerifyRequest.encode({ ...message, released }).finish());
      const bytes = await wire.verify(request, { deadline, signal: options.signal });
      const response = readResponse(bytes);
      this.#answered(response);
      return {
        response,
        requestBytes: request.length,
        responseBytes: bytes.length,
        milliseconds: performance.now() - began,
      };
    } catch (error) {
      for (const key of released) this.release(key);
      if (options.signal.aborted) throw options.signal.reason;
      const failed = this.#failureOf(error);
      const jobIsOver = failed.verdict.kind === "late" && deadline === options.deadline;
      if (generation === this.#life.generation && !jobIsOver) this.#blame(failed);
      throw failed;
    }
  }

  /** Reports that its answer was invalid. */
  distrust(reason: string): void {
    this.#life.move("failed", reason);
  }

  close(): void {
    this.#life.move("close");
  }

  #answered({ load, draining }: VerifyResponse): void {
    this.#life.worked();
    this.#waitingTokens = load?.waitingTokens ?? this.#waitingTokens;
    if (draining) this.#life.move("drained", "it said that it is draining");
  }

  #failureOf(error: unknown): TryFailed {
    if (error instanceof TryFailed) return error;
    if (!isServiceError(error)) return new TryFailed({ kind: "internal" }, reasonOf(error), error);
    return new TryFailed(verdictOf(error), `${this.id}: ${error.details || error.message}`, error);
  }

  #blame({ verdict, message }: TryFailed): void {
    switch (verdict.kind) {
      case "busy":
        this.#busyUntil = Date.now() + spreadMs(verdict.retryAfterMs, this.#setup.random());
        // It answered, so it works.
        this.#life.worked();
        break;
      case "wrong-model":
        this.#life.move("refused", message);
        break;
      case "invalid":
        break;
      case "unavailable":
      case "late":
      case "internal":
        this.#life.move("failed", message);
        break;
      default:
        verdict satisfies never;
    }
  }

  /** Moves to the state that the directory implies; without one, applies `otherwise`. */
  #heedDirectory(otherwise: LinkEvent | undefined): void {
    const { identity } = this.#setup;
    if (misfit(this.#endpoint, identity)) {
      this.#life.move("refused", misfitReason(this.#endpoint, identity));
    } else if (this.#endpoint.draining) this.#life.move("drained", "it says that it is draining");
    else if (otherwise !== undefined) this.#life.move(otherwise);
  }
}

/** @throws TryFailed if the bytes are not a response */
function readResponse(bytes: Buffer): VerifyResponse {
  try {
    return VerifyResponse.decode(bytes);
  } catch (error) {
    throw new TryFailed(
      { kind: "internal" },
      `the answer cannot be read: ${reasonOf(error)}`,
      error,
    );
  }
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && "code" in error && "details" in error && "metadata" in error;
}
