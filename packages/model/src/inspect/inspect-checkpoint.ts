import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { describeWeights } from "../checkpoint/checkpoint.js";
import { placeOf, promptSpecOf } from "../checkpoint/describe.js";
import { checkPromptSpec, PROMPT_SPEC_FILE } from "../prompt/prompt-spec.js";
import { describeModel, type ModelReport } from "./describe-model.js";
import { describePrompts, type ExampleUser, type PromptReport } from "./describe-prompts.js";
import type { Project } from "./projects.js";
import { proposeSpec } from "./propose-spec.js";
import type { Proposal } from "./propose-tokens.js";

export interface InspectOptions {
  readonly directory: string;
  /** Its codes are looked up. Default: made-up items of codes that the tokenizer has. */
  readonly catalogue?: Catalogue;
  /** Of the example. Default: one with the catalogue's first items. */
  readonly user?: ExampleUser;
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
  const weights = await describeWeights(directory);
  const place = placeOf(weights, PROMPT_SPEC_FILE);
  const isProposed = like !== undefined || !existsSync(join(place, PROMPT_SPEC_FILE));
  // Of an adapter, the tokenizer may be in the directory of its base.
  const from = { ...options, directory: placeOf(weights, "tokenizer.json") };
  const proposal = isProposed
    ? await proposeSpec({
        ...{ like, catalogue: options.catalogue },
        directory: from.directory,
        base: weights.base,
      })
    : undefined;
  const spec =
    proposal === undefined
      ? await promptSpecOf(weights)
      : checkPromptSpec(proposal.spec, "the proposed nightbeam.json");
  return {
    directory,
    ...(await describeModel(weights)),
    proposal,
    ...(await describePrompts({ config: weights.config, spec }, from)),
  };
}
