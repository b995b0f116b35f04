import type { Model } from "@nightbeam/model";
import { batchesAtOnce, type ModelSettings, openMachineModel } from "./machine-model.js";
import { type DraftChoice, type DraftContext, type OpenDrafts, openDrafts } from "./open-drafts.js";

export interface ModelNames extends ModelSettings {
  readonly target: string;
  readonly draft: readonly DraftChoice[];
}

/** The models of a run on one machine. */
export interface OpenModels extends OpenDrafts {
  readonly target: Model;
}

/** @throws ModelError, DatasetError, RunError, RecommendError, SettingsError; the signal's reason */
export async function openModels(
  names: ModelNames,
  context: Omit<DraftContext, "target">,
): Promise<OpenModels> {
  context.signal?.throwIfAborted();
  const target = await openMachineModel(names.target, {
    ...names,
    catalogue: context.searched,
    historyCatalogue: context.historyCatalogue,
    maxWaiting: context.parts * batchesAtOnce(names),
  });
  try {
    const drafts = await openDrafts(names.draft, { ...context, target, settings: names });
    const close = async () => {
      await Promise.all([target.close(), drafts.close()]);
    };
    return { ...drafts, target, close };
  } catch (error) {
    await target.close();
    throw error;
  }
}
