import { join } from "node:path";
import { CPU, openModel } from "@nightbeam/model";
import { useTempDir } from "@nightbeam/testing";
import { ScorerWorld, SHAPES } from "@nightbeam/testing/conformance";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Checkpoint, openCheckpoint } from "../src/checkpoint/checkpoint.js";
import { convertCheckpoint } from "../src/checkpoint/convert.js";
import { GraphBuilder, type Value } from "../src/onnx/graph-builder.js";
import { buildTreeGraph } from "../src/programs/build-graph.js";
import { treeScores } from "../src/programs/tree-scores.js";
import { promptsOf } from "../src/prompt/open-prompts.js";
import { ModelRunner } from "../src/runtime/model-runner.js";
import { openSession } from "../src/runtime/session.js";

/** onnx.proto's numbers of element types. */
const ELEMENTS = { float: 1, double: 11 };

describe("an int8 model", () => {
  const temporary = useTempDir();
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it.each(Object.entries(SHAPES))("has exact sums on this processor: %s", async (name, shape) => {
    const world = await ScorerWorld.write({ parent: temporary(), name, shape });
    const source = await openCheckpoint(world.directory);
    const out = join(temporary(), `${name}-int8`);
    const checkpoint = await convertCheckpoint(source, { precision: "int8", out });
    const users = world.users([37, 5, 81, 37, 1]);

    const model = await openModel({
      directory: out,
      catalogue: world.catalogue,
      scoring: "full",
      precision: "int8",
      cacheDirectory: temporary(),
      workers: 1,
      threads: 1,
      cacheBytes: 0,
    });
    const found = await model.scorer.score(users);
    await model.close();

    multiplyInFloat64();
    const reference = await openRunner(checkpoint, world);
    const expected = await reference.run(users);
    await reference.close();

    const scores = (answers: readonly { readonly logProbs: Float64Array }[]) =>
      answers.map(({ logProbs }) => logProbs);
    expect(scores(found)).toEqual(scores(expected));
  });
});

/** Lets graphs multiply bytes as float64, whose sums are exact up to 2^53. */
function multiplyInFloat64(): void {
  const { node } = GraphBuilder.prototype;
  vi.spyOn(GraphBuilder.prototype, "node").mockImplementation(function (
    this: GraphBuilder,
    ...[op, inputs, options]
  ) {
    if (op !== "MatMulIntegerToFloat") return node.call(this, op, inputs, options);
    const [rows = "", matrix = "", , steps = "", zero = ""] = inputs;
    const add = node.bind(this);
    const to = (type: keyof typeof ELEMENTS, value: Value) =>
      add("Cast", [value], { attributes: { to: { int: ELEMENTS[type] } } });
    const centred = add("Sub", [to("double", rows), to("double", zero)]);
    const sums = add("MatMul", [centred, to("double", matrix)]);
    return add("Mul", [to("float", sums), steps]);
  });
}

/** The model on this thread. */
async function openRunner(checkpoint: Checkpoint, { catalogue }: ScorerWorld) {
  const { config, tensors, directory, promptSpec: spec } = checkpoint;
  const { architecture } = config;
  const { trie } = catalogue;
  const prompts = await promptsOf({ config, spec }, { directory, catalogue });
  const model = { ...prompts, architecture, trie };
  const setup = { ...model, scoring: "full", cacheBytes: 0, onDevice: false } as const;
  const program = treeScores(setup);
  const graphOf = { tensors, byteWeights: "int8", levels: trie.levels, numbers: "float" } as const;
  const graph = buildTreeGraph({ ...setup, ...graphOf, program, cached: false });
  const full = await openSession(graph, { directory, threads: 1, device: CPU });
  return new ModelRunner({ ...setup, program, full, cached: undefined });
}
