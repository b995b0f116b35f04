/**
 * The life of a client's link to one verifier.
 *
 * - `new`: nothing has been tried.
 * - `connecting`: a connection is being made; the watchdog gives it `connectTimeoutMs`.
 * - `ready`: takes calls.
 * - `suspect`: something failed. It gets no new calls until its back-off is over; those under way
 *   may still be answered.
 * - `wrong-model`: it holds another target, catalogue or scoring, and is left alone until the
 *   directory says something new, or for `recheckMs`.
 * - `draining`: it is going down; calls under way are finished, no new ones begun.
 * - `closed`: the directory or the client has dropped it. The end.
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
  /** Begin. */
  | "open"
  /** The connection is up. */
  | "connected"
  /** The connection went away without a call's failing: it is made again at once. */
  | "lost"
  /** A call failed, the connection was refused, or the watchdog gave up on it. */
  | "failed"
  /** The back-off is over. */
  | "retry"
  /** It holds another model. */
  | "refused"
  /** It said, or the directory says, that it is going down. */
  | "drained"
  /** The directory says something new of it, which speaks for trying again. */
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
    // It has gone down. Something else may come up at its address.
    lost: "suspect",
    failed: "suspect",
    refused: "wrong-model",
    close: "closed",
  },
  closed: {},
};

/** The state after an event; the same one where the event means nothing in it. */
export function nextState(state: LinkState, event: LinkEvent): LinkState {
  return NEXT[state][event] ?? state;
}
