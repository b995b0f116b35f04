import type { VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";

/** Sums over the answered calls of a client since it was made. */
export interface ClientStatistics {
  /** RPCs that were answered. */
  readonly calls: number;
  readonly users: number;
  /** Bytes of the messages of answered calls, without HTTP/2's frames. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Tries beyond the first, of answered and of failed calls. */
  readonly retries: number;
  /** Answers that were compared with a second verifier's, and those that differed. */
  readonly audits: number;
  readonly auditsDiffering: number;
  /** Milliseconds in verifiers before a call had a place in a batch. */
  readonly queueMs: number;
  /** Milliseconds from there until the model began. */
  readonly batchWaitMs: number;
  readonly computeMs: number;
  /** Milliseconds of verifiers that the calls cost: see the field of the message. */
  readonly nodeMs: number;
  /** Milliseconds of the answering round trips beyond the three: network, packing, and event loops. */
  readonly networkMs: number;
}

/** What the responses of all methods that ask the model have. */
export type Reply = Pick<VerifyResponse, "tokens" | "timing" | "load" | "draining">;

/** One answered RPC. */
export interface RoundTrip<Response extends Reply> {
  readonly response: Response;
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly milliseconds: number;
}

export class StatisticsCounter {
  #sums: ClientStatistics = {
    calls: 0,
    users: 0,
    requestBytes: 0,
    responseBytes: 0,
    retries: 0,
    audits: 0,
    auditsDiffering: 0,
    queueMs: 0,
    batchWaitMs: 0,
    computeMs: 0,
    nodeMs: 0,
    networkMs: 0,
  };

  get sums(): ClientStatistics {
    return this.#sums;
  }

  retried(): void {
    this.#sums = { ...this.#sums, retries: this.#sums.retries + 1 };
  }

  audited(agreed: boolean): void {
    const { audits, auditsDiffering } = this.#sums;
    const differing = auditsDiffering + (agreed ? 0 : 1);
    this.#sums = { ...this.#sums, audits: audits + 1, auditsDiffering: differing };
  }

  answered(trip: RoundTrip<Reply>): void {
    const { queueMs = 0, batchWaitMs = 0, computeMs = 0, nodeMs = 0 } = trip.response.timing ?? {};
    const sums = this.#sums;
    this.#sums = {
      ...sums,
      calls: sums.calls + 1,
      users: sums.users + trip.response.tokens.length,
      requestBytes: sums.requestBytes + trip.requestBytes,
      responseBytes: sums.responseBytes + trip.responseBytes,
      queueMs: sums.queueMs + queueMs,
      batchWaitMs: sums.batchWaitMs + batchWaitMs,
      computeMs: sums.computeMs + computeMs,
      nodeMs: sums.nodeMs + nodeMs,
      networkMs:
        sums.networkMs + Math.max(0, trip.milliseconds - queueMs - batchWaitMs - computeMs),
    };
  }
}
