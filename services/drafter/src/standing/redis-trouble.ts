import type { Clock } from "@nightbeam/service";

const MIN_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** Redis answers but refuses commands: it is a replica, full, or cannot write to its disk. */
export class RedisTrouble {
  readonly #clock: Pick<Clock, "now">;
  readonly #random: () => number;
  #reason: string | undefined;
  #pauseMs = 0;
  #until = 0;

  constructor({
    clock,
    random,
  }: { readonly clock: Pick<Clock, "now">; readonly random: () => number }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** The words of its last refusal; undefined if it has stored something since. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** For how long nothing should be asked of it. */
  get holdMs(): number {
    return this.#reason === undefined ? 0 : Math.max(0, this.#until - this.#clock.now());
  }

  /** @returns whether it did not refuse before */
  refused(reason: string): boolean {
    const isNew = this.#reason === undefined;
    this.#reason = reason;
    // Several commands are refused at the same moment.
    if (this.#clock.now() < this.#until) return isNew;
    this.#pauseMs = Math.min(MAX_PAUSE_MS, Math.max(MIN_PAUSE_MS, 2 * this.#pauseMs));
    this.#until = this.#clock.now() + this.#pauseMs * (0.75 + this.#random() / 2);
    return isNew;
  }

  /** @returns whether it refused before */
  accepted(): boolean {
    const refused = this.#reason !== undefined;
    this.#reason = undefined;
    this.#pauseMs = 0;
    this.#until = 0;
    return refused;
  }
}
