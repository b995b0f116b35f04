import { setMaxListeners } from "node:events";
import { ProtocolError } from "../errors.js";

/** One wait with everything that may end it early: a single signal, whose reason says why it ended. */
export interface Task {
  /** Aborted with a ProtocolError. */
  readonly signal: AbortSignal;
  /** Epoch milliseconds. */
  readonly deadline: number;
  abort(reason: unknown): void;
  /** To be called when it is over, so that no listeners stay on long-lived signals. */
  end(): void;
}

/** The longest that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function openTask(options: {
  readonly cancelled: AbortSignal;
  readonly closed: AbortSignal;
  readonly deadline: number;
}): Task {
  const { cancelled, closed, deadline } = options;
  const controller = new AbortController();
  // A listener per call in progress.
  setMaxListeners(0, controller.signal);
  const cancel = () => {
    const cause: unknown = cancelled.reason;
    controller.abort(new ProtocolError("CANCELLED", "the job was cancelled", { cause }));
  };
  const close = () =>
    controller.abort(new ProtocolError("CLOSED", "the verifier client is closed"));
  const late = () =>
    controller.abort(new ProtocolError("DEADLINE", "the job's deadline has passed"));
  const left = deadline - Date.now();
  const timer = setTimeout(late, Math.min(Math.max(left, 0), LONGEST_TIMER_MS));
  cancelled.addEventListener("abort", cancel, { once: true });
  closed.addEventListener("abort", close, { once: true });
  if (closed.aborted) close();
  else if (cancelled.aborted) cancel();
  else if (left <= 0) late();
  return {
    signal: controller.signal,
    deadline,
    abort: (reason) => controller.abort(reason),
    end: () => {
      clearTimeout(timer);
      cancelled.removeEventListener("abort", cancel);
      closed.removeEventListener("abort", close);
    },
  };
}
