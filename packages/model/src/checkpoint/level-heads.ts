import { join } from "node:path";
import { ModelError } from "../errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { describeCheckpoint } from "./describe.js";
import type { ModelConfig } from "./model-config.js";

/** Whether a checkpoint is a heads draft: `openLevelHeads` opens it, `openModel` does not. @throws ModelError */
export async function isLevelHeadsCheckpoint(directory: string): Promise<boolean> {
  return (await describeCheckpoint(directory)).config.levelHeads !== undefined;
}

/** @throws ModelError UNSUPPORTED for a heads draft, if an ordinary model is needed */
export function refuseLevelHeads(directory: string, config: ModelConfig): void {
  if (config.levelHeads === undefined) return;
  throw new ModelError(
    "UNSUPPORTED",
    `${directory} is a heads draft (config.json, nightbeam_heads), which guesses all levels at once and does not score prefixes; use it as a draft`,
  );
}

/** @throws ModelError UNSUPPORTED for an ordinary model; BAD_CHECKPOINT if blocks and levels do not match */
export function checkLevelHeads({ directory, config, promptSpec }: Checkpoint): void {
  if (config.levelHeads === undefined) {
    throw new ModelError(
      "UNSUPPORTED",
      `${directory} is not a heads draft: its config.json has no nightbeam_heads`,
    );
  }
  const needed = promptSpec.levels - 2;
  if (config.levelHeads === needed) return;
  throw new ModelError(
    "BAD_CHECKPOINT",
    `${join(directory, "config.json")}: nightbeam_heads is ${config.levelHeads}; ${promptSpec.levels} levels (nightbeam.json) need ${needed}: all but the first and the last`,
  );
}
