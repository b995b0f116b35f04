import { vocabularySize } from "./code-tokens.js";
import { biasesOf, type LlamaShape } from "./llama-shape.js";
import { RandomTensors } from "./random-tensors.js";
import type { Tensor } from "./safetensors.js";

/** Scale of each layer's contribution to the residual stream. Default: 1. */
export type LayerGain = (layer: number) => number;

/** Random weights under Hugging Face's names. */
export function llamaTensors(options: {
  readonly shape: LlamaShape;
  readonly seed: number;
  readonly layerGain?: LayerGain;
}): Tensor[] {
  const { shape, seed, layerGain = () => 1 } = options;
  const { width, intermediate, headSize } = shape;
  const biases = biasesOf(shape);
  const queries = shape.heads * headSize;
  const keys = shape.keyValueHeads * headSize;
  const vocabulary = vocabularySize(shape);
  const tensors = new RandomTensors(seed);
  const { norm, linear, gaussian } = tensors;

  const headStd = 2 / Math.sqrt(width);
  // A tied head is the embedding: kept small, or each token would predict itself.
  gaussian("model.embed_tokens.weight", [vocabulary, width], { std: shape.tiedHead ? headStd : 1 });
  for (let layer = 0; layer < shape.layers; layer++) {
    const gain = layerGain(layer);
    const attention = `model.layers.${layer}.self_attn`;
    const mlp = `model.layers.${layer}.mlp`;
    const { qkv } = biases;
    norm(`model.layers.${layer}.input_layernorm.weight`, width);
    linear(`${attention}.q_proj`, { out: queries, in: width, gain: 1.2, bias: qkv });
    linear(`${attention}.k_proj`, { out: keys, in: width, gain: 1.2, bias: qkv });
    linear(`${attention}.v_proj`, { out: keys, in: width, gain: 1, bias: qkv });
    // Averaging over the prompt shrinks the values; 3 brings them back to the stream's size.
    linear(`${attention}.o_proj`, { out: width, in: queries, gain: 3 * gain, bias: biases.output });
    if (shape.modelType === "qwen3") {
      norm(`${attention}.q_norm.weight`, headSize);
      norm(`${attention}.k_norm.weight`, headSize);
    }
    norm(`model.layers.${layer}.post_attention_layernorm.weight`, width);
    linear(`${mlp}.gate_proj`, { out: intermediate, in: width, gain: 1, bias: biases.mlp });
    linear(`${mlp}.up_proj`, { out: intermediate, in: width, gain: 1, bias: biases.mlp });
    linear(`${mlp}.down_proj`, { out: width, in: intermediate, gain: 2 * gain, bias: biases.mlp });
  }
  norm("model.norm.weight", width);
  if (!shape.tiedHead) gaussian("lm_head.weight", [vocabulary, width], { std: headStd });
  for (let block = 0; shape.levelHeads && block < shape.levels - 2; block++) {
    linear(`nightbeam_heads.${block}`, { out: width, in: width, gain: 1, bias: true });
  }
  return tensors.made;
}
