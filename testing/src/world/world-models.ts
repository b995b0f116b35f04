import { BOS, SPECIAL_TOKENS } from "./checkpoint/code-tokens.js";
import type { LlamaShape } from "./checkpoint/llama-shape.js";
import { llamaTensors } from "./checkpoint/llama-tensors.js";
import type { Tensor } from "./checkpoint/safetensors.js";
import { createRandom } from "./random.js";

/** Correlation of the embeddings of two consecutive codes. */
const LIKENESS = 0.9;
/** Size of a token's mark for its level; other dimensions are about 1. */
const MARK = 4;
/** Strength of attention to tokens of the next level. */
const MATCH = 1.4;
/** Strength of the head for a code of the next level, … */
const LEVEL_GAIN = 4;
/** … for codes in the history, … */
const COPY_GAIN = 16;
/** … and for random codes. */
const NOISE = 0.5;

/**
 * A pair of models that often agree, but not always: the draft is the target's first layers with
 * its embeddings and its head, and the layers above add little.
 *
 * Unlike purely random weights they recommend items similar to the history: the first layer attends
 * to codes of the next level, and the head predicts what it finds there.
 */
export function worldModels(options: {
  readonly shape: LlamaShape;
  readonly draftLayers: number;
  readonly seed: number;
  /** Scale of the target's layers above the draft; 1 is a normal layer. */
  readonly upperGain: number;
}): { target: Tensor[]; draft: Tensor[] } {
  const { shape, draftLayers, seed, upperGain } = options;
  const layerGain = (layer: number) => (layer < draftLayers ? 1 : upperGain);
  const target = llamaTensors({ shape, seed, layerGain });
  likenCodes(shape, target);
  markLevels(shape, target);
  matchLevels(shape, target);
  readHistory({ shape, tensors: target, seed });
  const draft = target.filter(({ name }) => layerOf(name) < draftLayers);
  return { target, draft };
}

/** Makes the embeddings of neighbouring codes similar, except on the first level. */
function likenCodes({ levels, codesPerLevel, width }: LlamaShape, tensors: Tensor[]): void {
  const embeddings = valuesOf(tensors, "model.embed_tokens.weight");
  for (let token = codesPerLevel; token < levels * codesPerLevel; token++) {
    if (token % codesPerLevel === 0) continue;
    const row = (SPECIAL_TOKENS + token) * width;
    for (let i = row; i < row + width; i++) {
      embeddings[i] =
        LIKENESS * (embeddings[i - width] ?? 0) +
        Math.sqrt(1 - LIKENESS ** 2) * (embeddings[i] ?? 0);
    }
  }
}

/**
 * Reserves the first dimensions of the stream for the levels: a token has a mark in its level's.
 */
function markLevels({ levels, codesPerLevel, width }: LlamaShape, tensors: Tensor[]): void {
  const embeddings = valuesOf(tensors, "model.embed_tokens.weight");
  for (let row = 0; row * width < embeddings.length; row++) {
    const level = row < SPECIAL_TOKENS ? -1 : Math.floor((row - SPECIAL_TOKENS) / codesPerLevel);
    for (let dim = 0; dim < levels; dim++) embeddings[row * width + dim] = dim === level ? MARK : 0;
  }
  // After a prompt of only BOS comes a first code, as after the end of an item.
  embeddings[BOS * width + levels - 1] = MARK;
}

/** Makes the first layer's queries match keys of the next level; values carry no marks. */
function matchLevels(shape: LlamaShape, tensors: Tensor[]): void {
  const { levels, width, heads, headSize } = shape;
  const queries = valuesOf(tensors, `${FIRST_ATTENTION}.q_proj.weight`);
  const keys = valuesOf(tensors, `${FIRST_ATTENTION}.k_proj.weight`);
  const values = valuesOf(tensors, `${FIRST_ATTENTION}.v_proj.weight`);
  const half = headSize / 2;
  for (let level = 0; level < levels; level++) {
    // The last dimensions before a head's middle rotate slowest: distance hardly matters.
    const slot = half - 1 - (level % half);
    for (let head = 0; head < heads; head++) {
      const row = (head * headSize + slot) * width;
      keys[row + level] = MATCH;
      queries[row + before(level, levels)] = MATCH;
    }
    for (let row = 0; row < values.length; row += width) values[row + level] = 0;
  }
}

/** Sets the head to attention's output for each code, and to the mark of the level before. */
function readHistory(options: {
  readonly shape: LlamaShape;
  readonly tensors: readonly Tensor[];
  readonly seed: number;
}): void {
  const { shape, tensors, seed } = options;
  const { width, levels, codesPerLevel } = shape;
  const embeddings = valuesOf(tensors, "model.embed_tokens.weight");
  const head = valuesOf(tensors, "lm_head.weight");
  const values = valuesOf(tensors, `${FIRST_ATTENTION}.v_proj.weight`);
  const output = valuesOf(tensors, `${FIRST_ATTENTION}.o_proj.weight`);
  const random = createRandom(seed, "head noise");
  for (let token = 0; token < levels * codesPerLevel; token++) {
    const row = (SPECIAL_TOKENS + token) * width;
    const brought = multiply(output, multiply(values, embeddings.subarray(row, row + width)));
    const scale = (COPY_GAIN * Math.sqrt(width)) / Math.hypot(...brought) / width;
    for (let dim = 0; dim < width; dim++) {
      const noise = (NOISE * random.gaussian()) / Math.sqrt(width);
      head[row + dim] = scale * (brought[dim] ?? 0) + noise;
    }
    const level = Math.floor(token / codesPerLevel);
    for (let dim = 0; dim < levels; dim++) {
      head[row + dim] = dim === before(level, levels) ? LEVEL_GAIN : 0;
    }
  }
}

const FIRST_ATTENTION = "model.layers.0.self_attn";

/** The level before a level; before the first one, the last of the previous item. */
function before(level: number, levels: number): number {
  return (level + levels - 1) % levels;
}

/** Layer of a tensor; -1 for embeddings, the last norm and the head. */
function layerOf(name: string): number {
  const layer = /^model\.layers\.(\d+)\./.exec(name)?.[1];
  return layer === undefined ? -1 : Number(layer);
}

function valuesOf(tensors: readonly Tensor[], name: string): Float32Array {
  const tensor = tensors.find((candidate) => candidate.name === name);
  if (tensor === undefined) throw new Error(`no tensor ${name}`);
  return tensor.values;
}

/** A matrix [rows, x.length] times x. */
function multiply(matrix: Float32Array, x: Float32Array | Float64Array): Float64Array {
  return Float64Array.from({ length: matrix.length / x.length }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < x.length; i++) sum += (matrix[row * x.length + i] ?? 0) * (x[i] ?? 0);
    return sum;
  });
}
