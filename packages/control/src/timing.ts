/** How fast the control plane goes. */
export interface ControlTiming {
  /** Between two heartbeats of a node. */
  readonly heartbeatMs: number;
  /** A node that was silent for so long is gone; also the grace after a reconnection. */
  readonly expiryMs: number;
  /**
   * Between two pings of the NATS server; the third without an answer ends the connection. Three of
   * them must be shorter than `expiryMs`: a server that went silent must be known to be away before
   * the nodes behind it seem dead.
   */
  readonly pingMs: number;
  /** How long a server may take to answer a connection. */
  readonly connectMs: number;
  /** Between two rounds of connecting; up to as much again is added at random. */
  readonly reconnectMs: number;
  /** How long a request to NATS may take. */
  readonly requestMs: number;
  /** How long closing may wait for the last messages to leave. */
  readonly closeMs: number;
  /** Between two readings of watched rollouts, for the case that a hint was lost. */
  readonly rereadMs: number;
}

export const DEFAULT_TIMING: ControlTiming = {
  heartbeatMs: 1_000,
  expiryMs: 5_000,
  pingMs: 1_000,
  connectMs: 2_000,
  reconnectMs: 250,
  requestMs: 2_000,
  closeMs: 500,
  rereadMs: 30_000,
};
