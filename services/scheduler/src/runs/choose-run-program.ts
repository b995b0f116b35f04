import type { Catalogue } from "@nightbeam/catalogue";
import { answersHash } from "@nightbeam/model";
import { type ProgramChoice, programFor } from "@nightbeam/recommend";
import type { RunPlan } from "@nightbeam/run";
import type { RunRequest } from "@nightbeam/settings";
import { type LiveVerifiers, programsHolding } from "./live-verifiers.js";

export interface RunProgramOptions {
  readonly live: LiveVerifiers;
  readonly catalogue: Catalogue;
  /** Code paths that the run's lists of items close. */
  readonly closedPaths: number;
  /** Hash of the target's checkpoint. */
  readonly checkpoint: string;
  /** The plan, if the run was planned before. */
  readonly standing: RunPlan | undefined;
}

/**
 * Chooses what verifiers run a run's target for, by the costs of those that are announced and hold it. It is chosen
 * once, when the run is planned; all shards use it.
 *
 * @throws RecommendError BAD_SEARCH
 */
export function chooseRunProgram(request: RunRequest, options: RunProgramOptions): ProgramChoice {
  const { live, catalogue, closedPaths, checkpoint, standing } = options;
  const { precision, scoring, device = "cpu" } = request;
  const target = answersHash({ checkpoint, precision, device });
  const asked = { target, catalogue: catalogue.hash, scoring };
  const programs = programsHolding(live, asked);
  return programFor({ settings: request, programs, trie: catalogue.trie, closedPaths }, standing);
}
