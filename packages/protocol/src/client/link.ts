import {
  type SearchRequest,
  type SearchResponse,
  VerifierService,
  type VerifyRequest,
  type VerifyResponse,
} from "../generated/nightbeam/verifier/v1/verifier.js";
import { MAX_RELEASED } from "../limits.js";
import { spreadMs } from "./backoff.js";
import type { Candidate } from "./choice.js";
import type { VerifierEndpoint } from "./directory.js";
import { LinkLife } from "./link-life.js";
import type { LinkSetup } from "./link-setup.js";
import { misfit, misfitReason, programCost, saysSomethingNew } from "./link-setup.js";
import type { LinkEvent, LinkState } from "./link-state.js";
import type { Reply, RoundTrip } from "./statistics.js";
import { type Method, tryCall } from "./try-call.js";
import { TryFailed } from "./try-failed.js";

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
      knownMisfit: () => misfit(this.#endpoint, setup),
    });
    this.heedTrust();
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
    return programCost(this.#endpoint, this.#setup.program);
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

  /** One try at a tree call, which takes the released keys along. @throws as `#call` */
  async verify(message: VerifyRequest, options: TryOptions): Promise<RoundTrip<VerifyResponse>> {
    const released = this.#released;
    this.#released = [];
    try {
      return await this.#call(VerifierService.verify, { ...message, released }, options);
    } catch (error) {
      for (const key of released) this.release(key);
      throw error;
    }
  }

  /** One try at a call for whole searches. @throws as `#call` */
  search(message: SearchRequest, options: TryOptions): Promise<RoundTrip<SearchResponse>> {
    return this.#call(VerifierService.search, message, options);
  }

  /** @throws TryFailed, after the link's state was updated; the signal's reason */
  async #call<Request, Response extends Reply>(
    method: Method<Request, Response>,
    message: Request,
    options: TryOptions,
  ): Promise<RoundTrip<Response>> {
    const { wire, generation } = this.#life;
    const deadline = Math.min(options.deadline, Date.now() + this.#setup.limits.tryTimeoutMs);
    try {
      const { signal } = options;
      const trip = await tryCall(method, message, { verifier: this.id, wire, deadline, signal });
      this.#answered(trip.response);
      return trip;
    } catch (error) {
      if (!(error instanceof TryFailed)) throw error;
      const jobIsOver = error.verdict.kind === "late" && deadline === options.deadline;
      if (generation === this.#life.generation && !jobIsOver) this.#blame(error);
      throw error;
    }
  }

  /** Its answer, or its refusal, cannot be right. @param reason names the verifier */
  distrust(reason: string): void {
    const { trust, limits } = this.#setup;
    trust.distrust({ kind: "answers_wrong", verifier: this.id, reason }, limits);
    this.heedTrust();
  }

  /** Makes no calls while the trust book says that the verifier is not believed. */
  heedTrust(): void {
    const { trust } = this.#setup;
    if (trust.distrustedForMs(this.id) === 0) return;
    this.#life.move("distrusted", trust.reasonOf(this.id));
  }

  close(): void {
    this.#life.move("close");
  }

  #answered({ load, draining }: Reply): void {
    this.#life.worked();
    this.#waitingTokens = load?.waitingTokens ?? this.#waitingTokens;
    if (draining) this.#life.move("drained", "it said that it is draining");
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
        // Whether it is right, the others will show.
        break;
      case "wrong":
        this.distrust(message);
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
    if (misfit(this.#endpoint, this.#setup)) {
      this.#life.move("refused", misfitReason(this.#endpoint, this.#setup));
    } else if (this.#endpoint.draining) this.#life.move("drained", "it says that it is draining");
    else if (otherwise !== undefined) this.#life.move(otherwise);
  }
}

interface TryOptions {
  /** The job's, in epoch milliseconds; a try may end earlier. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}
