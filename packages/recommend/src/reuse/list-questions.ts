import type { Catalogue } from "@nightbeam/catalogue";
import { QuestionHasher, type TargetProgram, type UserQuestion } from "@nightbeam/decoding";
import { answersHash } from "@nightbeam/model";
import { QUESTION_BYTES } from "@nightbeam/run";
import { dependsOnDraft, type ListSettings, verificationOf } from "@nightbeam/settings";
import { searchedBeams } from "../models/draft-policy.js";

/** Returns what identifies a user's question but for the catalogue. Shape [QUESTION_BYTES]. */
export type ListQuestions = (user: UserQuestion) => Uint8Array;

/**
 * Returns a function that hashes users' questions without the catalogue: equal hashes have equal lists in equal
 * catalogues, and in others while the answer holds.
 *
 * @returns undefined if lists depend on more than questions: on the draft, or on candidates
 */
export function listQuestions(
  settings: Pick<
    ListSettings,
    | ("scoring" | "beamWidth" | "precision" | "device")
    | ("verification" | "seed" | "temperature" | "drafted")
  >,
  run: {
    /** The catalogue that is searched. */
    readonly catalogue: Catalogue;
    /** Hash of the target's checkpoint. */
    readonly checkpoint: string;
    readonly program: TargetProgram;
    readonly hasCandidates: boolean;
    /**
     * Whether users belong to groups with different items. Otherwise what is closed for all users counts as missing in the
     * catalogue, if scores do not depend on siblings.
     */
    readonly hasGroups: boolean;
  },
): ListQuestions | undefined {
  const { scoring, precision, device = "cpu" } = settings;
  const { catalogue, checkpoint, program, hasCandidates, hasGroups } = run;
  if (hasCandidates || dependsOnDraft(settings)) return undefined;
  const verification = verificationOf(settings);
  const questions = new QuestionHasher({
    space: { trie: catalogue.trie, scoring },
    beamWidth: searchedBeams(settings.beamWidth, catalogue.closingLevels),
    verification,
    versions: { target: answersHash({ checkpoint, precision, device, program }) },
  });
  // Where siblings share a probability, sums round differently with closed siblings than without them.
  const isShared = scoring === "renormalized" || verification.kind !== "strict";
  return (user) => {
    const { exclusion } = user;
    const asked =
      hasGroups || isShared ? user : { ...user, exclusion: { ...exclusion, base: undefined } };
    return Buffer.from(questions.questionOf(asked), "hex").subarray(0, QUESTION_BYTES);
  };
}
