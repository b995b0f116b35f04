import { leastBusy } from "./choice.js";
import type { VerifierDirectory } from "./directory.js";
import { Link } from "./link.js";
import type { LinkSetup } from "./link-setup.js";
import type { LinkState } from "./link-state.js";

/** A verifier that is reserved for one call. */
export interface Lease {
  readonly link: Link;
  end(): void;
}

/** What decides which verifier is reserved. */
export interface Wanted {
  /** Upper bound of the model's rows. */
  readonly tokens: number;
  /** The verifier that has cached the prompts. */
  readonly home: string | undefined;
  /** Verifiers that are not to be asked. */
  readonly avoid: ReadonlySet<string>;
}

const MAY_ANSWER: ReadonlySet<LinkState> = new Set(["new", "connecting", "ready", "suspect"]);

const NONE: ReadonlySet<string> = new Set();

/** A client's links: one per verifier of the directory. */
export class Links {
  readonly #directory: VerifierDirectory;
  readonly #setup: LinkSetup;
  readonly #links = new Map<string, Link>();
  readonly #waiting = new Set<() => void>();
  readonly #unsubscribe: () => void;

  constructor(directory: VerifierDirectory, setup: Omit<LinkSetup, "changed">) {
    this.#directory = directory;
    this.#setup = { ...setup, changed: () => this.#wakeWaiting() };
    this.#unsubscribe = directory.onChange(() => this.#sync());
    this.#sync();
  }

  /** The link to a verifier, if there is one. */
  get(id: string | undefined): Link | undefined {
    return id === undefined ? undefined : this.#links.get(id);
  }

  /** The ids of all verifiers. */
  get ids(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** Reserves the home of the prompts if it is usable, else the verifier that will probably answer first. */
  lease({ tokens, home, avoid }: Wanted): Lease | undefined {
    const now = Date.now();
    const usable = this.#without(avoid).filter((link) => {
      link.heedTrust();
      return link.usable(now);
    });
    const link = usable.find(({ id }) => id === home) ?? leastBusy(usable, this.#setup.random());
    return link === undefined ? undefined : { link, end: link.lease(tokens) };
  }

  /** Whether there are others than these that may take a call, now or after a failure. */
  mayOthersAnswer(avoid: ReadonlySet<string>): boolean {
    return this.#without(avoid).some(({ state }) => MAY_ANSWER.has(state));
  }

  /** Whether a verifier takes calls, now or when it is less busy. */
  get isAnyReady(): boolean {
    const now = Date.now();
    const links = [...this.#links.values()];
    return links.some((link) => link.usable(now)) || this.busyForMs(NONE) !== undefined;
  }

  /** Milliseconds until the first busy verifier takes calls again; undefined if none is busy. */
  busyForMs(avoid: ReadonlySet<string>): number | undefined {
    const now = Date.now();
    const busy = this.#without(avoid).filter(
      ({ state, busyUntil }) => state === "ready" && busyUntil > now,
    );
    if (busy.length === 0) return undefined;
    return Math.min(...busy.map(({ busyUntil }) => busyUntil - now));
  }

  /** All verifiers and their states, for messages. */
  describe(): string {
    if (this.#links.size === 0) return "the directory names none";
    return [...this.#links.values()].map((link) => link.describe()).join("; ");
  }

  /**
   * Waits for a change that may make a verifier usable, for at most `withinMs`.
   *
   * @throws the signal's reason
   */
  async change(signal: AbortSignal, withinMs: number): Promise<void> {
    signal.throwIfAborted();
    let wake: () => void = () => undefined;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(wake, withinMs);
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
    clearTimeout(timer);
    this.#waiting.delete(wake);
    signal.removeEventListener("abort", wake);
    signal.throwIfAborted();
  }

  close(): void {
    this.#unsubscribe();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
  }

  #without(avoid: ReadonlySet<string>): Link[] {
    return [...this.#links.values()].filter(({ id }) => !avoid.has(id));
  }

  /** Opens, updates and closes links to match the directory. */
  #sync(): void {
    const named = new Map(this.#directory.endpoints.map((endpoint) => [endpoint.id, endpoint]));
    for (const [id, link] of this.#links) {
      if (named.get(id)?.address === link.address) continue;
      this.#links.delete(id);
      // Calls in progress are still answered.
      link.close();
    }
    for (const [id, endpoint] of named) {
      const link = this.#links.get(id);
      if (link === undefined) this.#links.set(id, new Link(endpoint, this.#setup));
      else link.update(endpoint);
    }
    this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
