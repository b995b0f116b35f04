import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { refusal, useTempDir } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { type LlamaConfig, readLlamaConfig } from "../../src/architectures/llama/config.js";
import { readModelConfig } from "../../src/checkpoint/model-config.js";
import { editJson } from "../support/edit-files.js";

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
    ["sliding_window", { model_type: "mistral", sliding_window: 100 }],
    ["sliding_window", { model_type: "qwen2", sliding_window: 100, use_sliding_window: true }],
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
    expect(config.rope.inverseFrequencies(8)).toEqual(Float64Array.of(1, 0.1, 0.01, 0.001));
  });

  it("is accepted if a window is named and not used, or wider than the model", async () => {
    await readWith({ model_type: "qwen2", sliding_window: 100, use_sliding_window: false });
    const config = await readWith({ model_type: "mistral", sliding_window: 4096 });
    expect(config.maxPositions).toBe(512);
  });
});
