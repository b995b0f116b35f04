import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BOS, type CodeTokens, EOS, SPECIAL_TOKENS } from "./code-tokens.js";
import { completeLlama, type LlamaShape, llamaConfig } from "./llama-shape.js";
import { type LayerGain, llamaTensors } from "./llama-tensors.js";
import type { TensorFormat } from "./number-formats.js";
import { type Tensor, writeWeights } from "./safetensors.js";
import { completeT5, type T5Shape, t5Config } from "./t5-shape.js";
import { t5Tensors } from "./t5-tensors.js";

/** A random model; what is left out has a default. Default: a small Llama. */
export type ModelShape = Partial<LlamaShape> | (Partial<T5Shape> & Pick<T5Shape, "modelType">);

/** Layout of a checkpoint on disk. */
export interface CheckpointOptions {
  /** Default F32. */
  readonly format?: TensorFormat;
  /** Number of files for the weights; default 1, without an index file. */
  readonly shards?: number;
  /** Maximum items of a history in the prompt; default 20. */
  readonly maxItems?: number;
  /** LLaMA only: scale of each layer's contribution to the residual stream; default 1 for all. */
  readonly layerGain?: LayerGain;
  /** Consecutive tokens that share a row of the output layer, so that their scores are equal. Default: 1. */
  readonly tokensPerRow?: number;
  /** Fields that override those of `config.json`, for tests of reading it. */
  readonly configFields?: Readonly<Record<string, unknown>>;
}

/**
 * Writes a random checkpoint in Hugging Face's layout, with a `nightbeam.json`.
 * Creates the directory if missing; the same arguments give the same bytes.
 */
export async function writeCheckpoint(given: {
  readonly directory: string;
  readonly seed: number;
  readonly config?: ModelShape;
  readonly options?: CheckpointOptions;
}): Promise<void> {
  const { directory, options = {} } = given;
  const model = randomModel(given);
  shareRows(model.tensors, options.tokensPerRow ?? 1);
  await writeModelFiles({ directory, ...model, options });
}

/** What a checkpoint's files have, besides formats. */
export interface CheckpointModel {
  readonly codes: CodeTokens;
  /** `config.json`, without what follows from the files. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: readonly Tensor[];
  /** Tokens around the items of a prompt. */
  readonly prompt: { readonly bos?: number; readonly suffix?: readonly number[] };
}

function randomModel(given: {
  readonly seed: number;
  readonly config?: ModelShape;
  readonly options?: CheckpointOptions;
}): CheckpointModel {
  const { seed, config = {}, options = {} } = given;
  if (config.modelType === "t5") {
    const shape = completeT5(config);
    const tensors = t5Tensors({ shape, seed });
    return { codes: shape, config: t5Config(shape), tensors, prompt: { suffix: [EOS] } };
  }
  const shape = completeLlama(config);
  const { layerGain = () => 1 } = options;
  return llamaModel(shape, llamaTensors({ shape, seed, layerGain }));
}

/** A LLaMA-family model with these weights. */
export function llamaModel(shape: LlamaShape, tensors: readonly Tensor[]): CheckpointModel {
  return { codes: shape, config: llamaConfig(shape), tensors, prompt: { bos: BOS } };
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

/** The same from a given model. */
export async function writeModelFiles(
  given: CheckpointModel & { readonly directory: string; readonly options: CheckpointOptions },
): Promise<void> {
  const { directory, codes, tensors, options } = given;
  const { format = "F32", shards = 1, maxItems = 20 } = options;
  await mkdir(directory, { recursive: true });
  await writeJson(join(directory, "config.json"), {
    ...given.config,
    torch_dtype: DTYPES[format],
    ...options.configFields,
  });
  await writeJson(join(directory, "nightbeam.json"), {
    levels: codes.levels,
    codesPerLevel: codes.codesPerLevel,
    codeTokenOffsets: Array.from(
      { length: codes.levels },
      (_, level) => SPECIAL_TOKENS + level * codes.codesPerLevel,
    ),
    prompt: { kind: "items", ...given.prompt, maxItems },
  });
  await writeWeights({ directory, tensors, format, shards });
}

const DTYPES = { F32: "float32", F16: "float16", BF16: "bfloat16" };

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
