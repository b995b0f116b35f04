import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { refuseHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { PromptEncoder } from "./prompt/prompt-encoder.js";
import type { ModelPool, PoolWorker } from "./runtime/model-pool.js";

/** A model that is loaded and ready to score. */
export interface Model {
  readonly scorer: ModelPool;
  /**
   * The threads behind `scorer`, one by one, for who shares out the work itself. Their keys are those
   * of `scorer`: use one or the other.
   */
  readonly workers: readonly PoolWorker[];
  readonly encodePrompt: PromptEncoder;
  /** Longest prompt that the model takes, in tokens. */
  readonly maxPromptTokens: number;
  /** Token ids are below this. */
  readonly vocabularySize: number;
  /** SHA-256 in hex over the checkpoint as it was given. */
  readonly hash: string;
  /** Weights that every token is multiplied with: those of the decoder's linear layers. */
  readonly weightsPerToken: number;
  /** Weights that every node is multiplied with besides: the head's. */
  readonly weightsPerNode: number;
  close(): Promise<void>;
}

/** Loads a checkpoint for a catalogue. @throws ModelError; UNSUPPORTED for a heads draft */
export async function openModel(options: ModelOptions): Promise<Model> {
  const checkpoint = await openCheckpoint(options.directory);
  const { config } = checkpoint;
  refuseHeads(options.directory, config);
  const { pool, workers, prompts, hash } = await loadModel(checkpoint, options);
  const { hiddenSize, headSize, heads, keyValueHeads, intermediateSize, layers } = config;
  return {
    scorer: pool,
    workers,
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    vocabularySize: config.vocabularySize,
    hash,
    weightsPerToken:
      layers *
      hiddenSize *
      (2 * heads * headSize + 2 * keyValueHeads * headSize + 3 * intermediateSize),
    weightsPerNode: hiddenSize * config.vocabularySize,
    close: () => pool.close(),
  };
}
