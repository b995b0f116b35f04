import { oneOf, positive, UsageError, wholeNumber } from "@nightbeam/command";
import type { Verification } from "@nightbeam/decoding";
import type { z } from "zod";

/** The keys that say what a list is. */
export const verificationFields = {
  verification: oneOf(["strict", "sampled"]).default("strict"),
  seed: wholeNumber(0).optional(),
  temperature: positive.optional(),
};

/** What was given of them. */
export type VerificationOptions = {
  readonly [Key in keyof typeof verificationFields]?: z.output<(typeof verificationFields)[Key]>;
};

/**
 * What a list is, from the options: strict lists are found, the others drawn, from seed 0 at
 * temperature 1 where nothing else is said.
 *
 * @throws UsageError BAD_OPTION where something is said about drawing and nothing is drawn
 */
export function verificationOf(options: VerificationOptions): Verification {
  const { verification: kind = "strict", seed, temperature } = options;
  if (kind === "strict") {
    if (seed !== undefined) throw needsDrawing("--seed");
    if (temperature !== undefined) throw needsDrawing("--temperature");
    return { kind };
  }
  return { kind, seed: seed ?? 0, temperature: temperature ?? 1 };
}

/** What of it decides the result, for a plan. Strict lists are what plans without it have. */
export function plannedVerification(options: VerificationOptions): Record<string, string | number> {
  const { kind: verification, ...how } = verificationOf(options);
  return verification === "strict" ? {} : { verification, ...how };
}

function needsDrawing(flag: string): UsageError {
  return new UsageError(
    "BAD_OPTION",
    `${flag} needs --verification sampled: strict lists are not drawn`,
  );
}
