import { TARGET_PROGRAMS, type TargetProgram } from "@nightbeam/decoding";
import type { RunPlan } from "@nightbeam/run";
import { programNamed } from "@nightbeam/settings";
import { chooseProgram, type ProgramChoice, type ProgramOptions } from "./choose-program.js";

/**
 * A run uses one program from its first part to its last, because programs may round differently: its plan names it
 * among the versions, and why among the arguments. Plans of tree calls say nothing.
 */
export interface PlannedProgram {
  readonly versions: Readonly<Record<string, string>>;
  readonly arguments: Readonly<Record<string, string>>;
}

/** What a plan says about a program. */
export function plannedProgram({ program, reason }: ProgramChoice): PlannedProgram {
  if (program === "tree-scores") return { versions: {}, arguments: {} };
  return { versions: { program }, arguments: { searchReason: reason } };
}

/** The program that a plan names. */
export function programOfPlan({ versions }: Pick<RunPlan, "versions">): TargetProgram {
  return TARGET_PROGRAMS.find((program) => program === versions.program) ?? "tree-scores";
}

/**
 * Chooses the program of a run that may have been planned before. Then the plan's program stays, as long as
 * `search` names no other one: the measured costs may have changed.
 *
 * @throws RecommendError as `chooseProgram`
 */
export function programFor(options: ProgramOptions, standing: RunPlan | undefined): ProgramChoice {
  if (standing === undefined) return chooseProgram(options);
  const program = programOfPlan(standing);
  const named = programNamed(options.settings.search ?? "auto");
  if (named !== undefined && named !== program) return chooseProgram(options);
  const { searchReason } = standing.arguments;
  const reason = typeof searchReason === "string" ? searchReason : "the run was begun with these";
  return { program, reason };
}
