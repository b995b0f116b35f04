import { ProtocolError } from "./errors.js";

/** Largest values of one call. */
export interface CallLimits {
  /** Users in a call. */
  readonly users: number;
  /** Entries of one user's tree. */
  readonly entries: number;
  /** Tokens of one user's prompt. */
  readonly promptTokens: number;
  /** Prompt tokens and entries of all users together. */
  readonly callTokens: number;
  /** Token ids are below this. */
  readonly vocabulary: number;
  /** Bytes of a message, both ways. */
  readonly messageBytes: number;
}

/** A verifier that knows its model lowers `promptTokens` and `vocabulary` to what the model takes. */
export const DEFAULT_LIMITS: CallLimits = {
  users: 4096,
  entries: 65_536,
  promptTokens: 65_536,
  callTokens: 2 ** 20,
  vocabulary: 2 ** 31 - 1,
  messageBytes: 64 * 2 ** 20,
};

/**
 * The limits of a verifier.
 *
 * @throws ProtocolError BAD_OPTION where a limit is not a positive 31-bit number
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

/** Keys that a client releases with one call; the rest go with the next. */
export const MAX_RELEASED = 10_000;

/**
 * More bytes than a request within the limits can have. Numbers are looked at only in a message that
 * is not larger: unpacked, columns take many times their bytes.
 */
export function maxRequestBytes({ users, callTokens, messageBytes }: CallLimits): number {
  // A varint has up to five bytes. Per user: key, prompt length, tree size. Per entry: code (three),
  // distance, a bit. The rest is for hashes, headers, and fields of a later version.
  return Math.min(messageBytes, 15 * users + 9 * callTokens + 5 * MAX_RELEASED + 4096);
}
