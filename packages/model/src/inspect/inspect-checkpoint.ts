import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { readModelConfig } from "../checkpoint/model-config.js";
import { listTensors } from "../checkpoint/safetensors.js";
import { checkPromptSpec, PROMPT_SPEC_FILE, readPromptSpec } from "../prompt/prompt-spec.js";
import { describeModel, type ModelReport } from "./describe-model.js";
import { describePrompts, type PromptReport } from "./describe-prompts.js";
import type { Project } from "./projects.js";
import { type Proposal, proposeSpec } from "./propose-spec.js";

export interface InspectOptions {
  readonly directory: string;
  /** Its codes are looked up. Default: made-up items of codes that the tokenizer has. */
  readonly catalogue?: Catalogue;
  /** Item ids of the example, oldest first. Default: the catalogue's first items. */
  readonly history?: readonly string[];
  /** Proposes what this project uses, even if there is a `nightbeam.json`. */
  readonly like?: Project;
}

/** What a checkpoint is. */
export interface CheckpointReport extends ModelReport, PromptReport {
  readonly directory: string;
  /** Present if `nightbeam.json` was proposed, and not read. */
  readonly proposal: Proposal | undefined;
}

/** @throws ModelError, as opening the model would; BAD_PROMPT_SPEC if no `nightbeam.json` can be proposed */
export async function inspectCheckpoint(options: InspectOptions): Promise<CheckpointReport> {
  const { directory, like } = options;
  const config = await readModelConfig(directory);
  const tensors = await listTensors(directory);
  const isProposed = like !== undefined || !existsSync(join(directory, PROMPT_SPEC_FILE));
  const proposal = isProposed
    ? await proposeSpec({ directory, catalogue: options.catalogue, like })
    : undefined;
  const spec =
    proposal === undefined
      ? await readPromptSpec(directory)
      : checkPromptSpec(proposal.spec, "the proposed nightbeam.json");
  return {
    directory,
    ...(await describeModel(directory, { config, tensors })),
    proposal,
    ...(await describePrompts({ config, spec }, options)),
  };
}
