/** What a server accepts from all clients together, whoever they are. */
export interface StreamLimits {
  /** Connections; beyond them, the one that was idle for longest is closed. */
  readonly connections: number;
  /** Calls in progress per connection, and in all. */
  readonly streamsPerConnection: number;
  readonly streams: number;
  /** Bytes of requests that are not complete, per connection and in all. */
  readonly bytesPerConnection: number;
  readonly bytes: number;
  /** Milliseconds that a request may take to arrive. */
  readonly requestMs: number;
  /** Milliseconds that a new connection may be silent, and that one may be without a call. */
  readonly silentMs: number;
  readonly idleMs: number;
}

/** @param requestBytes Maximum size of one request */
export function streamLimitsOf(
  requestBytes: number,
  limits: Partial<StreamLimits> = {},
): StreamLimits {
  return {
    connections: 256,
    streamsPerConnection: 256,
    streams: 2_048,
    bytesPerConnection: 2 * requestBytes,
    bytes: 4 * requestBytes,
    requestMs: 10_000,
    silentMs: 5_000,
    idleMs: 600_000,
    ...limits,
  };
}
