import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Catalogue } from "@nightbeam/catalogue";
import { checkCatalogue } from "../checkpoint/check-catalogue.js";
import { describeCheckpoint, describingFiles, placeOf } from "../checkpoint/describe.js";
import { refuseLevelHeads } from "../checkpoint/level-heads.js";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { ModelError } from "../errors.js";
import { type PromptEncoder, promptEncoder } from "./prompt-encoder.js";
import { codeTokens, type PromptSpec, readPromptSpec } from "./prompt-spec.js";
import { openTokenizer } from "./tokenizer.js";

export interface PromptsOptions {
  /** A Hugging Face checkpoint with `nightbeam.json` beside it; its weights are not read. */
  readonly directory: string;
  /** The catalogue that histories are written in. */
  readonly catalogue: Catalogue;
  /** Positions for a prompt and a code path after it. Default: 4096. Limited to the model's own. */
  readonly maxPositions?: number;
}

/** How prompts are written for a model: all that a client of a remote model needs to know of it. */
export interface Prompts {
  readonly encodePrompt: PromptEncoder;
  /** Longest prompt that the model takes, in tokens. */
  readonly maxPromptTokens: number;
  /** Where `maxPromptTokens` comes from, for people. */
  readonly promptLimit: string;
  /** Positions that a graph has to know. */
  readonly maxPositions: number;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
}

/** Tables of positions are part of a graph: more than this has to be asked for. */
const DEFAULT_MAX_POSITIONS = 4096;

/** Reads how prompts are written for a target. @throws ModelError; UNSUPPORTED for a heads draft */
export async function openPrompts(options: PromptsOptions): Promise<Prompts> {
  const description = await describeCheckpoint(options.directory);
  refuseLevelHeads(options.directory, description.config);
  const spec = await readPromptSpec(placeOf(description, "nightbeam.json"));
  const directory = placeOf(description, "tokenizer.json");
  return promptsOf({ ...description, spec }, { ...options, directory });
}

/** The same, for a checkpoint that has been read, in the directory of its tokenizer. @throws ModelError */
export async function promptsOf(
  model: { config: ModelConfig; spec: PromptSpec },
  options: PromptsOptions,
): Promise<Prompts> {
  const { config, spec } = model;
  checkCatalogue(spec, options.catalogue);
  const needsText = spec.prompt.kind === "template" || spec.codeTokenPattern !== undefined;
  const tokenizer = needsText ? await openTokenizer(options.directory) : undefined;
  const { architecture } = config;
  const { vocabularySize } = architecture;
  const tokens = codeTokens(spec, { vocabularySize, tokenOf: (text) => tokenizer?.tokenOf(text) });
  const asked = options.maxPositions ?? DEFAULT_MAX_POSITIONS;
  const maxPositions = Math.min(architecture.maxPositions, asked);
  const maxPromptTokens = architecture.maxPromptTokens({ maxPositions, levels: spec.levels });
  const positions =
    asked < architecture.maxPositions
      ? `${asked} positions`
      : `${architecture.positionsLimit} in config.json`;
  const promptLimit = `${positions}, less ${maxPositions - maxPromptTokens} for the codes`;
  if (maxPromptTokens < 1) {
    throw new ModelError("UNSUPPORTED", `no prompt fits into the model: ${promptLimit}`);
  }
  return {
    encodePrompt: promptEncoder({
      spec,
      catalogue: options.catalogue,
      codeTokens: tokens,
      vocabularySize,
      tokenizer,
    }),
    maxPromptTokens,
    promptLimit,
    maxPositions,
    codeTokens: tokens,
  };
}

/** SHA-256 in hex over the files that decide how prompts are written; weights are not among them. */
export async function promptsHash(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const { file, path } of describingFiles(await describeCheckpoint(directory))) {
    hash.update(`${file}\n`).update(await readFile(path));
  }
  return hash.digest("hex");
}
