import { ProtocolError } from "../errors.js";
import { DEFAULT_LIMITS } from "../limits.js";

/** How a client calls, and how long it waits for what. */
export interface ClientLimits {
  /** Bytes of a message, both ways. */
  readonly messageBytes: number;
  /** Maximum users per call; more are sent as several calls. */
  readonly usersPerCall: number;
  /** Maximum rows (prompt tokens and nodes) per call. */
  readonly tokensPerCall: number;
  /** Time that a verifier has to answer; after it, another verifier is asked. */
  readonly tryTimeoutMs: number;
  /** Total time that a call waits without a usable verifier before it fails with NO_VERIFIER. */
  readonly patienceMs: number;
  /** Time that a connection attempt may take. */
  readonly connectTimeoutMs: number;
  /** Silence after which a keepalive ping is sent, and the time that its answer may take. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Back-off after a failure of a verifier: the first, and the longest. */
  readonly firstBackoffMs: number;
  readonly longestBackoffMs: number;
  /** Pause before a verifier with another model is tried again, unless the directory says that it has changed. */
  readonly recheckMs: number;
  /** How long a verifier is not asked after a wrong answer: the first time, and the longest. */
  readonly distrustMs: number;
  readonly longestDistrustMs: number;
  /** Retries that may be made in a burst, and how many more are allowed per second. */
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
  distrustMs: 60_000,
  longestDistrustMs: 3_600_000,
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
