import { ProtocolError } from "./errors.js";

/** The limits of one call. */
export interface CallLimits {
  /** Users in a call. */
  readonly users: number;
  /** Entries of one user's tree, wanted or drafted. */
  readonly entries: number;
  /** Tokens of one user's prompt. */
  readonly promptTokens: number;
  /** Prompt tokens and entries of all users together; in a whole search also the closed paths. */
  readonly callTokens: number;
  /** Token ids are below this. */
  readonly vocabulary: number;
  /** Bytes of a message, both ways. */
  readonly messageBytes: number;
  /** Beam width of a whole search. */
  readonly beamWidth: number;
  /** Closed paths of one user of a whole search, those closed for all included. */
  readonly closedPaths: number;
}

/** A verifier lowers `promptTokens`, `vocabulary` and what its programs take to the limits of its model. */
export const DEFAULT_LIMITS: CallLimits = {
  users: 4096,
  entries: 65_536,
  promptTokens: 65_536,
  callTokens: 2 ** 20,
  vocabulary: 2 ** 31 - 1,
  messageBytes: 64 * 2 ** 20,
  beamWidth: 1000,
  closedPaths: 65_536,
};

/**
 * The limits of a verifier.
 *
 * @throws ProtocolError BAD_OPTION if a limit is not a positive 31-bit number
 */
export function limitsOf(limits: Partial<CallLimits> = {}): CallLimits {
  const all = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isInteger(value) || value < 1 || value >= 2 ** 31) {
      throw new ProtocolError("BAD_OPTION", `limit ${name} is ${value}: give 1 to 2^31 - 1`);
    }
  }
  return all;
}

/** Maximum of keys that a client releases per call; the others are sent with the next one. */
export const MAX_RELEASED = 10_000;

/**
 * The maximum size of a request within the limits. Larger messages are refused when their length is announced:
 * decoded columns take many times their bytes.
 */
export function maxRequestBytes({ users, callTokens, messageBytes }: CallLimits): number {
  // A varint has up to five bytes. Per user: key, prompt length, tree size, or three sizes of a whole
  // search. Per entry: code (three), distance, a bit; per closed path five. The rest is for hashes,
  // headers, and fields of a later version.
  return Math.min(messageBytes, 15 * users + 9 * callTokens + 5 * MAX_RELEASED + 4096);
}
