/** The intervals and timeouts of the control plane. */
export interface ControlTiming {
  /** Interval between heartbeats. */
  readonly heartbeatMs: number;
  /** A node without a heartbeat for this long is gone; also the grace time after a reconnection. */
  readonly expiryMs: number;
  /**
   * Interval between pings of the NATS server; the third without an answer ends the connection. Three
   * intervals must be shorter than `expiryMs`, so that a silent server is not taken for dead nodes.
   */
  readonly pingMs: number;
  /** Timeout of a connection attempt. */
  readonly connectMs: number;
  /** Pause between connection attempts; a random time of up to the same length is added. */
  readonly reconnectMs: number;
  /** Timeout of a request to NATS. */
  readonly requestMs: number;
  /** How long `close` may wait for the last messages to be sent. */
  readonly closeMs: number;
  /** Interval between reads of watched rollouts, in case a push was lost. */
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
