import { seeded } from "@nightbeam/testing";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { lineMix, linePlaces } from "../../src/architectures/attention/line-sums.js";
import { GraphBuilder } from "../../src/onnx/graph-builder.js";
import { Weights } from "../../src/onnx/weights.js";

const HEADS = { heads: 2, keyValueHeads: 2, headSize: 12 };
const NODES = 5;
const MAX_PLACES = 14;

describe("lineMix", () => {
  it("has the bits of a line in runs with any longer lines", async () => {
    const graph = new GraphBuilder("lines");
    const { heads, headSize } = HEADS;
    const output = lineMix(
      {
        graph,
        config: HEADS,
        weights: new Weights(new Map(), { byteWeights: "int8" }),
        numbers: "float",
        onDevice: false,
        maxPositions: 1,
        maxAncestors: MAX_PLACES,
      },
      {
        weights: graph.input("weights", "float", ["nodes", "places", heads, 1, 1]),
        values: graph.input("values", "float", ["nodes", "places", heads, 1, headSize]),
      },
    );
    graph.output("mixed", { value: output, type: "float", shape: ["nodes", heads * headSize] });
    const session = await InferenceSession.create(graph.encode().model, { logSeverityLevel: 4 });
    const random = seeded(7);
    const term = () => (random() / 2 ** 32 - 0.5) * 2 ** (random() % 5);

    for (let max = 1; max <= MAX_PLACES; max++) {
      for (let length = 1; length <= max; length++) {
        const weights = Array.from({ length: NODES * length * heads }, term);
        const values = Array.from({ length: NODES * length * heads * headSize }, term);
        /** The line's terms, and zeros behind them. */
        const padded = (terms: readonly number[], places: number) => {
          const perPlace = terms.length / (NODES * length);
          return Float32Array.from({ length: NODES * places * perPlace }, (_, at) => {
            const [node, rest] = [Math.floor(at / (places * perPlace)), at % (places * perPlace)];
            return rest < length * perPlace ? (terms[node * length * perPlace + rest] ?? 0) : 0;
          });
        };
        const mixed = async (longest: number) => {
          const places = linePlaces(longest, { max });
          const { mixed } = await session.run({
            weights: new Tensor("float32", padded(weights, places), [NODES, places, heads, 1, 1]),
            values: new Tensor("float32", padded(values, places), [
              NODES,
              places,
              heads,
              1,
              headSize,
            ]),
          });
          return mixed?.data;
        };
        const alone = await mixed(length);
        for (let longest = length + 1; longest <= max; longest++) {
          expect(await mixed(longest), `${length} of ${max} beside ${longest}`).toEqual(alone);
        }
      }
    }
    await session.release();
  });
});
