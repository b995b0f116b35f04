import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ReferenceConfig, type ReferenceRope, readReferenceConfig } from "./config.js";
import { type ReferenceTensors, readReferenceTensors } from "./tensors.js";

/**
 * A LLaMA-family model in plain float64: what the graphs are compared with. It is written from the
 * published architecture and shares no code with the package; it is clear rather than fast.
 */
export interface ReferenceModel {
  readonly vocabularySize: number;
  /**
   * One full causal pass.
   *
   * @param tokens at least one
   * @returns logits after every token: [tokens][vocabulary]
   */
  logits(tokens: readonly number[]): Float64Array[];
  /**
   * The level heads of a draft, after a prompt: h + SiLU(W h + b) in front of the output layer
   * for every level after the first.
   *
   * @returns logits of every level but the last: [levels - 1][vocabulary]
   */
  levelLogits(tokens: readonly number[]): Float64Array[];
}

/** Loads a Hugging Face directory: one weight file or several with an index; F32, F16 or BF16. */
export function loadReference(directory: string): ReferenceModel {
  const config = readReferenceConfig(
    JSON.parse(readFileSync(join(directory, "config.json"), "utf8")),
  );
  const tensors = readReferenceTensors(directory);
  return {
    vocabularySize: config.vocabularySize,
    logits: (tokens) => readOut({ config, tensors, rows: forward({ config, tensors, tokens }) }),
    levelLogits: (tokens) => {
      const rows = forward({ config, tensors, tokens }).slice(-1);
      const blocks = Array.from({ length: config.levelHeads }, (_, block) => {
        const inner = linear({ tensors, name: "nightbeam_heads", rows }, String(block));
        return add(
          rows,
          inner.map((row) => row.map((value) => value / (1 + Math.exp(-value)))),
        );
      });
      return readOut({ config, tensors, rows: [...rows, ...blocks.flat()] });
    },
  };
}

/** The output layer: [rows][width] -> [rows][vocabulary]. */
function readOut(model: {
  readonly config: ReferenceConfig;
  readonly tensors: ReferenceTensors;
  readonly rows: Rows;
}): Rows {
  const { config, tensors, rows } = model;
  // A stored head counts, whatever the configuration says.
  const usual = config.tiedHead ? "model.embed_tokens.weight" : "lm_head.weight";
  const head = tensors.find("lm_head.weight") ?? tensors.get(usual);
  return rows.map((row) => multiply(head, row));
}

type Rows = Float64Array[];

/** States after the final norm: [tokens][width]. */
function forward(model: {
  readonly config: ReferenceConfig;
  readonly tensors: ReferenceTensors;
  readonly tokens: readonly number[];
}): Rows {
  const { config, tensors, tokens } = model;
  const embeddings = tensors.get("model.embed_tokens.weight");
  let stream: Rows = tokens.map((token) => {
    if (!Number.isInteger(token) || token < 0 || token >= config.vocabularySize) {
      throw new RangeError(`token ${token} is not in the vocabulary`);
    }
    return embeddings.slice(token * config.width, (token + 1) * config.width);
  });
  for (let layer = 0; layer < config.layers; layer++) {
    const part = (name: string) => `model.layers.${layer}.${name}`;
    const before = normalise(stream, tensors.get(part("input_layernorm.weight")), config.epsilon);
    stream = add(stream, attention({ config, tensors, rows: before, name: part("self_attn") }));
    const middle = tensors.get(part("post_attention_layernorm.weight"));
    const rows = normalise(stream, middle, config.epsilon);
    stream = add(stream, mlp({ tensors, rows, name: part("mlp") }));
  }
  return normalise(stream, tensors.get("model.norm.weight"), config.epsilon);
}

interface Block {
  readonly tensors: ReferenceTensors;
  readonly rows: Rows;
  readonly name: string;
}

