import { join } from "node:path";
import { z } from "zod";
import type { Architecture } from "../architectures/architecture.js";
import { llama } from "../architectures/llama/llama.js";
import { ModelError } from "../errors.js";
import { readJson } from "./read-json.js";

/** What `config.json` of a checkpoint describes. */
export interface ModelConfig {
  readonly architecture: Architecture;
  /** Blocks of a heads draft (programs/level-heads.ts); undefined for an ordinary model. */
  readonly levelHeads: number | undefined;
}

/** The model families that Nightbeam runs. */
const FAMILIES = [llama];

const schema = z.looseObject({
  model_type: z.string(),
  nightbeam_heads: z.int().nonnegative().optional(),
});

/**
 * Reads `config.json` of a Hugging Face directory.
 *
 * @throws ModelError MISSING_FILE, BAD_CHECKPOINT; UNSUPPORTED, naming the field that is in the way
 */
export async function readModelConfig(directory: string): Promise<ModelConfig> {
  const path = join(directory, "config.json");
  const config = await readJson(path, {
    schema,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.includes(config.model_type));
  if (family === undefined) {
    const known = FAMILIES.flatMap(({ modelTypes }) => modelTypes).join(", ");
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: model_type "${config.model_type}" is not one of ${known}`,
    );
  }
  return { architecture: family.read(config, path), levelHeads: config.nightbeam_heads };
}
