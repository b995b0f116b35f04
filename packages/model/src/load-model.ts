import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { type Checkpoint, checkpointHash } from "./checkpoint/checkpoint.js";
import { readyCheckpoint } from "./checkpoint/convert.js";
import { placeOf } from "./checkpoint/describe.js";
import type { Precision } from "./checkpoint/precision.js";
import { CPU, type Device } from "./devices/device.js";
import { availableMemory, memoryNeed, memoryProblem } from "./devices/memory.js";
import { prepareDevice } from "./devices/prepare-device.js";
import { ModelError } from "./errors.js";
import type { AnswerOf, ProgramName, RequestOf } from "./programs/program.js";
import { columnsIn, type Prompts, promptsOf } from "./prompt/open-prompts.js";
import { promptStart } from "./prompt/prompt-start.js";
import { ModelPool } from "./runtime/model-pool.js";
import { ModelWorker } from "./runtime/model-worker.js";
import { maxScoreBytes } from "./runtime/run-size.js";

export interface ModelOptions {
  /** A Hugging Face checkpoint of a supported family, with `nightbeam.json`. */
  readonly directory: string;
  /** The catalogue that is searched. */
  readonly catalogue: Catalogue;
  /** The catalogue that histories are written in, if that is a larger one. */
  readonly historyCatalogue?: Catalogue;
  readonly scoring: Scoring;
  readonly precision: Precision;
  /** Directory of conversions, for checkpoints that cannot be run as they are. */
  readonly cacheDirectory: string;
  /** Worker threads, each with a copy of the model. */
  readonly workers: number;
  /** Threads that share one operator, in each worker; limited to the model's attention heads. */
  readonly threads: number;
  /**
   * Bytes of prompts' keys and values that each worker keeps between calls; 0 turns the cache off. A
   * model on a GPU, or of 16 bits, keeps none.
   */
  readonly cacheBytes: number;
  /** Positions for a prompt and a code path after it. Default: 4096. Limited to the model's own. */
  readonly maxPositions?: number;
  /** Default: the CPU. */
  readonly device?: Device;
  /**
   * Lets an NVIDIA GPU round the inputs of float32 products to 10 bits of fraction (TF32), in this whole
   * process: to measure what that changes. Default: false.
   */
  readonly allowTf32?: boolean;
  /**
   * Whether what all prompts start with, such as an instruction, is computed once per worker instead of once per user.
   * Changes no bit of an answer. Default: true.
   */
  readonly shareStart?: boolean;
  /** Calls that may wait or run at once. Default: 64. */
  readonly maxWaiting?: number;
}

/** A checkpoint on worker threads that run a program. */
export interface LoadedModel<Name extends ProgramName> {
  readonly pool: ModelPool<RequestOf<Name>, AnswerOf<Name>>;
  readonly workers: readonly ModelWorker<Name>[];
  readonly prompts: Prompts;
  /** SHA-256 in hex over the checkpoint as it was given. */
  readonly hash: string;
}

/**
 * Starts the threads.
 *
 * @throws ModelError; UNSUPPORTED if the device cannot compute in the precision, TOO_LARGE if it has too
 * little memory
 */
export async function loadModel<Name extends ProgramName>(
  checkpoint: Checkpoint,
  options: ModelOptions & { readonly program: Name },
): Promise<LoadedModel<Name>> {
  const { promptSpec: spec, config } = checkpoint;
  const { program, scoring, precision, device = CPU } = options;
  // Before the first thread starts, and before a conversion that could not run.
  prepareDevice(device, options);
  const catalogue = options.historyCatalogue ?? options.catalogue;
  const directory = placeOf(checkpoint, "tokenizer.json");
  const prompts = await promptsOf({ config, spec }, { ...options, catalogue, directory });
  const { maxPositions, maxPromptTokens } = prompts;
  const codeTokens =
    program === "level-heads" ? prompts.codeTokens : searchedTokens(prompts, options);
  const onCpu = device.kind === "cpu";
  // Between a GPU and the host, keys and values take longer than computing them again.
  const keepsMemory = onCpu && precision !== "fp16";
  const cacheBytes = keepsMemory ? options.cacheBytes : 0;
  const { isCausal, attentionHeads } = config.architecture;
  const sharesStart = keepsMemory && isCausal && (options.shareStart ?? true);
  const searchBytes = await checkMemory(checkpoint, { ...options, device, cacheBytes });
  const hash = await checkpointHash(checkpoint);
  const ready = await readyCheckpoint(checkpoint, { ...options, hash });
  const setup = {
    program,
    directory: ready.directory,
    catalogue: options.catalogue.prepared,
    codeTokens,
    scoring,
    // More threads than heads would cut attention into pieces of a few rows, and a piece of one row is
    // rounded differently: bits would depend on the number of nodes.
    threads: Math.min(options.threads, attentionHeads),
    cacheBytes,
    maxPositions,
    maxPromptTokens,
    start: sharesStart ? promptStart(prompts, { catalogue, columns: columnsIn(spec) }) : undefined,
    device,
    searchBytes,
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

/**
 * The tokens of every level that is searched. Shape [levels][codes].
 *
 * @throws ModelError CATALOGUE_MISMATCH if the catalogue was made for another target
 */
function searchedTokens(
  { codeTokens, endTokens }: Prompts,
  { directory, catalogue, scoring }: ModelOptions,
): readonly Int32Array[] {
  const closing = scoring === "full" ? endTokens.map((token) => Int32Array.of(token)) : [];
  if (closing.length === catalogue.closingLevels) return [...codeTokens, ...closing];
  throw new ModelError(
    "CATALOGUE_MISMATCH",
    `${directory} closes an item with ${closing.length} tokens (nightbeam.json, end), and the search with ${catalogue.closingLevels}; give a target and its drafts the same end`,
  );
}

/** Bytes that the searches of one run may take besides the weights. */
const SEARCH_BYTES = { min: 2 ** 30, max: 16 * 2 ** 30 };
/** Share of the memory beside the weights that searches may take on a GPU: allocators keep spare blocks. */
const SEARCH_SHARE = 0.7;

/**
 * Before anything is converted or loaded. Returns how many bytes the searches of one run may take.
 *
 * @throws ModelError TOO_LARGE
 */
async function checkMemory(
  { config, tensors, directory }: Checkpoint,
  options: ModelOptions & { readonly program: ProgramName; readonly device: Device },
): Promise<number> {
  const { program, precision, device, workers, cacheBytes } = options;
  const memory = await availableMemory(device);
  if (memory === undefined) return SEARCH_BYTES.min;
  const isSearch = program === "beam-search" || program === "verify-tree";
  const need = memoryNeed({
    device,
    precision,
    architecture: config.architecture,
    tensors,
    // A follow-up call has a graph of its own if prompts are kept.
    graphs: cacheBytes > 0 ? 2 : 1,
    maxBatchBytes: isSearch ? SEARCH_BYTES.min : maxScoreBytes({ onDevice: true }),
  });
  const problem = memoryProblem(need, { workers, device, precision, memory });
  if (problem !== undefined) throw new ModelError("TOO_LARGE", `${directory}: ${problem}`);
  if (device.kind === "cpu") return SEARCH_BYTES.min;
  const share = SEARCH_SHARE * (memory / workers - need.weights);
  return Math.min(SEARCH_BYTES.max, Math.max(SEARCH_BYTES.min, share));
}
