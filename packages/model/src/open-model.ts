import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { checkCatalogue } from "./checkpoint/check-catalogue.js";
import { checkpointHash, openCheckpoint } from "./checkpoint/checkpoint.js";
import { type Precision, readyCheckpoint } from "./checkpoint/convert.js";
import { type PromptEncoder, promptEncoder } from "./prompt/prompt-encoder.js";
import { codeTokens } from "./prompt/prompt-spec.js";
import { openTokenizer } from "./prompt/tokenizer.js";
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
  readonly mostPositions?: number;
  /** cpu, cuda, webgpu or tensorrt. */
  readonly executionProvider?: string;
  /** Calls that may wait or run at once. */
  readonly mostWaiting?: number;
}

/** A model that is loaded and ready to score. */
export interface Model {
  readonly scorer: ModelPool;
  readonly encodePrompt: PromptEncoder;
  /** Longest prompt that the model takes, in tokens. */
  readonly mostPromptTokens: number;
  /** SHA-256 in hex over the checkpoint as it was given. */
  readonly hash: string;
  /** Weights that every token is multiplied with: those of the decoder's linear layers. */
  readonly weightsPerToken: number;
  /** Weights that every node is multiplied with besides: the head's. */
  readonly weightsPerNode: number;
  close(): Promise<void>;
}

/** Tables of positions are part of a graph: beyond this, a user has to ask for more. */
const DEFAULT_MOST_POSITIONS = 4096;

/** Loads a checkpoint for a catalogue. @throws ModelError */
export async function openModel(options: ModelOptions): Promise<Model> {
  const checkpoint = await openCheckpoint(options.directory);
  const { promptSpec: spec, config } = checkpoint;
  const historyCatalogue = options.historyCatalogue ?? options.catalogue;
  checkCatalogue(spec, historyCatalogue);
  const needsText = spec.prompt.kind === "template" || spec.codeTokenPattern !== undefined;
  const tokenizer = needsText ? await openTokenizer(options.directory) : undefined;
  const tokens = codeTokens(spec, {
    vocabularySize: config.vocabularySize,
    tokenOf: (text) => tokenizer?.tokenOf(text),
  });
  const encodePrompt = promptEncoder({
    spec,
    catalogue: historyCatalogue,
    codeTokens: tokens,
    vocabularySize: config.vocabularySize,
    tokenizer,
  });
  const hash = await checkpointHash(checkpoint);
  const ready = await readyCheckpoint(checkpoint, { ...options, hash });
  const setup = {
    directory: ready.directory,
    catalogue: options.catalogue.prepared,
    codeTokens: tokens,
    scoring: options.scoring,
    // Threads beyond the heads would cut attention into pieces of a few rows, and a piece of one row
    // is rounded differently: a user's bits would depend on the number of nodes.
    threads: Math.min(options.threads, config.heads),
    cacheBytes: options.cacheBytes,
    mostPositions: Math.min(config.maxPositions, options.mostPositions ?? DEFAULT_MOST_POSITIONS),
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
    encodePrompt,
    mostPromptTokens: setup.mostPositions - spec.levels + 1,
    hash,
    weightsPerToken:
      layers *
      hiddenSize *
      (2 * heads * headSize + 2 * keyValueHeads * headSize + 3 * intermediateSize),
    weightsPerNode: hiddenSize * config.vocabularySize,
    close: () => scorer.close(),
  };
}
