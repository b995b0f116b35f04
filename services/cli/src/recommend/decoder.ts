import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { readHistories } from "@nightbeam/dataset";
import {
  CombinedDrafter,
  type Decoder,
  type Drafter,
  type DraftPolicy,
  emptyDrafter,
  fixedWidths,
  ModelDrafter,
  TransitionCounter,
  TransitionsDrafter,
  uniformWidths,
} from "@nightbeam/decoding";
import { type Model, openModel } from "@nightbeam/model";
import { UsageError } from "../errors.js";
import { adaptiveWidths } from "./adaptive-widths.js";
import type { RecommendOptions } from "./options.js";

/** The word that stands for a draft without a model. */
const TRANSITIONS = "transitions";

export type ModelSettings = Pick<
  RecommendOptions,
  "scoring" | "precision" | "workers" | "promptCache"
> & { readonly catalogue: Catalogue };

/** Opens a model with one thread a worker and a worker a core: no operator waits for the other core. */
export function openCpuModel(directory: string, settings: ModelSettings): Promise<Model> {
  return openModel({
    directory,
    catalogue: settings.catalogue,
    scoring: settings.scoring,
    precision: settings.precision,
    cacheDirectory: cacheDirectory(),
    workers: workerCount(settings),
    threads: 1,
    cacheBytes: settings.promptCache * 2 ** 30,
  });
}

export function workerCount(settings: Pick<RecommendOptions, "workers">): number {
  return settings.workers ?? availableParallelism();
}

/** Where conversions of checkpoints are kept. */
function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "nightbeam");
}

/** Everything that a run loads, and one way to free it. */
export interface OpenDecoder {
  readonly decoder: Decoder;
  readonly target: Model;
  readonly drafts: readonly Model[];
  close(): Promise<void>;
}

/** @throws ModelError, DatasetError, UsageError */
export async function openDecoder(
  options: RecommendOptions,
  settings: { catalogue: Catalogue; expectedUsers: number },
): Promise<OpenDecoder> {
  const { catalogue } = settings;
  const model = (directory: string, precision = options.precision) =>
    openCpuModel(directory, { ...options, precision, catalogue });
  const opened: Model[] = [];
  try {
    const target = await model(options.target);
    opened.push(target);
    const drafters: Drafter[] = [];
    for (const draft of options.draft) {
      if (draft === TRANSITIONS) {
        drafters.push(await transitionsDrafter(options.histories, catalogue));
        continue;
      }
      // A draft only guesses, but it is asked the most: it always runs in its own numbers.
      const small = await model(draft, "fp32");
      opened.push(small);
      drafters.push(new ModelDrafter(small.scorer));
    }
    const [first = emptyDrafter] = drafters;
    return {
      decoder: {
        target: target.scorer,
        drafter: drafters.length > 1 ? new CombinedDrafter(drafters) : first,
        policy: draftPolicy(options, { levels: catalogue.trie.levels, ...settings }),
        space: { trie: catalogue.trie, scoring: options.scoring },
        beamWidth: options.beamWidth,
      },
      target,
      drafts: opened.slice(1),
      close: () => closeAll(opened),
    };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function closeAll(models: readonly Model[]): Promise<void> {
  await Promise.all(models.map((model) => model.close()));
}

function draftPolicy(
  options: RecommendOptions,
  run: { levels: number; expectedUsers: number },
): DraftPolicy {
  const { draft, draftWidth, beamWidth, batchSize } = options;
  if (draft.length === 0) {
    if (draftWidth === "auto" || draftWidth.every((width) => width === 0)) return fixedWidths([]);
    throw new UsageError("BAD_OPTION", "--draft-width needs a --draft to draft with");
  }
  if (draftWidth === "auto") {
    return adaptiveWidths({
      beamWidth,
      levels: run.levels,
      expectedBatches: Math.ceil(run.expectedUsers / batchSize),
    });
  }
  const [only = 0] = draftWidth;
  if (draftWidth.length === 1) return fixedWidths(uniformWidths(only, run.levels));
  if (draftWidth.length !== run.levels - 1) {
    throw new UsageError(
      "BAD_OPTION",
      `--draft-width ${draftWidth.join(",")}: give one width, or ${run.levels - 1} for this catalogue of ${run.levels} levels`,
    );
  }
  return fixedWidths(draftWidth);
}

/** Counts what follows what in all the histories of the run, streamed. */
export async function transitionsDrafter(
  histories: string,
  catalogue: Catalogue,
): Promise<TransitionsDrafter> {
  const counter = new TransitionCounter(catalogue.itemCount);
  for await (const rows of readHistories({ path: histories })) {
    for (const row of rows) {
      if (row.kind === "history")
        counter.add(row.items.flatMap((id) => catalogue.itemIndex(id) ?? []));
    }
  }
  return new TransitionsDrafter({ catalogue, table: counter.finish() });
}
