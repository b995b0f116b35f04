import { add, dot, embed, multiply, normalise, type Rows, softmax } from "./rows.js";
import type { ReferenceTensors } from "./tensors.js";

/** What the forward pass needs of `config.json`; nothing is checked. */
interface RawConfig {
  readonly vocab_size: number;
  readonly d_model: number;
  readonly d_kv: number;
  readonly num_layers: number;
  readonly num_decoder_layers?: number | null;
  readonly num_heads: number;
  readonly relative_attention_num_buckets?: number;
  readonly relative_attention_max_distance?: number;
  readonly layer_norm_epsilon?: number;
  readonly feed_forward_proj?: string;
  readonly tie_word_embeddings?: boolean;
  readonly scale_decoder_outputs?: boolean;
  readonly decoder_start_token_id?: number | null;
  readonly pad_token_id?: number | null;
}

/** T5 and T5 v1.1 in plain float64: https://arxiv.org/abs/1910.10683, section 2.1, and its appendix. */
export class T5Reference {
  readonly vocabularySize: number;
  readonly #config: RawConfig;
  readonly #tensors: ReferenceTensors;

  /** `config` is a parsed `config.json`. */
  constructor(config: RawConfig, tensors: ReferenceTensors) {
    this.vocabularySize = config.vocab_size;
    this.#config = config;
    this.#tensors = tensors;
  }

  /** The encoder over the prompt, the decoder over its start token and the path. */
  logits(prompt: ArrayLike<number>, path: readonly number[] = []): Rows {
    const { decoder_start_token_id, pad_token_id } = this.#config;
    const encoded = this.#encode(Array.from(prompt));
    const start = decoder_start_token_id ?? pad_token_id ?? 0;
    return this.#readOut(this.#decode([start, ...path], encoded));
  }

