import { levelHeads } from "./level-heads.js";
import type { Program, ProgramName, ProgramSetup, RequestOf, ResultOf } from "./program.js";
import { treeScores } from "./tree-scores.js";

type Programs = {
  readonly [Name in ProgramName]: (setup: ProgramSetup) => Program<RequestOf<Name>, ResultOf<Name>>;
};

const PROGRAMS: Programs = { "tree-scores": treeScores, "level-heads": levelHeads };

/** The program of this name, for a model and a catalogue. */
export function openProgram<Name extends ProgramName>(
  name: Name,
  setup: ProgramSetup,
): Program<RequestOf<Name>, ResultOf<Name>> {
  return PROGRAMS[name](setup);
}
