import { ProtocolError } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";

/** How a client calls, and how long it waits for what. */
export interface ClientLimits {
  /** Bytes of a message, both ways. */
  readonly messageBytes: number;
  /** Users that go in one call; more are sent as several calls. */
  readonly usersPerCall: number;
  /** Rows (prompt tokens and entries) that go in one call. */
  readonly tokensPerCall: number;
  /** A verifier that has not answered by then is given up, and another one asked. */
  readonly tryTimeoutMs: number;
  /** Time that a call spends without any verifier to ask, in all, before it fails with NO_VERIFIER. */
  readonly patienceMs: number;
  /** A connection that is not up by then is given up. */
  readonly connectTimeoutMs: number;
  /** Silence after which a verifier is asked whether it lives, and how long it has to say so. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** How long a verifier that failed is left alone: at first, and at most. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** How long one that holds another model is left alone, where the directory does not say so. */
  readonly recheckMs: number;
  /** Retries that may be made at once, and how many more become possible per second. */
  readonly retryBurst: number;
  readonly retriesPerSecond: number;
}

const DEFAULTS: ClientLimits = {
  messageBytes: DEFAULT_LIMITS.messageBytes,
  usersPerCall: 1024,
  tokensPerCall: DEFAULT_LIMITS.callTokens,
  tryTimeoutMs: 30_000,
  patienceMs: 30_000,
  connectTimeoutMs: 2_000,
  keepaliveMs: 2_000,
  keepaliveTimeoutMs: 2_000,
  firstBackoffMs: 250,
  longestBackoffMs: 10_000,
  recheckMs: 30_000,
  retryBurst: 100,
  retriesPerSecond: 10,
};

/** @throws ProtocolError BAD_OPTION */
export function clientLimitsOf(limits: Partial<ClientLimits> = {}): ClientLimits {
  const all = { ...DEFAULTS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!(value > 0) || value >= 2 ** 31) {
      throw new ProtocolError(
        "BAD_OPTION",
        `limit ${name} is ${value}: give more than 0, less than 2^31`,
      );
    }
  }
  return all;
}
