import { backoffMs } from "./backoff.js";
import type { LinkSetup } from "./link-setup.js";
import { type LinkEvent, type LinkState, nextState } from "./link-state.js";
import type { Wire, WireEvent } from "./wire.js";

/**
 * A link's state and its connection: what is done in each state of `LinkState`. `move` is the only
 * transition.
 */
export class LinkLife {
  readonly #setup: LinkSetup;
  readonly #verifier: { readonly id: string; readonly address: string };
  readonly #knownMisfit: () => boolean;
  #state: LinkState = "new";
  #reason = "";
  #wire: Wire | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Failures since the last answer. */
  #failures = 0;
  #generation = 0;

  constructor(options: {
    readonly setup: LinkSetup;
    readonly verifier: { readonly id: string; readonly address: string };
    /** Whether the directory says that it holds another model. */
    readonly knownMisfit: () => boolean;
  }) {
    this.#setup = options.setup;
    this.#verifier = options.verifier;
    this.#knownMisfit = options.knownMisfit;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Why it is in its state, if something is wrong. */
  get reason(): string {
    return this.#reason;
  }

  get wire(): Wire | undefined {
    return this.#wire;
  }

  /** Number of connections so far. A failure of a call from an earlier connection is outdated. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether nothing has failed since its last answer. */
  get proven(): boolean {
    return this.#failures === 0;
  }

  /** It gave an answer. */
  worked(): void {
    this.#failures = 0;
  }

  move(event: LinkEvent, reason = ""): void {
    const from = this.#state;
    const to = nextState(from, event);
    if (to === from) return;
    this.#state = to;
    this.#reason = reason;
    clearTimeout(this.#timer);
    this.#enter();
    const { log, changed } = this.#setup;
    const fields = {
      verifier: this.#verifier.id,
      address: this.#verifier.address,
      from,
      to,
      reason,
    };
    if (to === "suspect" || to === "wrong-model" || to === "distrusted")
      log?.warn(fields, "not calling a verifier for now");
    else if (to === "ready") log?.info(fields, "verifier ready");
    changed();
  }

  /** Does what belongs to the new state. */
  #enter(): void {
    const { limits, random } = this.#setup;
    switch (this.#state) {
      case "connecting":
        this.#generation++;
        this.#connect();
        break;
      case "suspect":
        this.#failures++;
        if (this.#wire?.ready !== true) this.#dropWire();
        this.#after(backoffMs({ ...limits, failures: this.#failures, random: random() }), "retry");
        break;
      case "wrong-model":
        if (!this.#knownMisfit()) this.#after(limits.recheckMs, "retry");
        break;
      case "distrusted":
        this.#failures++;
        // What it still answers would not be believed.
        this.#dropWire();
        this.#awaitTrust();
        break;
      case "closed":
        this.#dropWire();
        break;
      case "new":
      case "ready":
      case "draining":
        break;
      default:
        this.#state satisfies never;
    }
  }

  #connect(): void {
    const { limits, openWire } = this.#setup;
    this.#wire ??= openWire(this.#verifier.address, (event) => this.#reported(event));
    if (this.#wire.ready) queueMicrotask(() => this.move("connected"));
    // The library has no timeout for a peer that accepts the connection and sends nothing.
    const patience = limits.connectTimeoutMs;
    this.#after(patience, "failed", `no connection within ${patience} ms`);
  }

  #reported(event: WireEvent): void {
    // No call waits for it now: reconnect when the back-off is over, not when the library retries.
    if (event !== "connected" && this.#state === "suspect") this.#dropWire();
    this.move(event, event === "connected" ? "" : "the connection failed");
  }

  #after(milliseconds: number, event: LinkEvent, reason = ""): void {
    this.#timer = setTimeout(() => this.move(event, reason), milliseconds);
  }

  /** Retries when the trust book allows it, which may be later than it said first. */
  #awaitTrust(): void {
    const milliseconds = this.#setup.trust.distrustedForMs(this.#verifier.id);
    if (milliseconds === 0) this.move("retry");
    else this.#timer = setTimeout(() => this.#awaitTrust(), milliseconds);
  }

  #dropWire(): void {
    this.#wire?.close();
    this.#wire = undefined;
  }
}
