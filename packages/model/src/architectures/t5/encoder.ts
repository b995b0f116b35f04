import { MICROSOFT, type Value } from "../../onnx/graph-builder.js";
import { rows } from "../../onnx/linear.js";
import type { PromptMemory } from "../architecture.js";
import { fromHeads, toHeads } from "../attention/heads.js";
import { SIZES } from "../inputs.js";
import { inNumbers } from "../numbers.js";
import type { ProjectedFrom } from "../vocabulary-table.js";
import { addAttended, embed, normedRows, type T5Context, toAllHeads } from "./context.js";
import { addFeedForward } from "./feed-forward.js";
import { promptBiases } from "./relative-positions.js";

/** Prompts for the encoder. */
interface EncodedPrompts {
  /** int32 [B × P]. */
  readonly tokens: Value;
  /** As in `PromptInputs`. Default: prompts have one length. */
  readonly promptBias?: Value | undefined;
}

/**
 * Prompts as the decoder's layers remember them: the keys and values that its nodes attend to, from the encoder's
 * states. Per decoder layer.
 */
export function encodePrompts(context: T5Context, prompts: EncodedPrompts): PromptMemory[] {
  const { config } = context;
  let residual = embed(context, prompts.tokens);
  for (let index = 0; index < config.encoderLayers; index++) {
    const name = `encoder.block.${index}`;
    const norm = `${name}.layer.0.layer_norm.weight`;
    const tokens = index === 0 ? prompts.tokens : undefined;
    const from = normedRows(context, { norm, residual, tokens });
    const attention = `${name}.layer.0.SelfAttention`;
    residual = addSelfAttention(context, { name: attention, from, residual, prompts });
    residual = addFeedForward(context, { name: `${name}.layer.1`, residual });
  }
  const states = normedRows(context, { norm: "encoder.final_layer_norm.weight", residual });
  return Array.from({ length: config.decoderLayers }, (_, index) => {
    const name = `decoder.block.${index}.layer.1.EncDecAttention`;
    const remembered = (part: "k" | "v") =>
      byHead(context, { name: `${name}.${part}`, from: states });
    return { keys: remembered("k"), values: remembered("v") };
  });
}

/** Projected rows of prompts by head. Shape [B, heads, P, head size]. */
function byHead(context: T5Context, projection: { name: string; from: ProjectedFrom }): Value {
  return toHeads(context, {
    value: toAllHeads(context, projection),
    shape: [SIZES.users, SIZES.prompt],
    axes: [context.config.heads],
  });
}

/** Attention of a prompt's tokens to all of them. T5 does not scale the products. */
function addSelfAttention(
  context: T5Context,
  of: { name: string; from: ProjectedFrom; residual: Value; prompts: EncodedPrompts },
): Value {
  const { graph, config } = context;
  const { name, from, residual, prompts } = of;
  const project = (part: "q" | "k" | "v") => byHead(context, { name: `${name}.${part}`, from });
  const products = graph.node("FusedMatMul", [project("q"), project("k")], {
    domain: MICROSOFT,
    attributes: { transB: { int: 1 } },
  });
  const scores = graph.node("Add", [products, promptBiases(context)]);
  const seen =
    prompts.promptBias === undefined
      ? scores
      : graph.node("Add", [scores, inNumbers(context, prompts.promptBias)]);
  const shares = graph.node("Softmax", [seen], { attributes: { axis: { int: -1 } } });
  const mixed = graph.node("MatMul", [shares, project("v")]);
  const attended = rows(graph, fromHeads(context, { value: mixed, axes: [config.heads] }));
  return addAttended(context, { name, attended, residual });
}
