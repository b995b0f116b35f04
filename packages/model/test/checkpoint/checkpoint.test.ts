import { copyFile, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Scoring } from "@nightbeam/decoding";
import { refusal, useTempDir } from "@nightbeam/testing";
import { someCatalogue } from "@nightbeam/testing/conformance";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { openCheckpoint } from "../../src/checkpoint/checkpoint.js";
import { buildTreeGraph } from "../../src/programs/build-graph.js";
import { treeScores } from "../../src/programs/tree-scores.js";
import { editHeader, editJson, withHeader } from "../support/edit-files.js";

const { trie } = someCatalogue({ levels: 4, codesPerLevel: 16, items: 60, seed: 9 });

describe("a checkpoint's weights", () => {
  const temporary = useTempDir();
  let directory: string;
  let weights: string;
  beforeEach(async () => {
    directory = join(temporary(), "checkpoint");
    weights = join(directory, "model.safetensors");
    await writeCheckpoint({ directory, seed: 1 });
  });

  const build = async (scoring: Scoring = "full") => {
    const { config, tensors } = await openCheckpoint(directory);
    const { architecture } = config;
    const codeTokens = [0, 1, 2, 3].map((level) =>
      Int32Array.from({ length: 16 }, (_, code) => 4 + 16 * level + code),
    );
    const onDevice = false;
    const program = treeScores({ architecture, trie, scoring, codeTokens, onDevice });
    const options = {
      levels: 4,
      maxPositions: 64,
      cached: false,
      onDevice,
      numbers: "float" as const,
    };
    return buildTreeGraph({ architecture, tensors, byteWeights: "int8", program, ...options })
      .model;
  };
  const refused = () => refusal(build());

  it("stay where they are: the graph is small, and names their file", async () => {
    const graph = Buffer.from(await build());
    const { size } = await readFile(weights).then(({ length }) => ({ size: length }));
    expect(graph.includes("model.safetensors")).toBe(true);
    expect(graph.length).toBeLessThan(size / 2);
  });

  it.each(["model.layers.1.mlp.up_proj.bias", "model.layers.2.mlp.up_proj.weight", "score.weight"])(
    "are refused if the graph does not use %s",
    async (name) => {
      await editHeader(weights, (header) => {
        header[name] = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
      });
      const { code, message } = await refused();
      expect(code).toBe("UNSUPPORTED");
      expect(message).toContain(name);
    },
  );

  it("are refused if config.json describes less: fewer layers, no norms of queries", async () => {
    await editJson(join(directory, "config.json"), { num_hidden_layers: 1 });
    const layers = await refused();
    expect(layers.code).toBe("UNSUPPORTED");
    expect(layers.message).toContain("model.layers.1");
    await writeCheckpoint({ directory, seed: 1, config: { modelType: "qwen3" } });
    await editJson(join(directory, "config.json"), { model_type: "llama" });
    const norms = await refused();
    expect(norms.code).toBe("UNSUPPORTED");
    expect(norms.message).toContain("q_norm");
  });

  it("are accepted with tensors that some checkpoints carry unused", async () => {
    await editHeader(weights, (header) => {
      for (const name of [
        "model.layers.0.self_attn.rotary_emb.inv_freq",
        "rotary_emb.cos_cached",
      ]) {
        header[name] = { dtype: "F32", shape: [4], data_offsets: [0, 16] };
      }
    });
    expect((await build()).length).toBeGreaterThan(0);
  });

  it.each([
    "model.embed_tokens.weight",
    "model.layers.1.self_attn.k_proj.weight",
    "model.layers.0.input_layernorm.weight",
    "model.norm.weight",
    "lm_head.weight",
  ])("are refused if %s is missing or has another shape", async (name) => {
    const whole = await readFile(weights);
    await editHeader(weights, (header) => {
      const { shape } = header[name] ?? { shape: [] };
      const [first = 0, ...rest] = shape;
      header[name] = { dtype: "F32", shape: [first / 2, 2, ...rest], data_offsets: [0, 0] };
      header[name].data_offsets = [0, 4 * header[name].shape.reduce((a, b) => a * b, 1)];
    });
    const wrong = await refused();
    expect(wrong.code).toBe("BAD_CHECKPOINT");
    expect(wrong.message).toContain(name);
    await writeFile(weights, whole);
    await editHeader(weights, (header) => {
      delete header[name];
    });
    const missing = await refused();
    expect(missing.code).toBe("BAD_CHECKPOINT");
    expect(missing.message).toContain(name);
  });

  it("are refused if the file is cut off", async () => {
    const { length } = await readFile(weights);
    for (const size of [length - 1, length >> 1, 100, 7, 0]) {
      await truncate(weights, size);
      const { code, message } = await refused();
      expect(code).toBe("BAD_CHECKPOINT");
      expect(message).toContain(weights);
    }
  });

  it.each([
    ["a header that is not JSON", withHeader("{", new Uint8Array())],
    ["a header of other things", withHeader('{"a": 1}', new Uint8Array())],
    ["a header without an end", Buffer.alloc(64, 0xff)],
    [
      "bytes that do not fit the shape",
      withHeader('{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}', Buffer.alloc(8)),
    ],
    [
      "a tensor that ends before it begins",
      withHeader('{"a":{"dtype":"F8","shape":[3],"data_offsets":[8,0]}}', Buffer.alloc(8)),
    ],
    [
      "overlapping tensors",
      withHeader(
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        Buffer.alloc(8),
      ),
    ],
    [
      "two tensors of one name",
      withHeader(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}',
        Buffer.alloc(8),
      ),
    ],
    ...["[-1]", "[1e308]", "[9007199254740993, 2]", "[0.5]", '["2"]', "[null]"].map(
      (shape): [string, Buffer] => [
        `the shape ${shape}`,
        withHeader(`{"a":{"dtype":"I64","shape":${shape},"data_offsets":[0,8]}}`, Buffer.alloc(8)),
      ],
    ),
    ["a header of 2^60 bytes", Buffer.from([0, 0, 0, 0, 0, 0, 0, 16, 123, 125])],
    ["deep brackets", withHeader("[".repeat(100_000), Buffer.alloc(8))],
  ])("are refused for %s", async (_, bytes) => {
    await writeFile(weights, bytes);
    expect(await refused()).toMatchObject({ code: "BAD_CHECKPOINT" });
  });

  it("are refused if a file is missing", async () => {
    await rm(weights);
    const { code, message } = await refused();
    expect(code).toBe("MISSING_FILE");
    expect(message).toContain(weights);
  });

  describe("in several files", () => {
    const shard = (nth: number) => join(directory, `model-0000${nth}-of-00003.safetensors`);
    beforeEach(async () => {
      await rm(directory, { recursive: true });
      await writeCheckpoint({ directory, seed: 1, options: { shards: 3 } });
    });

    it("are refused if one is missing", async () => {
      await rm(shard(2));
      const { code, message } = await refused();
      expect(code).toBe("MISSING_FILE");
      expect(message).toContain(shard(2));
    });

    it("are refused if two hold a tensor of the same name", async () => {
      await copyFile(shard(1), shard(2));
      const { code, message } = await refused();
      expect(code).toBe("BAD_CHECKPOINT");
      expect(message).toContain("model.embed_tokens.weight");
    });

    it("are refused if the index names files elsewhere", async () => {
      const index = join(directory, "model.safetensors.index.json");
      await editJson(index, { weight_map: { "model.norm.weight": "../other.safetensors" } });
      expect(await refused()).toMatchObject({ code: "BAD_CHECKPOINT" });
      await writeFile(index, "{}");
      const { code, message } = await refused();
      expect(code).toBe("BAD_CHECKPOINT");
      expect(message).toContain("weight_map");
    });
  });
});
