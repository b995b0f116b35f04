/**
 * The life of a client's link to one verifier.
 *
 * - `new`: nothing has been tried.
 * - `connecting`: a connection is being made; the watchdog gives it `connectTimeoutMs`.
 * - `ready`: takes calls.
 * - `suspect`: something failed. It gets no new calls until its back-off is over; calls in progress
 *   may still be answered.
 * - `wrong-model`: it holds another target, catalogue or scoring, or does not run the program. It is tried again when the
 *   directory reports a change, or after `recheckMs`.
 * - `draining`: it is shutting down; calls in progress are finished, no new ones are made.
 * - `closed`: the directory or the client has dropped it. Final.
 */
export type LinkState =
  | "new"
  | "connecting"
  | "ready"
  | "suspect"
  | "wrong-model"
  | "draining"
  | "closed";

export type LinkEvent =
  /** Start to connect. */
  | "open"
  /** The connection is up. */
  | "connected"
  /** The connection was lost while no call failed: reconnect immediately. */
  | "lost"
  /** A call failed, the connection was refused, or the watchdog gave up on it. */
  | "failed"
  /** The back-off is over. */
  | "retry"
  /** It holds another model. */
  | "refused"
  /** The verifier or the directory says that it is shutting down. */
  | "drained"
  /** The directory has news of it, so it is worth trying again. */
  | "changed"
  | "close";

const NEXT: Readonly<Record<LinkState, Readonly<Partial<Record<LinkEvent, LinkState>>>>> = {
  new: { open: "connecting", refused: "wrong-model", drained: "draining", close: "closed" },
  connecting: {
    connected: "ready",
    failed: "suspect",
    refused: "wrong-model",
    drained: "draining",
    close: "closed",
  },
  ready: {
    lost: "connecting",
    failed: "suspect",
    refused: "wrong-model",
    drained: "draining",
    close: "closed",
  },
  suspect: {
    retry: "connecting",
    changed: "connecting",
    refused: "wrong-model",
    drained: "draining",
    close: "closed",
  },
  "wrong-model": {
    retry: "connecting",
    changed: "connecting",
    lost: "connecting",
    close: "closed",
  },
  draining: {
    changed: "connecting",
    // It has shut down. Another process may take its address.
    lost: "suspect",
    failed: "suspect",
    refused: "wrong-model",
    close: "closed",
  },
  closed: {},
};

/** The state after an event; unchanged if the event does not apply to it. */
export function nextState(state: LinkState, event: LinkEvent): LinkState {
  return NEXT[state][event] ?? state;
}
