import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { Catalogue } from "@nightbeam/catalogue";
import { readSmall } from "@nightbeam/store";
import { checkCatalogue } from "../checkpoint/check-catalogue.js";
import {
  describeCheckpoint,
  describingFiles,
  placeOf,
  promptSpecOf,
} from "../checkpoint/describe.js";
import { refuseLevelHeads } from "../checkpoint/level-heads.js";
import type { ModelConfig } from "../checkpoint/model-config.js";
import { ModelError } from "../errors.js";
import { codeText } from "./code-text.js";
import { codeTokens } from "./code-tokens.js";
import { endTokens } from "./end-tokens.js";
import { columnsOf } from "./placeholders.js";
import {
  itemsEncoder,
  type PromptEncoder,
  type PromptWriter,
  promptWriter,
  textEncoder,
} from "./prompt-encoder.js";
import { needsTokenizer, type PromptSpec } from "./prompt-spec.js";
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
  /** Writes the same prompt as text; undefined if prompts are tokens alone. */
  readonly writePrompt: PromptWriter | undefined;
  /** Longest prompt that the model takes, in tokens. */
  readonly maxPromptTokens: number;
  /** Where `maxPromptTokens` comes from, for people. */
  readonly promptLimit: string;
  /** Positions that a graph has to know. */
  readonly maxPositions: number;
  /** `codeTokens[level][code]` is the code's token. */
  readonly codeTokens: readonly Int32Array[];
  /** Tokens after a path's last code that close an answer and are part of its score. */
  readonly endTokens: readonly number[];
}

/** Tables of positions are part of a graph: more than this has to be asked for. */
const DEFAULT_MAX_POSITIONS = 4096;

/** Reads how prompts are written for a target. @throws ModelError; UNSUPPORTED for a heads draft */
export async function openPrompts(options: PromptsOptions): Promise<Prompts> {
  const description = await describeCheckpoint(options.directory);
  refuseLevelHeads(options.directory, description.config);
  const spec = await promptSpecOf(description);
  const directory = placeOf(description, "tokenizer.json");
  return promptsOf({ ...description, spec }, { ...options, directory });
}

/** The same, for a checkpoint that has been read, in the directory of its tokenizer. @throws ModelError */
export async function promptsOf(
  model: { config: ModelConfig; spec: PromptSpec },
  options: PromptsOptions,
): Promise<Prompts> {
  const { config, spec } = model;
  const { directory, catalogue } = options;
  const { prompt } = spec;
  checkCatalogue(spec, catalogue);
  const tokenizer = needsTokenizer(spec) ? await openTokenizer(directory) : undefined;
  const { architecture } = config;
  const { vocabularySize } = architecture;
  const tokens = codeTokens(spec, { catalogue, vocabularySize, tokenizer });
  const asked = options.maxPositions ?? DEFAULT_MAX_POSITIONS;
  const maxPositions = Math.min(architecture.maxPositions, asked);
  const closing = endTokens(spec, {
    tokenizer,
    vocabularySize,
    after: lastCode(spec, catalogue),
  });
  const levels = spec.levels + closing.length;
  const maxPromptTokens = architecture.maxPromptTokens({ maxPositions, levels });
  const positions =
    asked < architecture.maxPositions
      ? `${asked} positions`
      : `${architecture.positionsLimit} in config.json`;
  // An encoder reads the prompt alone.
  const taken = maxPositions - maxPromptTokens;
  const promptLimit = taken === 0 ? positions : `${positions}, less ${taken} for the codes`;
  if (maxPromptTokens < 1) {
    throw new ModelError("UNSUPPORTED", `no prompt fits into the model: ${promptLimit}`);
  }
  const shared = {
    maxPromptTokens,
    promptLimit,
    maxPositions,
    codeTokens: tokens,
    endTokens: closing,
  };
  if (prompt.kind === "items") {
    const encodePrompt = itemsEncoder(prompt, {
      spec,
      catalogue,
      codeTokens: tokens,
      vocabularySize,
    });
    return { ...shared, encodePrompt, writePrompt: undefined };
  }
  const writePrompt = await promptWriter(prompt, { directory, spec, catalogue });
  const encodePrompt = textEncoder(prompt, {
    write: writePrompt,
    tokenizer: tokenizer ?? (await openTokenizer(directory)),
  });
  return { ...shared, encodePrompt, writePrompt };
}

/** The text that answers end with, for the first item; nothing if codes have no texts. */
function lastCode(spec: PromptSpec, { trie }: Catalogue): string {
  if (spec.codeTokenPattern === undefined) return "";
  const code = trie.codes[trie.levelStart[trie.levels] ?? 0] ?? 0;
  return codeText(spec, { level: spec.levels - 1, code });
}

/**
 * The columns of the histories that a checkpoint's prompts need: what `encodePrompt` takes as texts of the user.
 *
 * @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC
 */
export async function promptColumns(directory: string): Promise<string[]> {
  // It is refused when it is opened, after what is cheaper to check.
  if (!existsSync(directory)) return [];
  return columnsIn(await promptSpecOf(await describeCheckpoint(directory)));
}

/** The same for a spec that has been read. */
export function columnsIn({ prompt }: Pick<PromptSpec, "prompt">): string[] {
  if (prompt.kind === "items") return prompt.user?.column === undefined ? [] : [prompt.user.column];
  const texts =
    prompt.kind === "template" ? [prompt.template] : prompt.messages.map(({ content }) => content);
  return [...new Set(texts.flatMap(columnsOf))];
}

/** SHA-256 in hex over the files that decide how prompts are written; weights are not among them. */
export async function promptsHash(directory: string): Promise<string> {
  const hash = createHash("sha256");
  const description = await describeCheckpoint(directory);
  for (const { file, path } of describingFiles(description, await promptSpecOf(description))) {
    hash.update(`${file}\n`).update(await readSmall(path));
  }
  return hash.digest("hex");
}
