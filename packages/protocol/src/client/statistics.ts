import type { LabelsOf, Recorder } from "@nightbeam/telemetry";
import type { VerifyResponse } from "../generated/nightbeam/verifier/v1/verifier.js";
import type { Verdict } from "./verdict.js";

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

/** Why tries fail, as the metrics name it. */
const REASONS = {
  unavailable: "unavailable",
  late: "late",
  busy: "busy",
  "wrong-model": "wrong_model",
  invalid: "invalid",
  wrong: "wrong",
  internal: "internal",
} as const satisfies Readonly<Record<Verdict["kind"], string>>;

/** Counts for the records of shards, and for the metrics. */
export class StatisticsCounter {
  readonly #recorder: Recorder;
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

  constructor(recorder: Recorder) {
    this.#recorder = recorder;
  }

  get sums(): ClientStatistics {
    return this.#sums;
  }

  retried(): void {
    this.#sums = { ...this.#sums, retries: this.#sums.retries + 1 };
  }

  /** A try waited for a verifier that takes calls. */
  waited(milliseconds: number): void {
    this.#recorder.record("nightbeam.drafter.verify.wait", milliseconds / 1e3);
  }

  /** A try failed. */
  failed({ kind }: Verdict): void {
    this.#recorder.add("nightbeam.drafter.verify.retries", 1, { reason: REASONS[kind] });
  }

  audited(agreed: boolean): void {
    const outcome = agreed ? "same" : "differs";
    this.#recorder.add("nightbeam.drafter.verify.audits", 1, { outcome });
    const { audits, auditsDiffering } = this.#sums;
    const differing = auditsDiffering + (agreed ? 0 : 1);
    this.#sums = { ...this.#sums, audits: audits + 1, auditsDiffering: differing };
  }

  answered(trip: RoundTrip<Reply>): void {
    const { queueMs = 0, batchWaitMs = 0, computeMs = 0, nodeMs = 0 } = trip.response.timing ?? {};
    const networkMs = Math.max(0, trip.milliseconds - queueMs - batchWaitMs - computeMs);
    this.#record(trip, {
      queue: queueMs,
      batch: batchWaitMs,
      compute: computeMs,
      network: networkMs,
    });
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
      networkMs: sums.networkMs + networkMs,
    };
  }

  #record(
    { milliseconds, requestBytes, responseBytes }: RoundTrip<Reply>,
    parts: Readonly<Record<LabelsOf<"nightbeam.drafter.verify.time">["part"], number>>,
  ): void {
    const recorder = this.#recorder;
    recorder.add("nightbeam.drafter.verify.calls", 1);
    recorder.record("nightbeam.drafter.verify.duration", milliseconds / 1e3);
    recorder.add("nightbeam.drafter.verify.io", requestBytes, { direction: "sent" });
    recorder.add("nightbeam.drafter.verify.io", responseBytes, { direction: "received" });
    for (const part of ["queue", "batch", "compute", "network"] as const) {
      recorder.add("nightbeam.drafter.verify.time", parts[part] / 1e3, { part });
    }
  }
}
