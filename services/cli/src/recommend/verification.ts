import { oneOf, positive, UsageError, wholeNumber } from "@nightbeam/command";
import type { Verification } from "@nightbeam/decoding";
import { parseDraftName } from "@nightbeam/recommend";
import type { z } from "zod";

/** The keys that say what a list is. */
export const verificationFields = {
  verification: oneOf(["strict", "sampled", "relaxed"]).default("strict"),
  seed: wholeNumber(0).optional(),
  temperature: positive.optional(),
  drafted: oneOf(["sampled", "beam"]).optional(),
};

/** What was given of them. */
type Given = {
  readonly [Key in keyof typeof verificationFields]?: z.output<(typeof verificationFields)[Key]>;
};

/** What a relaxed list depends on besides. */
interface Drafting {
  readonly draft: readonly string[];
  readonly draftWidth: "auto" | readonly number[];
  readonly teacherLog?: string | undefined;
}

/**
 * What a list is, from the options: strict lists are found, the others drawn, from seed 0 at
 * temperature 1 where nothing else is said.
 *
 * @throws UsageError BAD_OPTION where something is said about drawing and nothing is drawn
 */
export function verificationOf(options: Given): Verification {
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
 * @throws UsageError BAD_OPTION; RecommendError BAD_DRAFT
 */
export function checkRelaxed(options: Given & Drafting): void {
  if (options.verification !== "relaxed") return;
  const { draft, draftWidth, teacherLog } = options;
  if (draft.length > 1)
    throw refused("--verification relaxed takes one --draft: lists depend on what it drafts from");
  for (const name of draft) {
    const { kind } = parseDraftName(name);
    if (kind !== "checkpoint" && kind !== "transitions") {
      throw refused(
        `--verification relaxed cannot draw from --draft ${name}: give a checkpoint, or transitions`,
      );
    }
  }
  if (draft.length > 0 && draftWidth === "auto")
    throw refused(
      "--verification relaxed needs a --draft-width in numbers, such as 40: lists depend on it, and auto follows the machine's speed",
    );
  if (teacherLog !== undefined)
    throw refused(
      "--teacher-log needs --verification strict or sampled: a relaxed run asks what its draft makes it ask",
    );
}

/** What of it decides the result, for a plan. Strict lists are what plans without it have. */
export function plannedVerification(
  options: Given & Drafting,
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
export function dependsOnDraft({ verification }: Given): boolean {
  return verification === "relaxed";
}

function refused(message: string): UsageError {
  return new UsageError("BAD_OPTION", message);
}
