import type { Verification } from "@nightbeam/decoding";
import { DEFAULTS } from "./defaults.js";

/** Verification options as the user gave them. */
export interface VerificationOptions {
  /** Default: strict. */
  readonly verification?: Verification["kind"] | undefined;
  /** A whole number of at least 0. Default: 0. */
  readonly seed?: number | undefined;
  /** Above 0. Default: 1. */
  readonly temperature?: number | undefined;
  /** Default: sampled. */
  readonly drafted?: "sampled" | "beam" | undefined;
}

/** What relaxed lists depend on as well. */
export interface DraftSettings {
  /** As `parseDraftName` reads them. */
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
}

/** Returns how lists are made, with every default, from settings that obey the rules. */
export function verificationOf(options: VerificationOptions): Verification {
  const {
    verification: kind = DEFAULTS.verification,
    seed = DEFAULTS.seed,
    temperature = DEFAULTS.temperature,
    drafted = DEFAULTS.drafted,
  } = options;
  switch (kind) {
    case "strict":
      return { kind };
    case "sampled":
      return { kind, seed, temperature };
    case "relaxed":
      return { kind, seed, temperature, drafted };
    default:
      return kind satisfies never;
  }
}

/** Settings of drawn lists, with every default. */
interface SamplingSettings {
  readonly verification?: "sampled" | "relaxed";
  readonly seed?: number;
  readonly temperature?: number;
  readonly drafted?: "sampled" | "beam";
}

/** Returns what a request says about drawn lists: nothing if lists are strict. */
export function samplingSettings(options: VerificationOptions): SamplingSettings {
  const { kind, ...how } = verificationOf(options);
  return kind === "strict" ? {} : { verification: kind, ...how };
}

/** Whether lists depend on the drafts, so that a run cannot continue with others. */
export function dependsOnDraft({ verification }: VerificationOptions): boolean {
  return verification === "relaxed";
}

/** Returns the beam width of settings without one. */
export function usualBeamWidth(options: VerificationOptions & { readonly topK: number }): number {
  const { topK, verification } = options;
  // More beams than the list has items make a search more exact, but leave a sample's first items as they are.
  return verification === "sampled" ? topK : Math.max(DEFAULTS.beamWidth, topK);
}
