import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { searchDecoder, speculativeDecoder } from "@nightbeam/decoding";
import { openModel, openSearcher, type Precision } from "@nightbeam/model";
import { refusal, seeded, useTempDir } from "@nightbeam/testing";
import { someCatalogue, somePrompt } from "@nightbeam/testing/conformance";
import { type ModelShape, type TensorFormat, writeCheckpoint } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";

/** Largest difference of a path's score in nats: 2 layers of 16-bit states, 4 levels. */
const TOLERANCE = 0.05;

describe("a model of 16 bits", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: 4, codesPerLevel: 16, items: 200, seed: 5 });
  const settings = async (format: TensorFormat, precision: Precision, config: ModelShape = {}) => {
    const directory = join(temporary(), `${config.modelType ?? "llama"} ${format}`);
    await writeCheckpoint({ directory, seed: 3, config, options: { format } });
    const cacheDirectory = join(temporary(), `cache of ${format}`);
    const one = { workers: 1, threads: 1, cacheBytes: 2 ** 20, cacheDirectory };
    return { directory, catalogue, scoring: "full", precision, ...one } as const;
  };
  const random = seeded(9);
  const jobs = [3, 21, 21, 40].map((length, key) => ({
    key,
    prompt: somePrompt({ length, vocabularySize: 68, random }),
    history: new Uint32Array(),
    exclusion: NOTHING_EXCLUDED,
  }));
  const search = { space: { trie: catalogue.trie, scoring: "full" as const }, beamWidth: 200 };
  /** The scores of all paths, by path. */
  const scoresOf = async (decoder: ReturnType<typeof searchDecoder>) => {
    const outcomes = await decoder.decode(jobs, new AbortController().signal);
    return outcomes.map(({ beams }) => {
      const order = Array.from(beams.prefixes, (leaf, rank) => ({ leaf, rank }));
      order.sort((a, b) => a.leaf - b.leaf);
      return order.map(({ rank }) => beams.scores[rank] ?? Number.NaN);
    });
  };
  const expectClose = (found: number[][], expected: number[][]) => {
    found.forEach((scores, user) => {
      expect(scores).toHaveLength(expected[user]?.length ?? 0);
      const difference = scores.map((score, at) => Math.abs(score - (expected[user]?.[at] ?? 0)));
      expect(Math.max(...difference)).toBeLessThan(TOLERANCE);
    });
  };

  it.each<{ format: TensorFormat; shape: ModelShape }>([
    { format: "F16", shape: { modelType: "llama" } },
    { format: "F32", shape: { modelType: "llama" } },
    { format: "F16", shape: { modelType: "t5", encoderLayers: 1 } },
  ])(
    "has about the scores of fp32, from $format weights of $shape.modelType",
    async ({ format, shape }) => {
      const exact = await openModel(await settings(format, "fp32", shape));
      const expected = await scoresOf(speculativeDecoder({ ...search, target: exact.scorer }));
      await exact.close();
      const halves = await settings(format, "fp16", shape);
      for (const program of ["beam-search", "verify-tree"] as const) {
        const { searcher, close } = await openSearcher({ ...halves, program });
        expectClose(await scoresOf(searchDecoder({ ...search, target: searcher })), expected);
        await close();
      }
      const rounds = await openModel(halves);
      expectClose(
        await scoresOf(speculativeDecoder({ ...search, target: rounds.scorer })),
        expected,
      );
      await rounds.close();
    },
  );

  it("is read where it lies", async () => {
    const halves = await settings("F16", "fp16");
    const directory = join(temporary(), "nothing is converted");
    await (await openSearcher({ ...halves, cacheDirectory: directory })).close();
    expect(await readdir(temporary())).not.toContain("nothing is converted");
  });

  it("needs a GPU in bf16, as int8 needs a CPU", async () => {
    const bf16 = await settings("BF16", "bf16");
    expect(await refusal(openSearcher(bf16))).toMatchObject({
      code: "UNSUPPORTED",
      message: "bf16 runs on GPUs alone: on a CPU use fp32 or int8",
    });
    const int8 = { ...bf16, precision: "int8", device: { kind: "cuda", index: 0 } } as const;
    expect(await refusal(openModel(int8))).toMatchObject({ code: "UNSUPPORTED" });
  });
});
