import { join } from "node:path";
import { ModelError } from "../errors.js";
import type { Checkpoint } from "./checkpoint.js";
import { type ModelConfig, readModelConfig } from "./model-config.js";

/** Whether a checkpoint is a heads draft: `openHeads` opens it, `openModel` does not. @throws ModelError */
export async function isHeadsCheckpoint(directory: string): Promise<boolean> {
  return (await readModelConfig(directory)).levelHeads !== undefined;
}

/** @throws ModelError UNSUPPORTED where a model that knows prefixes is needed, and this one has heads */
export function refuseHeads(directory: string, config: ModelConfig): void {
  if (config.levelHeads === undefined) return;
  throw new ModelError(
    "UNSUPPORTED",
    `${directory} is a heads draft (config.json, nightbeam_heads), which guesses all levels at once and knows nothing of prefixes; it can be a --draft, and nothing else`,
  );
}

/** @throws ModelError UNSUPPORTED for an ordinary model; BAD_CHECKPOINT where the blocks do not go with the levels */
export function checkHeads({ directory, config, promptSpec }: Checkpoint): void {
  if (config.levelHeads === undefined) {
    throw new ModelError(
      "UNSUPPORTED",
      `${directory} is no heads draft: its config.json has no nightbeam_heads`,
    );
  }
  const needed = promptSpec.levels - 2;
  if (config.levelHeads === needed) return;
  throw new ModelError(
    "BAD_CHECKPOINT",
    `${join(directory, "config.json")}: nightbeam_heads is ${config.levelHeads}; ${promptSpec.levels} levels (nightbeam.json) need ${needed}: all but the first and the last`,
  );
}
