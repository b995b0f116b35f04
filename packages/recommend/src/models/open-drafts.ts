import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import {
  CombinedDrafter,
  type Drafter,
  emptyDrafter,
  LevelHeadsDrafter,
  ModelDrafter,
  RetrievalDrafter,
  TransitionCounter,
  TransitionsDrafter,
} from "@nightbeam/decoding";
import { isLevelHeadsCheckpoint, type Prompts } from "@nightbeam/model";
import { type DraftName, draftVersion, parseDraftName } from "@nightbeam/settings";
import { checkedDraft, type DraftModel } from "./checked-draft.js";
import { candidatesDrafter, previousDrafter } from "./list-drafts.js";
import {
  batchesAtOnce,
  type ModelSettings,
  openMachineLevelHeads,
  openMachineModel,
} from "./machine-model.js";

/** A draft by its name, as `parseDraftName` reads it, or a `Drafter` object. */
export type DraftChoice = string | Drafter;

export interface DraftContext {
  /** The catalogue that histories are written in. */
  readonly historyCatalogue: Catalogue;
  /** The catalogue that is searched; the same, or a smaller one. */
  readonly searched: Catalogue;
  /** How the target is asked: drafts read the same prompts. */
  readonly target: Pick<Prompts, "encodePrompt">;
  /** Histories for the drafts that count in them. */
  readonly histories: () => AsyncIterable<readonly HistoryRow[]>;
  /** Groups of rows, such as parts, in progress at once. */
  readonly parts: number;
  readonly signal?: AbortSignal | undefined;
}

/** All drafts of a run as one drafter. */
export interface OpenDrafts {
  readonly drafter: Drafter;
  /** Names of the drafts that are models: `draft`, `draft2`, … with their hashes. */
  readonly draftVersions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** @throws ModelError, DatasetError, RunError, RecommendError, SettingsError; the signal's reason */
export async function openDrafts(
  choices: readonly DraftChoice[],
  options: DraftOptions,
): Promise<OpenDrafts> {
  const parsed = choices.map((one) => (typeof one === "string" ? parseDraftName(one) : one));
  const opened: DraftModel[] = [];
  const close = async () => {
    await Promise.all(opened.map((model) => model.close()));
  };
  try {
    const drafters: Drafter[] = [];
    const draftVersions: Record<string, string> = {};
    for (const name of parsed) {
      options.signal?.throwIfAborted();
      if (!("kind" in name)) {
        drafters.push(timedDrafter(name));
        continue;
      }
      const { drafter, model } = await openDraft(name, options);
      drafters.push(drafter);
      if (model === undefined) continue;
      opened.push(model);
      draftVersions[draftVersion(opened.length)] = model.hash;
    }
    const [first = emptyDrafter] = drafters;
    const drafter = drafters.length > 1 ? new CombinedDrafter(drafters) : first;
    return { drafter, draftVersions, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type DraftOptions = DraftContext & { readonly settings: ModelSettings };

interface OpenDraft {
  readonly drafter: Drafter;
  /** To be closed after it. */
  readonly model?: DraftModel;
}

async function openDraft(name: DraftName, options: DraftOptions): Promise<OpenDraft> {
  const { searched: catalogue, signal } = options;
  switch (name.kind) {
    case "transitions":
      return timed(await transitionsDrafter(options.histories(), { catalogue, signal }));
    case "retrieval":
      return timed(new RetrievalDrafter());
    case "previous":
      return timed(await previousDrafter(name.path, { catalogue, signal }));
    case "candidates":
      return timed(await candidatesDrafter(name.path, { catalogue, signal }));
    case "checkpoint":
      return openCheckpointDraft(name.path, options);
    default:
      return name satisfies never;
  }
}

function timed(drafter: Drafter): OpenDraft {
  return { drafter: timedDrafter(drafter) };
}

async function openCheckpointDraft(directory: string, options: DraftOptions): Promise<OpenDraft> {
  const { searched: catalogue, target } = options;
  const model = await openDraftModel(directory, options);
  try {
    return { drafter: checkedDraft(model, { directory, target, catalogue }), model };
  } catch (error) {
    await model.close();
    throw error;
  }
}

async function openDraftModel(directory: string, options: DraftOptions): Promise<DraftModel> {
  const { historyCatalogue, searched: catalogue, settings } = options;
  const how = {
    ...settings,
    // A draft only guesses, and most calls are its own: it always runs at its own precision.
    precision: "fp32",
    catalogue,
    historyCatalogue,
    maxWaiting: options.parts * batchesAtOnce(settings),
  } as const;
  if (await isLevelHeadsCheckpoint(directory)) {
    const heads = await openMachineLevelHeads(directory, how);
    const { closingLevels } = catalogue;
    return { ...heads, drafter: new LevelHeadsDrafter(heads.scorer, { closingLevels }) };
  }
  const model = await openMachineModel(directory, how);
  return { ...model, drafter: new ModelDrafter(model.scorer) };
}

/**
 * Measures the compute time of a drafter that never waits. Drafters that are models report the time
 * that the model measured, in which waiting for a thread is not included.
 */
function timedDrafter(drafter: Drafter): Drafter {
  return {
    async draft(requests) {
      const startedAt = performance.now();
      const drafts = await drafter.draft(requests);
      const milliseconds = (performance.now() - startedAt) / requests.length;
      return drafts.map((draft) => ({ ...draft, milliseconds }));
    },
    release: (keys) => drafter.release(keys),
  };
}

/** Counts which item follows which in all histories of the run, streamed. */
async function transitionsDrafter(
  histories: AsyncIterable<readonly HistoryRow[]>,
  options: { catalogue: Catalogue; signal?: AbortSignal | undefined },
): Promise<Drafter> {
  const { catalogue, signal } = options;
  const counter = new TransitionCounter(catalogue.itemCount);
  for await (const rows of histories) {
    signal?.throwIfAborted();
    for (const row of rows) {
      if (row.kind === "history")
        counter.add(row.items.flatMap((id) => catalogue.itemIndex(id) ?? []));
    }
  }
  return new TransitionsDrafter({ catalogue, table: counter.finish() });
}
