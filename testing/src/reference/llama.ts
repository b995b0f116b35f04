import { type ReferenceConfig, type ReferenceRope, readReferenceConfig } from "./llama-config.js";
import { add, dot, embed, multiply, normalise, type Rows, rmsNorm, softmax } from "./rows.js";
import type { ReferenceTensors } from "./tensors.js";

/** A LLaMA-family model in plain float64. */
export class LlamaReference {
  readonly vocabularySize: number;
  readonly #config: ReferenceConfig;
  readonly #tensors: ReferenceTensors;

  /** `config` is a parsed `config.json`. */
  constructor(config: Parameters<typeof readReferenceConfig>[0], tensors: ReferenceTensors) {
    this.#config = readReferenceConfig(config);
    this.#tensors = tensors;
    this.vocabularySize = this.#config.vocabularySize;
  }

  /** One causal pass over the prompt and the path after it. */
  logits(prompt: ArrayLike<number>, path: readonly number[] = []): Rows {
    const tokens = [...Array.from(prompt), ...path];
    return this.#readOut(this.#forward(tokens).slice(prompt.length - 1));
  }

  /**
   * The level heads of a draft, after a prompt: h + SiLU(W h + b) in front of the output layer
   * for every level after the first.
   *
   * @returns logits of every level but the last: [levels - 1][vocabulary]
   */
  levelLogits(prompt: readonly number[]): Rows {
    const rows = this.#forward(prompt).slice(-1);
    const blocks = Array.from({ length: this.#config.levelHeads }, (_, block) => {
      const inner = linear(
        { tensors: this.#tensors, name: "nightbeam_heads", rows },
        String(block),
      );
      return add(
        rows,
        inner.map((row) => row.map((value) => value / (1 + Math.exp(-value)))),
      );
    });
    return this.#readOut([...rows, ...blocks.flat()]);
  }

  #forward(tokens: readonly number[]): Rows {
    return forward({ config: this.#config, tensors: this.#tensors, tokens });
  }

  #readOut(rows: Rows): Rows {
    return readOut({ config: this.#config, tensors: this.#tensors, rows });
  }
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

/** States after the final norm: [tokens][width]. */
function forward(model: {
  readonly config: ReferenceConfig;
  readonly tensors: ReferenceTensors;
  readonly tokens: readonly number[];
}): Rows {
  const { config, tensors, tokens } = model;
  let stream = embed(tokens, { table: tensors.get("model.embed_tokens.weight"), ...config });
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
