import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import type { Scoring, SearchProgram } from "@nightbeam/decoding";
import {
  type LevelHeadsModel,
  type Model,
  type ModelOptions,
  openLevelHeads,
  openModel,
  openSearcher,
  type Precision,
  type SearcherModel,
} from "@nightbeam/model";

/** How models run on this machine: the same for the target and its drafts. */
export interface ModelSettings {
  readonly scoring: Scoring;
  readonly precision: Precision;
  readonly workers?: number | undefined;
  /** Memory, in GiB, in which each worker keeps prompts between calls. */
  readonly promptCache: number;
}

export type CpuSettings = ModelSettings & {
  readonly catalogue: Catalogue;
  readonly historyCatalogue: Catalogue;
  readonly maxWaiting: number;
};

/** Opens a model with one thread per worker and one worker per core, so that no operator waits for another core. */
export function openCpuModel(directory: string, settings: CpuSettings): Promise<Model> {
  return openModel(modelOptions(directory, settings));
}

/** The same for a heads draft. */
export function openCpuLevelHeads(
  directory: string,
  settings: CpuSettings,
): Promise<LevelHeadsModel> {
  return openLevelHeads(modelOptions(directory, settings));
}

/** The same for whole searches. */
export function openCpuSearcher(
  directory: string,
  settings: CpuSettings & { readonly program: SearchProgram },
): Promise<SearcherModel> {
  return openSearcher({ ...modelOptions(directory, settings), program: settings.program });
}

function modelOptions(directory: string, settings: CpuSettings): ModelOptions {
  const { scoring, precision, catalogue, historyCatalogue, maxWaiting } = settings;
  return {
    directory,
    scoring,
    precision,
    catalogue,
    historyCatalogue,
    maxWaiting,
    cacheDirectory: cacheDirectory(),
    workers: workerCount(settings),
    threads: 1,
    cacheBytes: settings.promptCache * 2 ** 30,
  };
}

/** The directory of converted checkpoints. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nightbeam");
}

export function workerCount(settings: Pick<ModelSettings, "workers">): number {
  return settings.workers ?? availableParallelism();
}

/** Batches in progress per group of rows: one per worker, and one that waits. */
export function batchesAtOnce(settings: Pick<ModelSettings, "workers">): number {
  return workerCount(settings) + 1;
}
