import { ROOT } from "@nightbeam/catalogue";
import type { BeamTree, LevelHeadsRequest } from "@nightbeam/decoding";
import { MICROSOFT, type Value } from "../onnx/graph-builder.js";
import { linear, rows } from "../onnx/linear.js";
import { addLogSoftmax, levelTokens, logits } from "./output-layer.js";
import type { LevelScores, Program, ProgramContext, ProgramSetup } from "./program.js";

/** Every request asks about its prompt alone. */
const PROMPT: BeamTree = {
  prefixes: Uint32Array.of(ROOT),
  parents: Int32Array.of(-1),
  wanted: Uint32Array.of(0),
};

/** Name of a level's output. */
const outputName = (level: number) => `level_${level}`;

/**
 * The level heads of a heads draft: log-probabilities of the codes of every level but the last, from
 * the same hidden states, as outputs `level_<level>` of shape [R, codes of the level].
 *
 * The first level is read as in any model. Each further one has a block of its own before the output
 * layer, h + SiLU(W h + b) (Medusa, Cai et al. 2024). `full`: over the whole vocabulary;
 * `renormalized`: over the level's codes.
 */
export function levelHeads(setup: ProgramSetup): Program<LevelHeadsRequest, LevelScores> {
  const sizes = setup.codeTokens.slice(0, -1).map(({ length }) => length);
  return {
    outputs: sizes.map((_, level) => outputName(level)),
    treeOf: () => PROMPT,
    build: (graphContext, { hidden }) => {
      const context = { ...graphContext, ...setup };
      sizes.forEach((size, level) => {
        const value = levelLogProbs(context, { hidden, level });
        context.graph.output(outputName(level), { value, type: "float", shape: ["nodes", size] });
      });
    },
    pack: () => ({}),
    read: (requests, outputs) => {
      const byLevel = sizes.map((size, level) => ({
        size,
        all: outputs.floats(outputName(level)),
      }));
      return requests.map((_, row) => ({
        levels: byLevel.map(({ size, all }) => all.slice(row * size, (row + 1) * size)),
      }));
    },
    buffersOf: ({ levels }) => levels.map(({ buffer }) => buffer),
  };
}

/** Log-probabilities of one level's codes. Shape [R, codes]. */
function levelLogProbs(
  context: ProgramContext,
  { hidden, level }: { hidden: Value; level: number },
): Value {
  const read = level === 0 ? hidden : block(context, { hidden, number: level - 1 });
  const logProbs = addLogSoftmax(context, logits(context, { hidden: read, level }));
  if (context.scoring !== "full") return logProbs;
  return context.graph.node("Gather", [logProbs, levelTokens(context, level)], {
    attributes: { axis: { int: 1 } },
  });
}

function block(
  { graph, weights, architecture }: ProgramContext,
  { hidden, number }: { hidden: Value; number: number },
): Value {
  const { hiddenSize } = architecture;
  const inner = linear(graph, weights, {
    layer: {
      name: `nightbeam_heads.${number}`,
      inputs: hiddenSize,
      outputs: hiddenSize,
      bias: true,
    },
    input: rows(graph, hidden),
  });
  const changed = graph.node("QuickGelu", [inner], {
    domain: MICROSOFT,
    attributes: { alpha: { float: 1 } },
  });
  return graph.node("Add", [hidden, changed]);
}