  #encode(tokens: readonly number[]): Rows {
    let stream = this.#embed(tokens);
    for (let layer = 0; layer < this.#config.num_layers; layer++) {
      const block = `encoder.block.${layer}.layer`;
      stream = this.#selfAttention(stream, { block, stack: "encoder" });
      stream = this.#feedForward(stream, `${block}.1`);
    }
    return this.#norm(stream, "encoder.final_layer_norm");
  }

  #decode(tokens: readonly number[], encoded: Rows): Rows {
    const { num_layers, num_decoder_layers } = this.#config;
    let stream = this.#embed(tokens);
    for (let layer = 0; layer < (num_decoder_layers ?? num_layers); layer++) {
      const block = `decoder.block.${layer}.layer`;
      stream = this.#selfAttention(stream, { block, stack: "decoder" });
      stream = this.#crossAttention(stream, { name: `${block}.1`, encoded });
      stream = this.#feedForward(stream, `${block}.2`);
    }
    return this.#norm(stream, "decoder.final_layer_norm");
  }

  /** A stored head counts, whatever the configuration says of ties. */
  #readOut(rows: Rows): Rows {
    const { tie_word_embeddings, scale_decoder_outputs, d_model } = this.#config;
    const head = this.#tensors.find("lm_head.weight") ?? this.#tensors.get("shared.weight");
    const isScaled = scale_decoder_outputs ?? tie_word_embeddings ?? true;
    const scale = isScaled ? 1 / Math.sqrt(d_model) : 1;
    return rows.map((row) => multiply(head, row).map((logit) => scale * logit));
  }

  #selfAttention(
    stream: Rows,
    { block, stack }: { block: string; stack: "encoder" | "decoder" },
  ): Rows {
    const rows = this.#norm(stream, `${block}.0.layer_norm`);
    // The first layer's table of biases is used by all layers of the stack.
    const table = this.#tensors.get(
      `${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
    );
    const { num_heads } = this.#config;
    const bias = (head: number, query: number, key: number) =>
      table[this.#bucket(key - query, stack) * num_heads + head] ?? Number.NaN;
    const isSeen = (query: number, key: number) => stack === "encoder" || key <= query;
    const name = `${block}.0.SelfAttention`;
    return add(stream, this.#attention({ name, queries: rows, memory: rows, bias, isSeen }));
  }

  #crossAttention(stream: Rows, { name, encoded }: { name: string; encoded: Rows }): Rows {
    const mixed = this.#attention({
      name: `${name}.EncDecAttention`,
      queries: this.#norm(stream, `${name}.layer_norm`),
      memory: encoded,
      bias: () => 0,
      isSeen: () => true,
    });
    return add(stream, mixed);
  }

  /** Scores are not divided by the root of a head's size. */
  #attention(options: {
    readonly name: string;
    readonly queries: Rows;
    readonly memory: Rows;
    readonly bias: (head: number, query: number, key: number) => number;
    readonly isSeen: (query: number, key: number) => boolean;
  }): Rows {
    const { name, bias, isSeen } = options;
    const { num_heads, d_kv } = this.#config;
    const keys = this.#linear(options.memory, `${name}.k`);
    const values = this.#linear(options.memory, `${name}.v`);
    const mixed = this.#linear(options.queries, `${name}.q`).map((row, query) => {
      const places = [...keys.keys()].filter((key) => isSeen(query, key));
      const result = new Float64Array(num_heads * d_kv);
      for (let head = 0; head < num_heads; head++) {
        const part = (of: Float64Array = new Float64Array()) =>
          of.subarray(head * d_kv, (head + 1) * d_kv);
        const scores = places.map(
          (key) => dot(part(row), part(keys[key])) + bias(head, query, key),
        );
        for (const [at, weight] of softmax(scores).entries()) {
          for (const [i, value] of part(values[places[at] ?? 0]).entries()) {
            result[head * d_kv + i] = (result[head * d_kv + i] ?? 0) + weight * value;
          }
        }
      }
      return result;
    });
    return this.#linear(mixed, `${name}.o`);
  }

  /**
   * Bucket of a distance from query to key. Half of the buckets are for one distance each, the rest for
   * ranges that grow; an encoder has as many again for keys after the query. Ranges are cut in float32,
   * as T5 was trained.
   */
  #bucket(distance: number, stack: "encoder" | "decoder"): number {
    const {
      relative_attention_num_buckets: all = 32,
      relative_attention_max_distance: most = 128,
    } = this.#config;
    const buckets = stack === "encoder" ? Math.floor(all / 2) : all;
    const first = stack === "encoder" && distance > 0 ? buckets : 0;
    const away = Math.abs(distance);
    const exact = Math.floor(buckets / 2);
    if (away < exact) return first + away;
    const { fround } = Math;
    const grown = fround(Math.log(fround(away / exact)));
    const range = fround(fround(grown / fround(Math.log(most / exact))) * (buckets - exact));
    return first + Math.min(exact + Math.floor(range), buckets - 1);
  }

  #feedForward(stream: Rows, name: string): Rows {
    const { feed_forward_proj = "relu" } = this.#config;
    const part = `${name}.DenseReluDense`;
    const rows = this.#norm(stream, `${name}.layer_norm`);
    const isGated = feed_forward_proj.startsWith("gated-");
    const activation = activationOf(feed_forward_proj);
    const inner = this.#linear(rows, `${part}.${isGated ? "wi_0" : "wi"}`).map((row) =>
      row.map(activation),
    );
    const factors = isGated ? this.#linear(rows, `${part}.wi_1`) : [];
    const gated = inner.map((row, at) => row.map((value, i) => value * (factors[at]?.[i] ?? 1)));
    return add(stream, this.#linear(gated, `${part}.wo`));
  }

  #embed(tokens: readonly number[]): Rows {
    const { vocab_size: vocabularySize, d_model: width } = this.#config;
    return embed(tokens, { table: this.#tensors.get("shared.weight"), vocabularySize, width });
  }

  #norm(rows: Rows, name: string): Rows {
    const { layer_norm_epsilon = 1e-6 } = this.#config;
    return normalise(rows, this.#tensors.get(`${name}.weight`), layer_norm_epsilon);
  }

  #linear(rows: Rows, name: string): Rows {
    const weight = this.#tensors.get(`${name}.weight`);
    return rows.map((row) => multiply(weight, row));
  }
}

/** What `feed_forward_proj` names. T5's GELU is the one with tanh. */
function activationOf(name: string): (x: number) => number {
  switch (name) {
    case "relu":
    case "gated-relu":
      return (x) => Math.max(0, x);
    case "silu":
    case "gated-silu":
      return (x) => x / (1 + Math.exp(-x));
    case "gated-gelu":
      return (x) => {
        const inner = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);
        return 0.5 * x * (1 + Math.tanh(inner));
      };
    default:
      throw new Error(`feed_forward_proj ${name} is not in the reference`);
  }
}
