import type { Catalogue } from "@nightbeam/catalogue";
import {
  type BatchDecoder,
  type CandidateOptions,
  candidateDecoder,
  type DraftPolicy,
  searchDecoder,
  speculativeDecoder,
  type TargetProgram,
  widestOf,
} from "@nightbeam/decoding";
import { answersHash } from "@nightbeam/model";
import { dependsOnDraft, type ListSettings, verificationOf } from "@nightbeam/settings";
import { searchedBeams } from "../models/draft-policy.js";
import type { OpenDrafts } from "../models/open-drafts.js";
import type { RunTarget } from "../models/open-target.js";

/** How proposed items enter the lists. */
export type AcceptingOptions = Pick<
  CandidateOptions,
  "candidatesFor" | "threshold" | "newItems" | "perLevel" | "places"
>;

export interface ListDecoderParts {
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  /** Hash of the target's checkpoint. */
  readonly checkpoint: string;
  readonly drafts: Pick<OpenDrafts, "drafter" | "draftVersions">;
  readonly policy: DraftPolicy;
}

/**
 * Returns a function that makes the decoder of a run for a target: the model on this machine, or
 * verifiers for the length of a shard. All decoders share the draft and what the policy learns. A
 * target that runs whole searches without looking at drafts gets none. Without `accepting`, no items are proposed.
 */
export function listDecoders(
  settings: Pick<
    ListSettings,
    | "scoring"
    | "beamWidth"
    | "precision"
    | "device"
    | "verification"
    | "seed"
    | "temperature"
    | "drafted"
  >,
  parts: ListDecoderParts,
): (target: RunTarget, accepting?: AcceptingOptions) => BatchDecoder {
  const { scoring, precision, device = "cpu" } = settings;
  const { catalogue, checkpoint, drafts, policy } = parts;
  const beamWidth = searchedBeams(settings.beamWidth, catalogue.closingLevels);
  const { drafter, draftVersions } = drafts;
  const space = { trie: catalogue.trie, scoring };
  const verification = verificationOf(settings);
  const versionsOf = (program: TargetProgram) => ({
    // Only relaxed lists depend on the draft.
    ...(dependsOnDraft(settings) ? draftVersions : {}),
    target: answersHash({ checkpoint, precision, device, program }),
    catalogue: catalogue.hash,
  });
  return (target, accepting) => {
    const { program } = target;
    const drafting = program === "beam-search" ? {} : { drafter, policy };
    const search = { space, beamWidth, versions: versionsOf(program), ...drafting };
    // A plan with a width per level names tree calls.
    if (target.program !== "tree-scores")
      return searchDecoder({ ...search, beamWidth: widestOf(beamWidth), target: target.searcher });
    const asking = { ...search, verification, target: target.scorer };
    return accepting === undefined
      ? speculativeDecoder(asking)
      : candidateDecoder({ ...asking, ...accepting });
  };
}
