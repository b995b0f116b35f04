import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { CombinedDrafter, type Drafter, emptyDrafter } from "@nightbeam/decoding";
import type { Model, Prompts } from "@nightbeam/model";
import { batchesAtOnce, type ModelSettings, openCpuModel } from "./cpu-model.js";
import { modelDrafter } from "./model-drafter.js";
import { transitionsDrafter } from "./transitions.js";

/** The word that stands for a draft without a model. */
export const TRANSITIONS = "transitions";

export interface DraftContext {
  /** The catalogue that histories are written in. */
  readonly known: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  /** How the target is asked: drafts read the same prompts. */
  readonly target: Pick<Prompts, "encodePrompt">;
  /** What transitions are counted in. */
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  /** Shards under way at once. */
  readonly parts: number;
  readonly signal?: AbortSignal | undefined;
}

/** All that drafts for a run, and one way to free it. */
export interface OpenDrafts {
  readonly drafter: Drafter;
  /** Names of the drafts that are models: `draft`, `draft2`, … with their hashes. */
  readonly draftVersions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * @param names checkpoints, or the word `transitions`
 * @throws ModelError, DatasetError, RecommendError; the signal's reason when it is aborted between steps
 */
export async function openDrafts(
  names: readonly string[],
  options: DraftContext & { settings: ModelSettings },
): Promise<OpenDrafts> {
  const { known, searched, signal, settings, target } = options;
  const opened: Model[] = [];
  const close = async () => {
    await Promise.all(opened.map((model) => model.close()));
  };
  try {
    const drafters: Drafter[] = [];
    const draftVersions: Record<string, string> = {};
    for (const directory of names) {
      signal?.throwIfAborted();
      if (directory === TRANSITIONS) {
        drafters.push(
          await transitionsDrafter(options.histories(), { catalogue: searched, signal }),
        );
        continue;
      }
      const draft = await openCpuModel(directory, {
        ...settings,
        // A draft only guesses, but it is asked the most: it always runs in its own numbers.
        precision: "fp32",
        catalogue: searched,
        historyCatalogue: known,
        mostWaiting: options.parts * batchesAtOnce(settings),
      });
      opened.push(draft);
      drafters.push(modelDrafter(draft, { directory, target, catalogue: searched }));
      const earlier = Object.keys(draftVersions).length;
      draftVersions[earlier === 0 ? "draft" : `draft${earlier + 1}`] = draft.hash;
    }
    const [first = emptyDrafter] = drafters;
    const drafter = drafters.length > 1 ? new CombinedDrafter(drafters) : first;
    return { drafter, draftVersions, close };
  } catch (error) {
    await close();
    throw error;
  }
}
