import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BOS, completeShape, hfConfig, type ModelShape, SPECIAL_TOKENS } from "./model-shape.js";
import type { TensorFormat } from "./number-formats.js";
import { type LayerGain, randomTensors } from "./random-tensors.js";
import { type Tensor, writeWeights } from "./safetensors.js";

/** Layout of a checkpoint on disk. */
export interface CheckpointOptions {
  /** Default F32. */
  readonly format?: TensorFormat;
  /** Number of files for the weights; default 1, without an index file. */
  readonly shards?: number;
  /** Maximum items of a history in the prompt; default 20. */
  readonly maxItems?: number;
  /** Scale of each layer's contribution to the residual stream; default 1 for all. */
  readonly layerGain?: LayerGain;
  /** Consecutive tokens that share a row of the output layer, so that their scores are equal. Default: 1. */
  readonly tokensPerRow?: number;
  /** Fields that override those of `config.json`, for tests of reading it. */
  readonly configFields?: Readonly<Record<string, unknown>>;
}

/**
 * Writes a random LLaMA-family checkpoint in Hugging Face's layout, with a `nightbeam.json`.
 * Creates the directory if missing; the same arguments give the same bytes.
 */
export async function writeCheckpoint(given: {
  readonly directory: string;
  readonly seed: number;
  readonly config?: Partial<ModelShape>;
  readonly options?: CheckpointOptions;
}): Promise<void> {
  const { directory, seed, options = {} } = given;
  const shape = completeShape(given.config ?? {});
  const layerGain = options.layerGain ?? (() => 1);
  const tensors = randomTensors({ shape, seed, layerGain });
  shareRows(tensors, options.tokensPerRow ?? 1);
  await writeModelFiles({ directory, shape, tensors, options });
}

/** Gives each group of tokens the first one's row of the output layer. */
function shareRows(tensors: readonly Tensor[], tokensPerRow: number): void {
  const head = tensors.find(({ name }) => name === "lm_head.weight");
  const [vocabulary = 0, width = 0] = head?.shape ?? [];
  for (let token = 0; token < vocabulary; token++) {
    const first = token - (token % tokensPerRow);
    head?.values.copyWithin(token * width, first * width, (first + 1) * width);
  }
}

/** The same from given tensors. */
export async function writeModelFiles(given: {
  readonly directory: string;
  readonly shape: ModelShape;
  readonly tensors: readonly Tensor[];
  readonly options: CheckpointOptions;
}): Promise<void> {
  const { directory, shape, tensors, options } = given;
  const { format = "F32", shards = 1, maxItems = 20 } = options;
  await mkdir(directory, { recursive: true });
  await writeJson(join(directory, "config.json"), {
    ...hfConfig(shape),
    torch_dtype: DTYPES[format],
    ...options.configFields,
  });
  await writeJson(join(directory, "nightbeam.json"), {
    levels: shape.levels,
    codesPerLevel: shape.codesPerLevel,
    codeTokenOffsets: Array.from(
      { length: shape.levels },
      (_, level) => SPECIAL_TOKENS + level * shape.codesPerLevel,
    ),
    prompt: { kind: "items", bos: BOS, maxItems },
  });
  await writeWeights({ directory, tensors, format, shards });
}

const DTYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" };

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
