import { noMetrics, type Recorder } from "@nightbeam/telemetry";
import type { LaneAnswer } from "../batching/waiting-call.js";

type Waits = Pick<LaneAnswer<unknown>, "queueMs" | "batchWaitMs">;

/** Calls by result, since the last report. */
export interface Counts {
  readonly answered: number;
  readonly users: number;
  readonly busy: number;
  readonly cancelled: number;
  readonly expired: number;
  readonly failed: number;
}

const NOTHING: Counts = { answered: 0, users: 0, busy: 0, cancelled: 0, expired: 0, failed: 0 };

/** Counts calls by result. */
export class Tally {
  readonly #recorder: Recorder;
  #counts = NOTHING;

  constructor(recorder: Recorder = noMetrics) {
    this.#recorder = recorder;
  }

  answered(users: number, { queueMs, batchWaitMs }: Waits): void {
    const { answered, users: before } = this.#counts;
    this.#counts = { ...this.#counts, answered: answered + 1, users: before + users };
    this.#recorder.add("nightbeam.verifier.calls", 1, { result: "answered" });
    this.#recorder.add("nightbeam.verifier.users", users);
    this.#recorder.record("nightbeam.verifier.queue.wait", queueMs / 1e3);
    this.#recorder.record("nightbeam.verifier.batch.wait", batchWaitMs / 1e3);
  }

  add(what: "busy" | "cancelled" | "expired" | "failed"): void {
    this.#counts = { ...this.#counts, [what]: this.#counts[what] + 1 };
    this.#recorder.add("nightbeam.verifier.calls", 1, { result: what });
  }

  /** Returns the counts and resets them. */
  take(): Counts {
    const counts = this.#counts;
    this.#counts = NOTHING;
    return counts;
  }
}
