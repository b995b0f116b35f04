import type { Scorer, Searcher, SearchProgram, TargetProgram } from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import { type MachineSettings, openMachineModel, openMachineSearcher } from "./machine-model.js";

/** What a decoder asks: log-probabilities of trees, or whole searches. */
export type RunTarget =
  | { readonly program: "tree-scores"; readonly scorer: Scorer }
  | { readonly program: SearchProgram; readonly searcher: Searcher };

/** The target of a run on this machine. */
export interface OpenTarget
  extends Pick<Model, "encodePrompt" | "maxPromptTokens" | "promptLimit" | "hash"> {
  readonly asked: RunTarget;
  close(): Promise<void>;
}

/** Opens a target for a program. @throws ModelError */
export async function openTarget(
  directory: string,
  settings: MachineSettings & { readonly program: TargetProgram },
): Promise<OpenTarget> {
  const { program } = settings;
  if (program === "tree-scores") {
    const model = await openMachineModel(directory, settings);
    return { ...model, asked: { program, scorer: model.scorer } };
  }
  const model = await openMachineSearcher(directory, { ...settings, program });
  return { ...model, asked: { program, searcher: model.searcher } };
}
