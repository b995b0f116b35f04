import { cast } from "../onnx/floats.js";
import type { Value } from "../onnx/graph-builder.js";
import type { ProgramContext } from "./program.js";

/** Hidden states to be scored, and the level of the codes that follow. */
interface Scored {
  /** Shape [W, hidden size]. */
  readonly hidden: Value;
  readonly level: number;
}

/**
 * Logits over the whole vocabulary (`full`), or over the codes of a level (`renormalized`), for which
 * only that level's rows of the output layer are multiplied. Shape [W, vocabulary or codes].
 */
export function logits(context: ProgramContext, { hidden, level }: Scored): Value {
  const { graph, scoring, numbers } = context;
  const isFull = scoring === "full";
  const matrix = isFull ? outputWeight(context) : levelRows(context, level);
  // Logits of 16 bits would be equal for many codes.
  const wide = (value: Value) => cast(graph, value, { from: numbers, to: "float" });
  const weights = graph.once(`${matrix} in float`, () => wide(matrix));
  return graph.node("Gemm", [wide(hidden), weights], { attributes: { transB: { int: 1 } } });
}

/** Adds log-softmax over the last axis to a graph, in float32. */
export function addLogSoftmax({ graph }: ProgramContext, value: Value): Value {
  return graph.node("LogSoftmax", [value], { attributes: { axis: { int: -1 } } });
}

function outputWeight({ graph, weights, architecture }: ProgramContext): Value {
  const { vocabularySize, hiddenSize } = architecture;
  return weights.use(graph, architecture.outputWeight, [vocabularySize, hiddenSize]);
}

/** The output layer's rows of one level: a view if the tokens are consecutive, picked otherwise. */
function levelRows(context: ProgramContext, level: number): Value {
  const { graph, weights } = context;
  const { vocabularySize, hiddenSize, outputWeight: name } = context.architecture;
  const tokens = context.codeTokens[level] ?? new Int32Array();
  const first = tokens[0] ?? 0;
  if (tokens.every((token, code) => token === first + code)) {
    const shape = [vocabularySize, hiddenSize];
    return weights.rows(graph, name, { shape, first, count: tokens.length });
  }
  return graph.node("Gather", [outputWeight(context), levelTokens(context, level)]);
}

/** A level's tokens as a constant, in the order of the codes. int32 [codes] */
export function levelTokens(context: ProgramContext, level: number): Value {
  const tokens = context.codeTokens[level] ?? new Int32Array();
  return context.graph.tensor(`tokens_of_level_${level}`, {
    type: "int32",
    dims: [tokens.length],
    data: { raw: new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength) },
  });
}