function attention(block: Block & { readonly config: ReferenceConfig }): Rows {
  const { config, tensors, name } = block;
  const { heads, keyValueHeads, headSize, rope } = config;
  const queries = linear(block, "q_proj");
  const keys = linear(block, "k_proj");
  const values = linear(block, "v_proj");
  for (const [rows, norm] of [
    [queries, "q_norm"],
    [keys, "k_norm"],
  ] as const) {
    const weight = config.queryKeyNorm ? tensors.get(`${name}.${norm}.weight`) : undefined;
    for (const [position, row] of rows.entries()) {
      for (let start = 0; start < row.length; start += headSize) {
        // A view: what is done to it is done to the row.
        const head = row.subarray(start, start + headSize);
        if (weight !== undefined) head.set(rmsNorm(head, weight, config.epsilon));
        rotate({ head, position, rope });
      }
    }
  }
  const mixed = queries.map((query, position) => {
    const result = new Float64Array(heads * headSize);
    for (let h = 0; h < heads; h++) {
      const from = Math.floor((h * keyValueHeads) / heads) * headSize;
      const one = query.subarray(h * headSize, (h + 1) * headSize);
      const seen = keys.slice(0, position + 1).map((key) => key.subarray(from, from + headSize));
      const weights = softmax(seen.map((key) => dot(one, key) / Math.sqrt(headSize)));
      for (const [place, weight] of weights.entries()) {
        const value = values[place]?.subarray(from, from + headSize) ?? [];
        for (const [i, v] of value.entries()) {
          result[h * headSize + i] = (result[h * headSize + i] ?? 0) + weight * v;
        }
      }
    }
    return result;
  });
  return linear({ tensors, name, rows: mixed }, "o_proj");
}

function mlp(block: Block): Rows {
  const gates = linear(block, "gate_proj");
  const ups = linear(block, "up_proj");
  const rows = gates.map((gate, position) =>
    gate.map((g, i) => (g / (1 + Math.exp(-g))) * (ups[position]?.[i] ?? 0)),
  );
  return linear({ ...block, rows }, "down_proj");
}

/** `weight · x + bias` for every row; with the bias if the checkpoint has one. */
function linear(block: Block, projection: string): Rows {
  const weight = block.tensors.get(`${block.name}.${projection}.weight`);
  const bias = block.tensors.find(`${block.name}.${projection}.bias`);
  return block.rows.map((row) => {
    const product = multiply(weight, row);
    return bias === undefined ? product : product.map((value, i) => value + (bias[i] ?? 0));
  });
}

/** Turns each pair (i, i + half) of a head by its angle; in place. */
function rotate(options: { head: Float64Array; position: number; rope: ReferenceRope }): void {
  const { head, position, rope } = options;
  const half = head.length / 2;
  for (let i = 0; i < half; i++) {
    const angle = position * (rope.frequencies[i] ?? 0);
    const cosine = Math.cos(angle) * rope.amplitude;
    const sine = Math.sin(angle) * rope.amplitude;
    const a = head[i] ?? 0;
    const b = head[half + i] ?? 0;
    head[i] = a * cosine - b * sine;
    head[half + i] = b * cosine + a * sine;
  }
}

function normalise(rows: Rows, weight: Float64Array, epsilon: number): Rows {
  return rows.map((row) => rmsNorm(row, weight, epsilon));
}

function rmsNorm(x: Float64Array, weight: Float64Array, epsilon: number): Float64Array {
  const scale = 1 / Math.sqrt(dot(x, x) / x.length + epsilon);
  return x.map((value, i) => value * scale * (weight[i] ?? 0));
}

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function add(a: Rows, b: Rows): Rows {
  return a.map((row, position) => row.map((value, i) => value + (b[position]?.[i] ?? 0)));
}

/** A matrix of [out, x.length], row by row, times x. */
function multiply(matrix: Float64Array, x: Float64Array): Float64Array {
  const size = x.length;
  return Float64Array.from({ length: matrix.length / size }, (_, out) =>
    dot(matrix.subarray(out * size, (out + 1) * size), x),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
