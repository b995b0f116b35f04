import { join } from "node:path";
import { excerpt } from "@nightbeam/catalogue";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.js";
import { llama } from "../architectures/llama/llama.js";
import { t5 } from "../architectures/t5/t5.js";
import { ModelError } from "../errors.js";
import { readJson } from "./read-json.js";

/** What `config.json` of a checkpoint describes. */
export interface ModelConfig {
  readonly architecture: Architecture;
  /** Blocks of a heads draft (programs/level-heads.ts); undefined for an ordinary model. */
  readonly levelHeads: number | undefined;
  /** Whether the model is the text part of a larger one, described by `text_config`. */
  readonly textOnly: boolean;
}

/** The model families that Nightbeam runs. */
const FAMILIES = [llama, t5];

const schema = z.looseObject({
  model_type: z.string(),
  nightbeam_heads: z.int().nonnegative().max(64).optional(),
  text_config: z.looseObject({ model_type: z.string().optional() }).nullish(),
});
type RawConfig = z.output<typeof schema>;

/**
 * Reads `config.json` of a Hugging Face directory.
 *
 * @param options.vocabularySize the rows of embeddings that an adapter brings. Default: `vocab_size`.
 * @throws ModelError MISSING_FILE, BAD_CHECKPOINT; UNSUPPORTED, naming the field that is in the way
 */
export async function readModelConfig(
  directory: string,
  options: { readonly vocabularySize?: number } = {},
): Promise<ModelConfig> {
  const path = join(directory, "config.json");
  const raw = await readJson(path, {
    schema,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
  const textOnly =
    familyOf(raw.model_type) === undefined && raw.text_config?.model_type !== undefined;
  const config = textOnly ? textConfig(raw) : raw;
  const family = familyOf(config.model_type);
  if (family === undefined) throw unknownType(path, raw);
  const { vocabularySize } = options;
  const sized = vocabularySize === undefined ? config : { ...config, vocab_size: vocabularySize };
  return {
    architecture: family.read(sized, path),
    levelHeads: raw.nightbeam_heads,
    textOnly,
  };
}

function familyOf(modelType: unknown) {
  return FAMILIES.find(({ modelTypes }) => modelTypes.some((type) => type === modelType));
}

/** The text part's configuration, with what is said of the whole model. */
function textConfig({ text_config, ...whole }: RawConfig): Record<string, unknown> {
  const { tie_word_embeddings, quantization_config } = whole;
  return {
    ...text_config,
    ...(tie_word_embeddings === undefined ? {} : { tie_word_embeddings }),
    ...(quantization_config === undefined ? {} : { quantization_config }),
  };
}

function unknownType(path: string, { model_type, text_config }: RawConfig): ModelError {
  const known = FAMILIES.flatMap(({ modelTypes }) => modelTypes).join(", ");
  const part = text_config?.model_type;
  const nested = part === undefined ? "" : `, nor is ${excerpt(part)} of its text_config`;
  return new ModelError(
    "UNSUPPORTED",
    `${path}: model_type ${excerpt(model_type)} is not one of ${known}${nested}`,
  );
}
