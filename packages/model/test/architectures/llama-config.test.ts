import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { refusal, useTempDir } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { type LlamaConfig, readLlamaConfig } from "../../src/architectures/llama/config.js";
import { readModelConfig } from "../../src/checkpoint/model-config.js";
import { editJson } from "../support/edit-files.js";

const SLIDING = "sliding_attention";

describe("config.json", () => {
  const temporary = useTempDir();
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = join(temporary(), "checkpoint");
    file = join(directory, "config.json");
    await writeCheckpoint({ directory, seed: 1 });
  });

  const readWith = async (fields: Record<string, unknown>): Promise<LlamaConfig> => {
    await editJson(file, fields);
    await readModelConfig(directory);
    return readLlamaConfig(JSON.parse(await readFile(file, "utf8")), file);
  };

  it.each([
    ["model_type", { model_type: "gpt2" }],
    ["model_type", { model_type: "llama4" }],
    ["hidden_act", { hidden_act: "gelu" }],
    ["quantization_config", { quantization_config: { quant_method: "gptq", bits: 4 } }],
    ["quantization", { quantization: { group_size: 64, bits: 4 } }],
    ["use_sliding_window", { model_type: "qwen2", layer_types: ["full_attention", SLIDING] }],
    ["layer_types", { layer_types: ["full_attention", "linear_attention"] }],
    ["text_config", { model_type: "gemma3", text_config: { model_type: "gemma3_text" } }],
    ["partial_rotary_factor", { partial_rotary_factor: 0.5 }],
    ["rope_parameters.rope_type", { rope_parameters: { rope_type: "longrope", factor: 4 } }],
    ["rope_scaling.rope_type", { rope_parameters: null, rope_scaling: { type: "su", factor: 4 } }],
    ["head_dim", { head_dim: 12 }],
  ])("is refused as unsupported for %s: %o", async (field, fields) => {
    const { code, message } = await refusal(readWith(fields));
    expect(code).toBe("UNSUPPORTED");
    expect(message).toContain(file);
    expect(message).toContain(field);
  });

  it.each([
    ["model_type", { model_type: undefined }],
    ["vocab_size", { vocab_size: undefined }],
    ["hidden_size", { hidden_size: undefined }],
    ["hidden_size", { hidden_size: "32" }],
    ["intermediate_size", { intermediate_size: null }],
    ["num_hidden_layers", { num_hidden_layers: 0 }],
    ["num_attention_heads", { num_attention_heads: undefined }],
    ["num_attention_heads", { num_attention_heads: 3, num_key_value_heads: 3, head_dim: null }],
    ["num_key_value_heads", { num_key_value_heads: 3 }],
    ["num_key_value_heads 8", { model_type: "mistral", num_key_value_heads: undefined }],
    ["layer_types", { layer_types: ["full_attention"] }],
    ["rms_norm_eps", { rms_norm_eps: -1 }],
    ["rope_parameters.factor", { rope_parameters: { rope_type: "linear" } }],
    ["rope_parameters.factor", { rope_parameters: { rope_type: "yarn" } }],
    ["low_freq_factor", { rope_parameters: { rope_type: "llama3", factor: 8 } }],
    ["rope_parameters.rope_theta", { rope_parameters: { rope_theta: "fast" } }],
  ])("is refused as broken for %s: %o", async (field, fields) => {
    const { code, message } = await refusal(readWith(fields));
    expect(code).toBe("BAD_CHECKPOINT");
    expect(message).toContain(file);
    expect(message).toContain(field);
  });

  it("is refused if it is missing or not JSON", async () => {
    await writeFile(file, "{");
    expect(await refusal(readModelConfig(directory))).toMatchObject({ code: "BAD_CHECKPOINT" });
    await rm(file);
    const { code, message } = await refusal(readModelConfig(directory));
    expect(code).toBe("MISSING_FILE");
    expect(message).toContain(file);
  });

  it("fills in what Hugging Face leaves out", async () => {
    const config = await readWith({
      num_key_value_heads: undefined,
      head_dim: undefined,
      hidden_act: undefined,
      tie_word_embeddings: undefined,
      rms_norm_eps: undefined,
      rope_parameters: undefined,
      rope_theta: undefined,
    });
    expect(config).toMatchObject({
      keyValueHeads: config.heads,
      headSize: config.hiddenSize / config.heads,
      tiedHead: false,
      normEpsilon: 1e-6,
      biases: { qkv: false, output: false, mlp: false },
    });
    expect(config.rope).toEqual({ theta: 10_000, scaling: { type: "default" } });
  });

  it.each([
    ["qwen3", { num_key_value_heads: null }, { headSize: 128, keyValueHeads: 4 }],
    ["mistral", { num_key_value_heads: 2 }, { headSize: 8, maxPositions: 4096 }],
    ["qwen2", { num_key_value_heads: null }, { maxPositions: 32_768 }],
    ["llama", { num_key_value_heads: null }, { maxPositions: 2048, keyValueHeads: 4 }],
  ])("fills in what is a %s's own: %o", async (model_type, fields, expected) => {
    const missing = { head_dim: undefined, max_position_embeddings: undefined };
    const other = { sliding_window: undefined };
    expect(await readWith({ model_type, ...missing, ...other, ...fields })).toMatchObject(expected);
  });

  it.each([
    ["llama", { qkv: true, output: true, mlp: true }],
    ["mistral", { qkv: false, output: false, mlp: false }],
    ["qwen2", { qkv: true, output: false, mlp: false }],
    ["qwen3", { qkv: true, output: true, mlp: false }],
  ])("reads the biases that a %s has", async (model_type, biases) => {
    const config = await readWith({ model_type, attention_bias: true, mlp_bias: true });
    expect(config.biases).toEqual(biases);
  });

  it.each([{ quantization_config: null }, { hidden_activation: "gelu" }, { torch_dtype: "int8" }])(
    "ignores %o, as transformers does",
    async (fields) => {
      expect(await readWith(fields)).toMatchObject({ layers: 2 });
    },
  );

  const WINDOW = { sliding_window: 100 };
  const SWITCHED = { ...WINDOW, use_sliding_window: true };
  it.each([
    ["mistral", WINDOW, 100],
    ["mistral", { ...WINDOW, use_sliding_window: false }, 100],
    ["mistral", { sliding_window: 4096 }, 512],
    ["mistral", { sliding_window: 512 }, 512],
    ["mistral", { sliding_window: null }, 512],
    ["qwen2", WINDOW, 512],
    ["qwen2", { ...WINDOW, use_sliding_window: false }, 512],
    ["qwen2", SWITCHED, 512],
    ["qwen2", { ...SWITCHED, max_window_layers: 2 }, 512],
    ["qwen2", { ...SWITCHED, max_window_layers: 1 }, 100],
    [
      "qwen2",
      { ...SWITCHED, max_window_layers: 0, layer_types: ["full_attention", "attention"] },
      512,
    ],
    ["qwen3", { ...SWITCHED, layer_types: ["full_attention", SLIDING] }, 100],
    ["qwen3", { use_sliding_window: true, sliding_window: null, max_window_layers: 0 }, 512],
    ["llama", WINDOW, 100],
    ["llama", { ...WINDOW, use_sliding_window: false }, 512],
  ])("of a %s with %o has %i positions", async (model_type, fields, positions) => {
    const config = await readWith({ model_type, ...fields });
    expect(config.maxPositions).toBe(positions);
    expect(config.positionsLimit).toBe(
      positions < 512 ? `sliding_window ${positions}` : "max_position_embeddings 512",
    );
  });

  it("takes the last of fields that are there twice, as transformers does", async () => {
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace("{", '{ "num_hidden_layers": 9, "rms_norm_eps": 1,'));
    expect(await readWith({})).toMatchObject({ layers: 2, normEpsilon: 1e-6 });
  });
});
