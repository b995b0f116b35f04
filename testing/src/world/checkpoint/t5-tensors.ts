import { vocabularySize } from "./code-tokens.js";
import { RandomTensors } from "./random-tensors.js";
import type { Tensor } from "./safetensors.js";
import { scalesOutput, type T5Shape } from "./t5-shape.js";

/** Random weights under Hugging Face's names. */
export function t5Tensors({ shape, seed }: { shape: T5Shape; seed: number }): Tensor[] {
  const { width } = shape;
  const tensors = new RandomTensors(seed);
  const scale = scalesOutput(shape) ? Math.sqrt(width) : 1;
  const headStd = (2 * scale) / Math.sqrt(width);
  const table = [vocabularySize(shape), width];
  tensors.gaussian("shared.weight", table, { std: shape.tiedHead ? headStd : 1 });
  addStack({ tensors, shape, name: "encoder", layers: shape.encoderLayers });
  addStack({ tensors, shape, name: "decoder", layers: shape.decoderLayers });
  if (!shape.tiedHead) tensors.gaussian("lm_head.weight", table, { std: headStd });
  return shape.embeddingCopies ? withCopies(tensors.made) : tensors.made;
}

function addStack(stack: {
  readonly tensors: RandomTensors;
  readonly shape: T5Shape;
  readonly name: "encoder" | "decoder";
  readonly layers: number;
}): void {
  const { tensors, shape, name, layers } = stack;
  const { width, heads, headSize, intermediate } = shape;
  const inner = heads * headSize;
  // Beside embeddings of size 2, layers that add 1 would hardly count: a tied head would repeat the last token.
  const gain = shape.tiedHead && scalesOutput(shape) ? 3 : 1;
  for (let layer = 0; layer < layers; layer++) {
    const attentions =
      name === "encoder" ? ["SelfAttention"] : ["SelfAttention", "EncDecAttention"];
    for (const [place, attention] of attentions.entries()) {
      const part = `${name}.block.${layer}.layer.${place}`;
      tensors.norm(`${part}.layer_norm.weight`, width);
      // T5 does not divide scores by the root of a head's size: its queries are that much smaller.
      const queries = { out: inner, in: width, gain: 1.2 / Math.sqrt(headSize) };
      tensors.linear(`${part}.${attention}.q`, queries);
      tensors.linear(`${part}.${attention}.k`, { out: inner, in: width, gain: 1.2 });
      tensors.linear(`${part}.${attention}.v`, { out: inner, in: width, gain: 1 });
      tensors.linear(`${part}.${attention}.o`, { out: width, in: inner, gain: 3 * gain });
    }
    const mlp = `${name}.block.${layer}.layer.${attentions.length}`;
    tensors.norm(`${mlp}.layer_norm.weight`, width);
    for (const input of shape.feedForward === "relu" ? ["wi"] : ["wi_0", "wi_1"]) {
      tensors.linear(`${mlp}.DenseReluDense.${input}`, { out: intermediate, in: width, gain: 1 });
    }
    tensors.linear(`${mlp}.DenseReluDense.wo`, { out: width, in: intermediate, gain: 2 * gain });
  }
  const bias = `${name}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`;
  tensors.gaussian(bias, [shape.buckets, heads], { std: 1 });
  tensors.norm(`${name}.final_layer_norm.weight`, width);
}

function withCopies(tensors: readonly Tensor[]): Tensor[] {
  return tensors.flatMap((tensor) =>
    tensor.name === "shared.weight"
      ? [
          tensor,
          ...["encoder", "decoder"].map((stack) => ({
            ...tensor,
            name: `${stack}.embed_tokens.weight`,
          })),
        ]
      : [tensor],
  );
}
