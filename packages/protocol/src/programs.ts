import { TARGET_PROGRAMS, type TargetProgram } from "@nightbeam/decoding";
import { Program } from "./generated/nightbeam/verifier/v1/verifier.js";

const MESSAGES: Readonly<Record<TargetProgram, Program>> = {
  "tree-scores": Program.PROGRAM_TREE_SCORES,
  "beam-search": Program.PROGRAM_BEAM_SEARCH,
  "verify-tree": Program.PROGRAM_VERIFY_TREE,
};

/** A program as messages write it. */
export function programMessage(program: TargetProgram): Program {
  return MESSAGES[program];
}

/** The program that a message names. Undefined for one that this version does not know. */
export function programOf(message: Program): TargetProgram | undefined {
  return TARGET_PROGRAMS.find((program) => MESSAGES[program] === message);
}
