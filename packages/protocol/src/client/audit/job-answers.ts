import { ProtocolError } from "../../errors.js";
import type { AskSetup } from "../ask-setup.js";
import type { Reply } from "../statistics.js";
import type { TrustBook } from "../trust/trust-book.js";
import { type AnsweredCall, audit } from "./audit.js";

/** What a verifier answered of a job. Times are epoch milliseconds. */
export interface VerifierShare {
  /** The verifier's id. */
  readonly name: string;
  /** Calls that it answered. */
  readonly calls: number;
  /** Milliseconds of the verifier that they cost, those of audits not counted. */
  readonly nodeMs: number;
  /** Those for which a second verifier gave the same answer. */
  readonly audited: number;
  readonly firstAt: number;
  readonly lastAt: number;
  /** When the last of those that were audited was answered. */
  readonly auditedAt?: number;
}

/** Who answered the calls of one job. */
export class JobAnswers {
  readonly #trust: TrustBook;
  readonly #shares = new Map<string, VerifierShare>();
  readonly #audits = new Set<Promise<void>>();

  constructor(trust: TrustBook) {
    this.#trust = trust;
  }

  /**
   * Waits for the audits, and returns the share of each verifier, in order of their names.
   *
   * @throws ProtocolError ANSWERS_DIFFER if a verifier that answered calls of this job was found to differ
   * from another one meanwhile, in this job or another: do the job again
   */
  async settle(): Promise<readonly VerifierShare[]> {
    while (this.#audits.size > 0) await Promise.all(this.#audits);
    const shares = [...this.#shares.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const suspects = shares.filter(({ name, firstAt }) => this.#trust.differedSince(name, firstAt));
    if (suspects.length === 0) return shares;
    const names = suspects.map(({ name }) => name).join(" and ");
    throw new ProtocolError(
      "ANSWERS_DIFFER",
      `calls of this job were answered by ${names}, which answered the same call differently than another ` +
        "verifier: the job has to be done again without it",
    );
  }

  /** Counts an answer, and audits it if the draw says so. Never throws. */
  add<Response extends Reply, Answer>(
    setup: AskSetup,
    answered: {
      readonly verifier: string;
      readonly nodeMs: number;
      /** Runs an audit of the call within the job. */
      readonly call: (
        work: (call: AnsweredCall<Response, Answer>) => Promise<void>,
      ) => Promise<void>;
    },
  ): void {
    const { verifier } = answered;
    const at = Date.now();
    const before = this.#shares.get(verifier) ?? {
      name: verifier,
      calls: 0,
      nodeMs: 0,
      audited: 0,
      firstAt: at,
    };
    const nodeMs = before.nodeMs + answered.nodeMs;
    this.#shares.set(verifier, { ...before, calls: before.calls + 1, nodeMs, lastAt: at });
    const { rate, draw, onAlone } = setup.auditing;
    if (rate === 0 || draw() >= rate) return;
    if (!setup.links.mayOthersAnswer(new Set([verifier]))) {
      onAlone();
      return;
    }
    const audited = answered
      .call(async (call) => {
        if ((await audit(setup, call)) === "agreed") this.#agreed(verifier, at);
      })
      // The job ends, or there is nothing to compare with: the answer counts as it is.
      .catch(() => undefined)
      .finally(() => this.#audits.delete(audited));
    this.#audits.add(audited);
  }

  #agreed(verifier: string, at: number): void {
    const share = this.#shares.get(verifier);
    if (share === undefined) return;
    const auditedAt = Math.max(share.auditedAt ?? at, at);
    this.#shares.set(verifier, { ...share, audited: share.audited + 1, auditedAt });
    this.#trust.agreed(verifier, at);
  }
}
