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
 * - `distrusted`: it gave a wrong answer. It gets no calls until the trust book says so, whatever the
 *   directory reports; those in progress are given up.
 * - `draining`: it is shutting down; calls in progress are finished, no new ones are made.
 * - `closed`: the directory or the client has dropped it. Final.
 */
export type LinkState =
  | "new"
  | "connecting"
  | "ready"
  | "suspect"
  | "wrong-model"
  | "distrusted"
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
  /** It gave a wrong answer, in this run or an earlier one. */
  | "distrusted"
  /** The verifier or the directory says that it is shutting down. */
  | "drained"
  /** The directory has news of it, so it is worth trying again. */
  | "changed"
  | "close";

type Transitions = Readonly<Partial<Record<LinkEvent, LinkState>>>;

/** What can happen to a link in every state but the last. */
const ALWAYS: Transitions = { distrusted: "distrusted", close: "closed" };

const NEXT: Readonly<Record<LinkState, Transitions>> = {
  new: { ...ALWAYS, open: "connecting", refused: "wrong-model", drained: "draining" },
  connecting: {
    ...ALWAYS,
    connected: "ready",
    failed: "suspect",
    refused: "wrong-model",
    drained: "draining",
  },
  ready: {
    ...ALWAYS,
    lost: "connecting",
    failed: "suspect",
    refused: "wrong-model",
    drained: "draining",
  },
  suspect: {
    ...ALWAYS,
    retry: "connecting",
    changed: "connecting",
    refused: "wrong-model",
    drained: "draining",
  },
  "wrong-model": {
    ...ALWAYS,
    retry: "connecting",
    changed: "connecting",
    lost: "connecting",
  },
  distrusted: { retry: "connecting", close: "closed" },
  draining: {
    ...ALWAYS,
    changed: "connecting",
    // It has shut down. Another process may take its address.
    lost: "suspect",
    failed: "suspect",
    refused: "wrong-model",
  },
  closed: {},
};

/** The state after an event; unchanged if the event does not apply to it. */
export function nextState(state: LinkState, event: LinkEvent): LinkState {
  return NEXT[state][event] ?? state;
}
