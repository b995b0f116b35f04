import type { ClientLimits } from "../client-limits.js";

/** Why verifiers are not believed. */
export type DistrustKind =
  /** One gave an answer that no model can give, or refused as invalid what another one answered. */
  | "answers_wrong"
  /** Two answered the same call differently. */
  | "answers_differ";

/** A verifier that is not asked for a while, because of what it answered. */
export interface Distrust {
  readonly kind: DistrustKind;
  /** The verifier's id. */
  readonly verifier: string;
  /** A sentence for people: what it did, and what is done about it. */
  readonly message: string;
  /** When it is asked again. Epoch milliseconds. */
  readonly until: number;
  /** When the last of its answers was given that an audit confirmed; undefined if none was. Epoch milliseconds. */
  readonly auditedAt: number | undefined;
}

/** What was found out about a verifier. */
export interface Finding extends Pick<Distrust, "kind" | "verifier"> {
  /** A sentence without its full stop. */
  readonly reason: string;
  /** It was certainly wrong in what passed the checks, so it is distrusted for longest. */
  readonly isProven?: boolean;
}

interface Standing {
  /** Times that it was distrusted. */
  readonly strikes: number;
  /** When it is asked again. Epoch milliseconds. */
  readonly until: number;
  readonly reason: string;
  readonly isProven: boolean;
  /** When its answers differed from those of another one; undefined if they never did. */
  readonly differedAt: number | undefined;
}

export interface TrustBookOptions {
  /** Called for every verifier that is distrusted. */
  readonly onDistrust?: (distrust: Distrust) => void;
  readonly now?: () => number;
}

/**
 * Which verifiers are not believed, by id. It outlives the clients that share it: a verifier that was found
 * out in one run is not asked in the next one either.
 */
export class TrustBook {
  readonly #onDistrust: (distrust: Distrust) => void;
  readonly #now: () => number;
  readonly #standings = new Map<string, Standing>();
  readonly #auditedAt = new Map<string, number>();

  constructor({ onDistrust = () => undefined, now = Date.now }: TrustBookOptions = {}) {
    this.#onDistrust = onDistrust;
    this.#now = now;
  }

  /**
   * Distrusts a verifier: for `distrustMs` the first time, and each further time for twice as long, up to
   * `longestDistrustMs`; for that long at once if it is proven wrong.
   */
  distrust(
    { verifier, kind, reason, isProven = false }: Finding,
    limits: Pick<ClientLimits, "distrustMs" | "longestDistrustMs">,
  ): void {
    const now = this.#now();
    const before = this.#standings.get(verifier);
    const differedAt = kind === "answers_differ" ? now : before?.differedAt;
    const isStanding = before !== undefined && before.until > now;
    // Calls in progress when it was found out say nothing new.
    if (isStanding && (!isProven || before.isProven)) {
      this.#standings.set(verifier, { ...before, differedAt });
      return;
    }
    const strikes = (before?.strikes ?? 0) + 1;
    const doubled = isProven ? limits.longestDistrustMs : limits.distrustMs * 2 ** (strikes - 1);
    const until = now + Math.min(doubled, limits.longestDistrustMs);
    this.#standings.set(verifier, { strikes, until, reason, differedAt, isProven });
    const message = `${reason}. It is not asked for ${Math.ceil((until - now) / 1_000)} s.`;
    this.#onDistrust({ kind, verifier, message, until, auditedAt: this.#auditedAt.get(verifier) });
  }

  /** An audit confirmed an answer that it gave at a time in epoch milliseconds. */
  agreed(verifier: string, at: number): void {
    this.#auditedAt.set(verifier, Math.max(at, this.#auditedAt.get(verifier) ?? at));
  }

  /** Milliseconds for which it is not to be asked; 0 if it may be. */
  distrustedForMs(verifier: string): number {
    return Math.max(0, (this.#standings.get(verifier)?.until ?? 0) - this.#now());
  }

  /** Why it is not asked. */
  reasonOf(verifier: string): string {
    return this.#standings.get(verifier)?.reason ?? "";
  }

  /** Whether an audit found since a time in epoch milliseconds that its answers differ from another's. */
  differedSince(verifier: string, since: number): boolean {
    return (this.#standings.get(verifier)?.differedAt ?? Number.NEGATIVE_INFINITY) >= since;
  }
}
