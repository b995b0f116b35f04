import type { HeadsScorer } from "@nightbeam/decoding";
import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { checkHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { Model } from "./open-model.js";
import { PooledHeads } from "./runtime/pooled-heads.js";

/** A heads draft that is loaded and ready to guess. */
export interface HeadsModel extends Pick<Model, "encodePrompt" | "maxPromptTokens" | "hash"> {
  readonly scorer: HeadsScorer;
  close(): Promise<void>;
}

/**
 * Loads a heads draft for a catalogue. It is asked once a user, so nothing is kept between calls.
 *
 * @throws ModelError; UNSUPPORTED for an ordinary model, BAD_CHECKPOINT for too few or too many heads
 */
export async function openHeads(options: Omit<ModelOptions, "cacheBytes">): Promise<HeadsModel> {
  const checkpoint = await openCheckpoint(options.directory);
  checkHeads(checkpoint);
  const { pool, prompts, hash } = await loadModel(checkpoint, { ...options, cacheBytes: 0 });
  const sizes = prompts.codeTokens.slice(0, -1).map(({ length }) => length);
  return {
    scorer: new PooledHeads(pool, sizes),
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    hash,
    close: () => pool.close(),
  };
}
