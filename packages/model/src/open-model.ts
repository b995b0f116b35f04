import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { checkpointHash, openCheckpoint } from "./checkpoint/checkpoint.js";
import { type Precision, readyCheckpoint } from "./checkpoint/convert.js";
import { promptsOf } from "./prompt/open-prompts.js";
import type { PromptEncoder } from "./prompt/prompt-encoder.js";
import { ModelPool, type PoolWorker } from "./runtime/model-pool.js";
import { ModelWorker } from "./runtime/model-worker.js";

export interface ModelOptions {
  /** A Hugging Face checkpoint of the LLaMA family with `nightbeam.json` beside it. */
  readonly directory: string;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  /** The catalogue that histories are written in, where that is a larger one. */
  readonly historyCatalogue?: Catalogue;
  readonly scoring: Scoring;
  readonly precision: Precision;
  /** Where conversions are kept, for checkpoints that cannot be run as they are. */
  readonly cacheDirectory: string;
  /** Worker threads with a copy of the model each. */
  readonly workers: number;
  /** Threads that share one operator, in each worker; the model's heads if those are fewer. */
  readonly threads: number;
  /** Bytes of prompts' keys and values that each worker keeps between calls; 0 turns the cache off. */
  readonly cacheBytes: number;
  /** Longest prompt with a code path behind it, in tokens; the model's own limit if that is less. */
  readonly mostPositions?: number;
  /** cpu, cuda, webgpu or tensorrt. */
  readonly executionProvider?: string;
  /** Calls that may wait or run at once. */
  readonly mostWaiting?: number;
}

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
  readonly mostPromptTokens: number;
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

/** Loads a checkpoint for a catalogue. @throws ModelError */
export async function openModel(options: ModelOptions): Promise<Model> {
  const checkpoint = await openCheckpoint(options.directory);
  const { promptSpec: spec, config } = checkpoint;
  const catalogue = options.historyCatalogue ?? options.catalogue;
  const prompts = await promptsOf({ config, spec }, { ...options, catalogue });
  const hash = await checkpointHash(checkpoint);
  const ready = await readyCheckpoint(checkpoint, { ...options, hash });
  const setup = {
    directory: ready.directory,
    catalogue: options.catalogue.prepared,
    codeTokens: prompts.codeTokens,
    scoring: options.scoring,
    // Threads beyond the heads would cut attention into pieces of a few rows, and a piece of one row
    // is rounded differently: a user's bits would depend on the number of nodes.
    threads: Math.min(options.threads, config.heads),
    cacheBytes: options.cacheBytes,
    mostPositions: prompts.mostPositions,
    executionProvider: options.executionProvider ?? "cpu",
  };
  const opened = await Promise.allSettled(
    Array.from({ length: options.workers }, () => ModelWorker.open(setup)),
  );
  const workers = opened.flatMap((result) => (result.status === "fulfilled" ? result.value : []));
  for (const result of opened) {
    if (result.status === "fulfilled") continue;
    await Promise.all(workers.map((worker) => worker.close()));
    throw result.reason;
  }
  const scorer = new ModelPool({ workers, mostWaiting: options.mostWaiting ?? 64 });
  const { hiddenSize, headSize, heads, keyValueHeads, intermediateSize, layers } = config;
  return {
    scorer,
    workers,
    encodePrompt: prompts.encodePrompt,
    mostPromptTokens: prompts.mostPromptTokens,
    vocabularySize: config.vocabularySize,
    hash,
    weightsPerToken:
      layers *
      hiddenSize *
      (2 * heads * headSize + 2 * keyValueHeads * headSize + 3 * intermediateSize),
    weightsPerNode: hiddenSize * config.vocabularySize,
    close: () => scorer.close(),
  };
}
