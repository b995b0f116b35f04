import type { Verification } from "@nightbeam/decoding";
import { parseDraftName } from "./draft-name.js";
import { SettingsError } from "./errors.js";

/** What a person says about what a list is. */
export interface GivenVerification {
  /** Absent: strict. */
  readonly verification?: Verification["kind"] | undefined;
  /** A whole number of at least 0; absent: 0. */
  readonly seed?: number | undefined;
  /** Above 0; absent: 1. */
  readonly temperature?: number | undefined;
  /** Absent: sampled. */
  readonly drafted?: "sampled" | "beam" | undefined;
}

/** What a relaxed list depends on besides. */
interface Drafting {
  /** As `parseDraftName` reads them. */
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
  readonly teacherLog?: string | undefined;
}

/**
 * What a list is, from the options: strict lists are found, the others drawn, from seed 0 at
 * temperature 1 where nothing else is said.
 *
 * @throws SettingsError BAD_VERIFICATION where something is said about drawing and nothing is drawn
 */
export function verificationOf(options: GivenVerification): Verification {
  const { verification: kind = "strict", seed = 0, temperature = 1, drafted } = options;
  if (kind !== "relaxed" && drafted !== undefined)
    throw refused("--drafted needs --verification relaxed: no other list depends on the draft");
  if (kind === "strict") {
    for (const flag of ["seed", "temperature"] as const) {
      if (options[flag] !== undefined)
        throw refused(
          `--${flag} needs --verification sampled or relaxed: strict lists are not drawn`,
        );
    }
    return { kind };
  }
  if (kind === "sampled") return { kind, seed, temperature };
  return { kind, seed, temperature, drafted: drafted ?? "sampled" };
}

/**
 * Refuses what a relaxed run cannot have.
 *
 * @throws SettingsError BAD_VERIFICATION, BAD_DRAFT
 */
export function checkRelaxed(options: GivenVerification & Drafting): void {
  if (options.verification !== "relaxed") return;
  const { draft, draftWidth, teacherLog } = options;
  if (draft.length > 1)
    throw refused("--verification relaxed takes one --draft: lists depend on what it drafts from");
  const undrawn = draft.find((name) => !canBeDrawnFrom(name));
  if (undrawn !== undefined)
    throw refused(
      `--verification relaxed cannot draw from --draft ${undrawn}: give a checkpoint, transitions or retrieval`,
    );
  if (draft.length > 0 && draftWidth === "auto")
    throw refused(
      "--verification relaxed needs a --draft-width in numbers, such as 40: lists depend on it, and auto follows the machine's speed",
    );
  if (teacherLog !== undefined)
    throw refused(
      "--teacher-log needs --verification strict or sampled: a relaxed run asks what its draft makes it ask",
    );
}

/**
 * Whether a draft has probabilities to draw by; lists have none.
 *
 * @throws SettingsError BAD_DRAFT
 */
export function canBeDrawnFrom(draft: string): boolean {
  return ["checkpoint", "transitions", "retrieval"].includes(parseDraftName(draft).kind);
}

/** What of it decides the result, for a plan. Strict lists are what plans without it have. */
export function plannedVerification(
  options: GivenVerification & Drafting,
): Record<string, string | number | number[] | null> {
  const { kind: verification, ...how } = verificationOf(options);
  if (verification === "strict") return {};
  if (verification === "sampled") return { verification, ...how };
  const [draft] = options.draft;
  // The model that drafts is among the versions.
  const kind = draft === undefined ? null : parseDraftName(draft).kind;
  const drafter = kind === "checkpoint" ? "model" : kind;
  const { draftWidth: widths } = options;
  const draftWidth = drafter === null || widths === "auto" ? null : [...widths];
  return { verification, ...how, drafter, draftWidth };
}

/** Whether lists depend on the drafts, so that a run cannot go on with others. */
export function dependsOnDraft({ verification }: GivenVerification): boolean {
  return verification === "relaxed";
}

/** Beams that a search keeps where nobody says how many. */
export function usualBeamWidth(options: GivenVerification & { readonly topK: number }): number {
  const { topK, verification } = options;
  // Beams beyond the list make a search more exact; a sample has its first ones whatever its length.
  return verification === "sampled" ? topK : Math.max(20, topK);
}

function refused(message: string): SettingsError {
  return new SettingsError("BAD_VERIFICATION", message);
}
