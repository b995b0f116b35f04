import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import { checkCatalogue } from "../checkpoint/check-catalogue.js";
import { DESCRIBING_FILES } from "../checkpoint/checkpoint.js";
import { refuseLevelHeads } from "../checkpoint/level-heads.js";
import { type ModelConfig, readModelConfig } from "../checkpoint/model-config.js";
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
  /** Positions that a graph has to know. */
  readonly maxPositions: number;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
}

/** Tables of positions are part of a graph: more than this has to be asked for. */
const DEFAULT_MAX_POSITIONS = 4096;

/** Reads how prompts are written for a target. @throws ModelError; UNSUPPORTED for a heads draft */
export async function openPrompts(options: PromptsOptions): Promise<Prompts> {
  const [config, spec] = await Promise.all([
    readModelConfig(options.directory),
    readPromptSpec(options.directory),
  ]);
  refuseLevelHeads(options.directory, config);
  return promptsOf({ config, spec }, options);
}

/** The same, for a checkpoint that has been read. @throws ModelError */
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
  const maxPositions = Math.min(
    architecture.maxPositions,
    options.maxPositions ?? DEFAULT_MAX_POSITIONS,
  );
  return {
    encodePrompt: promptEncoder({
      spec,
      catalogue: options.catalogue,
      codeTokens: tokens,
      vocabularySize,
      tokenizer,
    }),
    maxPromptTokens: architecture.maxPromptTokens({ maxPositions, levels: spec.levels }),
    maxPositions,
    codeTokens: tokens,
  };
}

/** SHA-256 in hex over the files that decide how prompts are written; weights are not among them. */
export async function promptsHash(directory: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of DESCRIBING_FILES) {
    const path = join(directory, file);
    if (existsSync(path)) hash.update(`${file}\n`).update(await readFile(path));
  }
  return hash.digest("hex");
}
