import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { type Checkpoint, checkpointHash } from "./checkpoint/checkpoint.js";
import { type Precision, readyCheckpoint } from "./checkpoint/convert.js";
import { type Prompts, promptsOf } from "./prompt/open-prompts.js";
import { ModelPool } from "./runtime/model-pool.js";
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
  readonly maxPositions?: number;
  /** cpu, cuda, webgpu or tensorrt. */
  readonly executionProvider?: string;
  /** Calls that may wait or run at once. */
  readonly maxWaiting?: number;
}

/** A checkpoint on its threads, whatever it answers. */
export interface LoadedModel {
  readonly pool: ModelPool;
  readonly workers: readonly ModelWorker[];
  readonly prompts: Prompts;
  /** SHA-256 in hex over the checkpoint as it was given. */
  readonly hash: string;
}

/** Starts the threads. @throws ModelError */
export async function loadModel(
  checkpoint: Checkpoint,
  options: ModelOptions,
): Promise<LoadedModel> {
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
    maxPositions: prompts.maxPositions,
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
  const pool = new ModelPool({ workers, maxWaiting: options.maxWaiting ?? 64 });
  return { pool, workers, prompts, hash };
}
