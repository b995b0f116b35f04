import type { LevelHeadsScorer } from "@nightbeam/decoding";
import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { checkLevelHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { Model } from "./open-model.js";

/** A heads draft that is loaded and ready to guess. */
export interface LevelHeadsModel extends Pick<Model, "encodePrompt" | "maxPromptTokens" | "hash"> {
  readonly scorer: LevelHeadsScorer;
  close(): Promise<void>;
}

/**
 * Loads a heads draft for a catalogue. It is asked once per user, so nothing is kept between calls.
 *
 * @throws ModelError; UNSUPPORTED for an ordinary model, BAD_CHECKPOINT for too few or too many heads
 */
export async function openLevelHeads(
  options: Omit<ModelOptions, "cacheBytes">,
): Promise<LevelHeadsModel> {
  const checkpoint = await openCheckpoint(options.directory);
  checkLevelHeads(checkpoint);
  const loaded = await loadModel(checkpoint, { ...options, cacheBytes: 0, program: "level-heads" });
  const { pool, prompts, hash } = loaded;
  return {
    scorer: {
      levelLogProbs: (requests) => pool.run(requests),
      release: (keys) => pool.release(keys),
    },
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    hash,
    close: () => pool.close(),
  };
}
