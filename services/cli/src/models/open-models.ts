import type { Catalogue } from "@nightbeam/catalogue";
import { CombinedDrafter, type Drafter, emptyDrafter } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import { batchesAtOnce, type ModelSettings, openCpuModel } from "./cpu-model.js";
import { modelDrafter, transitionsDrafter } from "./drafters.js";

/** The word that stands for a draft without a model. */
const TRANSITIONS = "transitions";

export interface ModelNames extends ModelSettings {
  readonly target: string;
  /** Checkpoints, or the word `transitions`. */
  readonly draft: readonly string[];
  /** What transitions are counted in. */
  readonly histories: string;
}

export interface ModelContext {
  /** The catalogue that histories are written in. */
  readonly known: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  /** Parts under way at once. */
  readonly parts: number;
  readonly signal?: AbortSignal;
}

/** Everything that a run loads, and one way to free it. */
export interface OpenModels {
  readonly target: Model;
  readonly drafter: Drafter;
  /** Names of the drafts that are models: `draft`, `draft2`, … with their hashes. */
  readonly draftVersions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** @throws ModelError, DatasetError, UsageError; the signal's reason when it is aborted between steps */
export async function openModels(names: ModelNames, context: ModelContext): Promise<OpenModels> {
  const { known, searched, signal } = context;
  const opened: Model[] = [];
  const close = async () => {
    await Promise.all(opened.map((model) => model.close()));
  };
  const open = async (directory: string, settings: ModelSettings) => {
    signal?.throwIfAborted();
    const model = await openCpuModel(directory, {
      ...settings,
      catalogue: searched,
      historyCatalogue: known,
      mostWaiting: context.parts * batchesAtOnce(settings),
    });
    opened.push(model);
    return model;
  };
  try {
    const target = await open(names.target, names);
    const drafters: Drafter[] = [];
    const draftVersions: Record<string, string> = {};
    for (const directory of names.draft) {
      if (directory === TRANSITIONS) {
        const options = { catalogue: searched, signal };
        drafters.push(await transitionsDrafter(names.histories, options));
        continue;
      }
      // A draft only guesses, but it is asked the most: it always runs in its own numbers.
      const draft = await open(directory, { ...names, precision: "fp32" });
      drafters.push(modelDrafter(draft, { directory, target, catalogue: searched }));
      const earlier = Object.keys(draftVersions).length;
      draftVersions[earlier === 0 ? "draft" : `draft${earlier + 1}`] = draft.hash;
    }
    const [first = emptyDrafter] = drafters;
    const drafter = drafters.length > 1 ? new CombinedDrafter(drafters) : first;
    return { target, drafter, draftVersions, close };
  } catch (error) {
    await close();
    throw error;
  }
}
