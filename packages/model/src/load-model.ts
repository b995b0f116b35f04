import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring } from "@nightbeam/decoding";
import { type Checkpoint, checkpointHash } from "./checkpoint/checkpoint.js";
import { readyCheckpoint } from "./checkpoint/convert.js";
import type { Precision } from "./checkpoint/precision.js";
import { CPU, type Device } from "./devices/device.js";
import { prepareDevice } from "./devices/prepare-device.js";
import type { AnswerOf, ProgramName, RequestOf } from "./programs/program.js";
import { type Prompts, promptsOf } from "./prompt/open-prompts.js";
import { ModelPool } from "./runtime/model-pool.js";
import { ModelWorker } from "./runtime/model-worker.js";

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

/** Starts the threads. @throws ModelError; UNSUPPORTED if the device cannot compute in the precision */
export async function loadModel<Name extends ProgramName>(
  checkpoint: Checkpoint,
  options: ModelOptions & { readonly program: Name },
): Promise<LoadedModel<Name>> {
  const { promptSpec: spec, config } = checkpoint;
  const { program, scoring, precision, device = CPU } = options;
  // Before the first thread starts, and before a conversion that could not run.
  prepareDevice(device, options);
  const catalogue = options.historyCatalogue ?? options.catalogue;
  const prompts = await promptsOf({ config, spec }, { ...options, catalogue });
  const { codeTokens, maxPositions, maxPromptTokens } = prompts;
  const hash = await checkpointHash(checkpoint);
  const ready = await readyCheckpoint(checkpoint, { ...options, hash });
  const onCpu = device.kind === "cpu";
  const setup = {
    program,
    directory: ready.directory,
    catalogue: options.catalogue.prepared,
    codeTokens,
    scoring,
    // More threads than heads would cut attention into pieces of a few rows, and a piece of one row is
    // rounded differently: bits would depend on the number of nodes.
    threads: Math.min(options.threads, config.architecture.attentionHeads),
    // Between a GPU and the host, keys and values take longer than computing them again.
    cacheBytes: onCpu && precision !== "fp16" ? options.cacheBytes : 0,
    maxPositions,
    maxPromptTokens,
    device,
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
