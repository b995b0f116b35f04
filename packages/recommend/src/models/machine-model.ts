import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring, SearchProgram } from "@nightbeam/decoding";
import {
  CPU,
  type Device,
  type LevelHeadsModel,
  type Model,
  type ModelOptions,
  openLevelHeads,
  openModel,
  openSearcher,
  type Precision,
  type SearcherModel,
} from "@nightbeam/model";
import { DEFAULTS } from "@nightbeam/settings";

/** How models run on this machine: the same for the target and its drafts. */
export interface ModelSettings {
  readonly scoring: Scoring;
  readonly precision: Precision;
  /** Default: the CPU. */
  readonly device?: Device | undefined;
  /** Default: one per core; one on a GPU. */
  readonly workers?: number | undefined;
  /** Memory, in GiB, in which each worker keeps prompts between calls. Default: 1; 0 on a GPU. */
  readonly promptCache?: number | undefined;
}

export type MachineSettings = ModelSettings & {
  readonly catalogue: Catalogue;
  readonly historyCatalogue: Catalogue;
  readonly maxWaiting: number;
};

/** Opens a model with one thread per worker, and on a CPU one worker per core, so that no operator waits for another core. */
export function openMachineModel(directory: string, settings: MachineSettings): Promise<Model> {
  return openModel(modelOptions(directory, settings));
}

/** The same for a heads draft. */
export function openMachineLevelHeads(
  directory: string,
  settings: MachineSettings,
): Promise<LevelHeadsModel> {
  return openLevelHeads(modelOptions(directory, settings));
}

/** The same for whole searches. */
export function openMachineSearcher(
  directory: string,
  settings: MachineSettings & { readonly program: SearchProgram },
): Promise<SearcherModel> {
  return openSearcher({ ...modelOptions(directory, settings), program: settings.program });
}

function modelOptions(directory: string, settings: MachineSettings): ModelOptions {
  const { scoring, precision, device = CPU, catalogue, historyCatalogue, maxWaiting } = settings;
  // On a GPU, prompts would be copied to the host and back: computing them again is faster.
  const usualCache = device.kind === "cpu" ? DEFAULTS.promptCache : 0;
  return {
    directory,
    scoring,
    precision,
    device,
    catalogue,
    historyCatalogue,
    maxWaiting,
    cacheDirectory: cacheDirectory(),
    workers: workerCount(settings),
    threads: 1,
    cacheBytes: (settings.promptCache ?? usualCache) * 2 ** 30,
  };
}

type WorkerSettings = Pick<ModelSettings, "workers" | "device">;

/** The directory of converted checkpoints. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nightbeam");
}

export function workerCount({ workers, device = CPU }: WorkerSettings): number {
  return workers ?? (device.kind === "cpu" ? availableParallelism() : 1);
}

/** What is wrong with the number of workers, as a sentence with keys in backticks. Undefined if nothing is. */
export function workersNote({ workers, device = CPU }: WorkerSettings): string | undefined {
  const processors = availableParallelism();
  if (workers === undefined || device.kind !== "cpu" || workers <= processors) return undefined;
  return (
    `\`workers\` ${workers} is more than the ${processors} processors of this machine: the workers share them, and each ` +
    "has a copy of the model in memory."
  );
}

/** Batches in progress per group of rows: one per worker, and one that waits. */
export function batchesAtOnce(settings: WorkerSettings): number {
  return workerCount(settings) + 1;
}
