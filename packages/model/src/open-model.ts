import type { ScoreAnswer, ScoreRequest, Scorer } from "@nightbeam/decoding";
import { openCheckpoint } from "./checkpoint/checkpoint.js";
import { refuseLevelHeads } from "./checkpoint/level-heads.js";
import { loadModel, type ModelOptions } from "./load-model.js";
import type { PromptEncoder } from "./prompt/prompt-encoder.js";
import type { PoolWorker } from "./runtime/model-pool.js";
import type { CacheUse } from "./runtime/runner.js";

/** A model that is loaded and ready to score. */
export interface Model {
  /** All threads, with one queue. */
  readonly scorer: Scorer;
  /**
   * The same threads one by one, for callers that share out the work themselves. Their keys are those
   * of `scorer`: use one or the other.
   */
  readonly workers: readonly ScorerThread[];
  readonly encodePrompt: PromptEncoder;
  /** Longest prompt that the model takes, in tokens. */
  readonly maxPromptTokens: number;
  /** Where `maxPromptTokens` comes from, for people. */
  readonly promptLimit: string;
  /** Token ids are below this. */
  readonly vocabularySize: number;
  /** SHA-256 in hex over the checkpoint as it was given. */
  readonly hash: string;
  /** Weights of linear layers that every token of a prompt is multiplied with. */
  readonly weightsPerPromptToken: number;
  /** Weights that every node is multiplied with, the output layer's among them. */
  readonly weightsPerNode: number;
  close(): Promise<void>;
}

/** One thread of a model. */
export interface ScorerThread extends Scorer {
  /** Whether it takes calls. */
  readonly isOpen: boolean;
  /** How its memory of prompts was used, as of its last answer. */
  readonly cacheUse: CacheUse;
}

/**
 * On a processor: as many rows as products need for their full rate. With more, keys and values of the
 * calls in progress outgrow the prompt cache and are computed again (docs/results/one-machine.md).
 */
const MAX_NODES = 2048;

/** Loads a checkpoint for a catalogue. @throws ModelError; UNSUPPORTED for a heads draft */
export async function openModel(options: ModelOptions): Promise<Model> {
  const checkpoint = await openCheckpoint(options.directory);
  const { config } = checkpoint;
  refuseLevelHeads(options.directory, config);
  const loaded = await loadModel(checkpoint, { ...options, program: "tree-scores" });
  const { pool, workers, prompts, hash } = loaded;
  const { architecture } = config;
  const { vocabularySize, hiddenSize, weightsPerPromptToken } = architecture;
  return {
    scorer: {
      score: (requests) => pool.run(requests),
      release: (keys) => pool.release(keys),
      maxNodes:
        options.device === undefined || options.device.kind === "cpu" ? MAX_NODES : undefined,
    },
    workers: workers.map(scorerThread),
    encodePrompt: prompts.encodePrompt,
    maxPromptTokens: prompts.maxPromptTokens,
    promptLimit: prompts.promptLimit,
    vocabularySize,
    hash,
    weightsPerPromptToken,
    weightsPerNode: architecture.weightsPerNode + hiddenSize * vocabularySize,
    close: () => pool.close(),
  };
}

function scorerThread(
  worker: PoolWorker<ScoreRequest, ScoreAnswer> & Pick<ScorerThread, "cacheUse">,
): ScorerThread {
  return {
    score: (requests) => worker.run(requests),
    release: (keys) => worker.release(keys),
    get isOpen() {
      return worker.isOpen;
    },
    get cacheUse() {
      return worker.cacheUse;
    },
  };
}
