import type { TargetProgram } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import { batchesAtOnce, type ModelSettings, openMachineModel } from "./machine-model.js";
import { type DraftChoice, type DraftContext, type OpenDrafts, openDrafts } from "./open-drafts.js";
import { type OpenTarget, openTarget } from "./open-target.js";

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
  const target = await openMachineModel(names.target, targetSettings(names, context));
  return withDrafts(target, { names, context });
}

/** A target that is run for a program, and the drafts that the program looks at. @throws as `openModels` */
export async function openRunModels(
  names: ModelNames & { readonly program: TargetProgram },
  context: Omit<DraftContext, "target">,
): Promise<OpenDrafts & { readonly target: OpenTarget }> {
  context.signal?.throwIfAborted();
  const { program } = names;
  const target = await openTarget(names.target, { ...targetSettings(names, context), program });
  const draft = program === "beam-search" ? [] : names.draft;
  return withDrafts(target, { names: { ...names, draft }, context });
}

function targetSettings(names: ModelNames, context: Omit<DraftContext, "target">) {
  return {
    ...names,
    catalogue: context.searched,
    historyCatalogue: context.historyCatalogue,
    maxWaiting: context.parts * batchesAtOnce(names),
  };
}

async function withDrafts<Target extends Pick<Model, "encodePrompt" | "close">>(
  target: Target,
  { names, context }: { names: ModelNames; context: Omit<DraftContext, "target"> },
): Promise<OpenDrafts & { readonly target: Target }> {
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
