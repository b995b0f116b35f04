import type { Scoring } from "@nightbeam/decoding";
import { ProtocolError } from "./errors.js";
import { Scoring as ScoringMessage } from "./generated/nightbeam/verifier/v1/verifier.js";

/** What must be the same at client and verifier. Hashes are in hex. */
export interface Identity {
  /** SHA-256 of the target. */
  readonly target: string;
  /** Content hash of the catalogue. */
  readonly catalogue: string;
  readonly scoring: Scoring;
}

/** An identity in a message. */
export interface IdentityMessage {
  readonly target: Uint8Array;
  readonly catalogue: Uint8Array;
  readonly scoring: ScoringMessage;
}

const HASH = /^[0-9a-f]{64}$/;

const SCORINGS: Readonly<Record<Scoring, ScoringMessage>> = {
  full: ScoringMessage.SCORING_FULL,
  renormalized: ScoringMessage.SCORING_RENORMALIZED,
};

/** Encodes an identity. @throws ProtocolError BAD_OPTION if a hash is not 64 lower-case hexadecimal digits */
export function identityMessage(identity: Identity): IdentityMessage {
  return {
    target: bytesOf("target", identity.target),
    catalogue: bytesOf("catalogue", identity.catalogue),
    scoring: SCORINGS[identity.scoring],
  };
}

function bytesOf(name: string, hash: string): Uint8Array {
  if (HASH.test(hash)) return Uint8Array.from(Buffer.from(hash, "hex"));
  throw new ProtocolError(
    "BAD_OPTION",
    `the hash of the ${name} is ${JSON.stringify(hash)}: give its SHA-256 as 64 lower-case hexadecimal digits`,
  );
}

/**
 * Checks that a request is for a verifier with this identity.
 *
 * @throws ProtocolError WRONG_MODEL, which names the identity and what was asked for
 */
export function checkIdentity(held: IdentityMessage, asked: IdentityMessage): void {
  const differences: string[] = [];
  for (const name of ["target", "catalogue"] as const) {
    if (Buffer.compare(held[name], asked[name]) !== 0) {
      differences.push(`${name} ${nameOf(held[name])}, not ${nameOf(asked[name])}`);
    }
  }
  if (held.scoring !== asked.scoring) {
    differences.push(`scoring ${scoringName(held.scoring)}, not ${scoringName(asked.scoring)}`);
  }
  if (differences.length === 0) return;
  throw new ProtocolError("WRONG_MODEL", `this verifier has ${differences.join("; ")}`);
}

function nameOf(hash: Uint8Array): string {
  return hash.length === 0 ? "(none)" : Buffer.from(hash.subarray(0, 32)).toString("hex");
}

function scoringName(scoring: ScoringMessage): string {
  const known = Object.entries(SCORINGS).find(([, message]) => message === scoring);
  return known?.[0] ?? `number ${scoring}`;
}
