import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkpointHash, convertCheckpoint, openCheckpoint } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { readReferenceTensors } from "@nightbeam/testing/reference";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { editJson } from "../support/edit-files.js";
import { matrix, type Tensors, writeTensors } from "../support/write-tensors.js";

const WIDTH = 16;
const VOCABULARY = 68;
const EMBEDDINGS = "model.embed_tokens.weight";
const HEAD = "lm_head.weight";
const QUERY = "model.layers.0.self_attn.q_proj";
const UP = "model.layers.0.mlp.up_proj";

/** Multiples of 1/8: sums of their products have no rounding, so they are the same in any order. */
const eighths = (rows: number, columns: number, start = 0) =>
  matrix(
    Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => ((start + 3 * row + 5 * column) % 17) / 8 - 1),
    ),
  );

/** W + scale · B·A, in float32 at the end. */
function added(
  weight: Float64Array,
  { a, b, scale }: { a: Tensors[string]; b: Tensors[string]; scale: number },
): Float64Array {
  const [rank = 0, inputs = 0] = a.shape;
  return weight.map((value, at) => {
    const row = Math.floor(at / inputs);
    let sum = 0;
    for (let k = 0; k < rank; k++) {
      sum += (b.values[row * rank + k] ?? 0) * (a.values[k * inputs + (at % inputs)] ?? 0);
    }
    return Math.fround(value + Math.fround(sum * Math.fround(scale)));
  });
}

describe("a LoRA adapter", () => {
  const temporary = useTempDir();
  let base: string;
  let adapter: string;
  let out: string;
  const settings = { peft_type: "LORA", r: 2, lora_alpha: 8, bias: "none", use_dora: false };
  beforeEach(async () => {
    base = join(temporary(), "base");
    adapter = join(temporary(), "adapter");
    out = join(temporary(), "out");
    await Promise.all(
      [base, adapter, out].map((path) => rm(path, { recursive: true, force: true })),
    );
  });

  const writeBase = (config: object = {}) =>
    writeCheckpoint({
      directory: base,
      seed: 1,
      config: { layers: 1, width: WIDTH, heads: 2, ...config },
    });
  const writeAdapter = async (
    tensors: Tensors,
    { directory = adapter, ...fields }: { directory?: string; [field: string]: unknown } = {},
  ) => {
    await mkdir(directory, { recursive: true });
    const config = { ...settings, base_model_name_or_path: base, ...fields };
    await writeFile(join(directory, "adapter_config.json"), JSON.stringify(config));
    await writeTensors(join(directory, "adapter_model.safetensors"), tensors);
  };
  const loraOf = (module: string, sizes: { inputs: number; outputs: number; rank?: number }) => {
    const { inputs, outputs, rank = 2 } = sizes;
    return {
      [`base_model.model.${module}.lora_A.weight`]: eighths(rank, inputs),
      [`base_model.model.${module}.lora_B.weight`]: eighths(outputs, rank, 7),
    };
  };
  const merged = async (directory = adapter) => {
    await convertCheckpoint(await openCheckpoint(directory), { precision: "fp32", out });
    return readReferenceTensors(out);
  };
  const square = { a: eighths(2, WIDTH), b: eighths(WIDTH, 2, 7) };

  it.each([
    ["α/r", {}, 4],
    ["α/√r", { use_rslora: true }, 8 / Math.sqrt(2)],
    ["the α of a pattern", { alpha_pattern: { "layers.0.self_attn.q_proj": 3 } }, 1.5],
    ["the first pattern that matches", { alpha_pattern: { k_proj: 1, "q_.*": 6, q_proj: 2 } }, 3],
    ["no transposition, whatever the file says", { fan_in_fan_out: true }, 4],
  ])("is added with %s", async (_, fields, scale) => {
    await writeBase();
    await writeAdapter(loraOf(QUERY, { inputs: WIDTH, outputs: WIDTH }), fields);
    const before = readReferenceTensors(base);
    const after = await merged();
    const name = `${QUERY}.weight`;
    expect(after.get(name)).toEqual(added(before.get(name), { ...square, scale }));
    expect(after.get(HEAD)).toEqual(before.get(HEAD));
  });

  it("is merged in the numbers of its base", async () => {
    const config = { layers: 1, width: WIDTH, heads: 2 };
    await writeCheckpoint({ directory: base, seed: 1, config, options: { format: "BF16" } });
    await writeAdapter(loraOf(QUERY, { inputs: WIDTH, outputs: WIDTH }));
    const name = `${QUERY}.weight`;
    const exact = added(readReferenceTensors(base).get(name), { ...square, scale: 4 });
    const rounded = (await merged()).get(name);
    expect(
      new Uint32Array(Float32Array.from(rounded).buffer).every((word) => word % 65_536 === 0),
    ).toBe(true);
    rounded.forEach((value, at) => {
      const sum = exact[at] ?? Number.NaN;
      expect(Math.abs(value - sum)).toBeLessThanOrEqual(Math.abs(sum) * 2 ** -8);
    });
  });

  it("of several ranks is added by rank", async () => {
    await writeBase();
    const sizes = { inputs: WIDTH, outputs: 3 * WIDTH, rank: 4 };
    await writeAdapter(loraOf(UP, sizes), { rank_pattern: { "mlp.up_proj": 4 } });
    const parts = { a: eighths(4, WIDTH), b: eighths(3 * WIDTH, 4, 7), scale: 2 };
    const before = readReferenceTensors(base).get(`${UP}.weight`);
    expect((await merged()).get(`${UP}.weight`)).toEqual(added(before, parts));
  });

  it("beside the base weights goes before the base that it names, and has a hash of its own", async () => {
    await writeBase();
    const plain = await checkpointHash(await openCheckpoint(base));
    const tensors = loraOf(QUERY, { inputs: WIDTH, outputs: WIDTH });
    await writeAdapter(tensors, { directory: base, base_model_name_or_path: "somewhere/else" });
    const hash = await checkpointHash(await openCheckpoint(base));
    expect(hash).not.toBe(plain);
    await writeAdapter(tensors, { directory: base, base_model_name_or_path: null });
    expect(await checkpointHash(await openCheckpoint(base))).toBe(hash);
    await writeAdapter(tensors, { directory: base, lora_alpha: 9 });
    expect(await checkpointHash(await openCheckpoint(base))).not.toBe(hash);
    const name = `${QUERY}.weight`;
    const before = readReferenceTensors(base).get(name);
    expect((await merged(base)).get(name)).toEqual(added(before, { ...square, scale: 4.5 }));
    expect(existsSync(join(out, "adapter_config.json"))).toBe(false);
  });

  describe("to a base with a tied head", () => {
    const saved = eighths(VOCABULARY, WIDTH, 2);
    const savedNumbers = Float64Array.from(saved.values);
    beforeEach(() => writeBase({ tiedHead: true }));
    const state = async () => {
      const checkpoint = await openCheckpoint(adapter);
      const before = readReferenceTensors(base).get(EMBEDDINGS);
      const after = await merged();
      const { architecture } = (await openCheckpoint(out)).config;
      expect(architecture.outputWeight).toBe(checkpoint.config.architecture.outputWeight);
      return {
        before,
        embeddings: after.get(EMBEDDINGS),
        head: after.get(architecture.outputWeight),
      };
    };

    it("may bring a head: the embeddings stay", async () => {
      await writeAdapter(
        { "base_model.model.lm_head.weight": saved },
        { modules_to_save: ["lm_head"] },
      );
      const { before, embeddings, head } = await state();
      expect(embeddings).toEqual(before);
      expect(head).toEqual(savedNumbers);
    });

    it("may bring trained embeddings: the head stays what it was", async () => {
      const name = `base_model.model.${EMBEDDINGS}`;
      await writeAdapter({ [name]: saved }, { modules_to_save: ["embed_tokens"] });
      const { before, embeddings, head } = await state();
      expect(embeddings).toEqual(savedNumbers);
      expect(head).toEqual(before);
    });

    it("may bring rows for tokens: both have them", async () => {
      const name = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta";
      await writeAdapter({ [name]: eighths(2, WIDTH) }, { trainable_token_indices: [5, 3] });
      const { before, embeddings, head } = await state();
      const expected = before.slice();
      expected.set(eighths(2, WIDTH).values.subarray(0, WIDTH), 5 * WIDTH);
      expected.set(eighths(2, WIDTH).values.subarray(WIDTH), 3 * WIDTH);
      expect(embeddings).toEqual(expected);
      expect(head).toEqual(expected);
    });

    it.each(["model.embed_tokens", "lm_head"])("may add to %s: both change", async (module) => {
      const [a, b] = [eighths(2, VOCABULARY), eighths(WIDTH, 2, 7)];
      const turned = (part: Tensors[string]) => {
        const [rows = 0, columns = 0] = part.shape;
        const at = (row: number, column: number) => part.values[row * columns + column] ?? 0;
        return matrix(
          Array.from({ length: columns }, (_, c) =>
            Array.from({ length: rows }, (_, r) => at(r, c)),
          ),
        );
      };
      const parts: Tensors =
        module === "lm_head"
          ? { "lm_head.lora_A.weight": turned(b), "lm_head.lora_B.weight": turned(a) }
          : { [`${module}.lora_embedding_A`]: a, [`${module}.lora_embedding_B`]: b };
      await writeAdapter(parts);
      const { before, embeddings, head } = await state();
      expect(embeddings).toEqual(added(before, { a: turned(b), b: turned(a), scale: 4 }));
      expect(head).toEqual(embeddings);
    });

    it("may have a larger vocabulary", async () => {
      const larger = eighths(VOCABULARY + 4, WIDTH);
      await writeAdapter({
        [`base_model.model.${EMBEDDINGS}`]: larger,
        "base_model.model.lm_head.weight": larger,
      });
      const { embeddings, head } = await state();
      expect(embeddings).toEqual(Float64Array.from(larger.values));
      expect(head).toEqual(embeddings);
      const { config } = await openCheckpoint(out);
      expect(config.architecture.vocabularySize).toBe(VOCABULARY + 4);
    });
  });

  it.each([
    ["use_dora", { use_dora: true }],
    ["bias", { bias: "all" }],
    ["init_lora_weights", { init_lora_weights: "pissa_niter_16" }],
    ["target_parameters", { target_parameters: ["mlp.up_proj.weight"] }],
    ["LOHA", { peft_type: "LOHA" }],
    ["PREFIX_TUNING", { peft_type: "PREFIX_TUNING" }],
  ])("of another kind is refused: %s", async (field, fields) => {
    await writeBase();
    await writeAdapter({}, fields);
    const { code, message } = await refusal(openCheckpoint(adapter));
    expect(code).toBe("UNSUPPORTED");
    expect(message).toContain(field);
    expect(message).toContain(join(adapter, "adapter_config.json"));
  });

  it("that does not fit is refused", async () => {
    await writeBase();
    const refused = async (tensors: Tensors, fields: object = {}) => {
      await writeAdapter(tensors, { ...fields });
      return (await refusal(openCheckpoint(adapter))).message;
    };
    const wide = loraOf(QUERY, { inputs: 2 * WIDTH, outputs: WIDTH });
    expect(await refused(wide)).toContain("shape");
    expect(
      await refused(loraOf("model.layers.9.mlp.up_proj", { inputs: 1, outputs: 1 })),
    ).toContain("model.layers.9.mlp.up_proj.weight");
    const fitting = loraOf(QUERY, { inputs: WIDTH, outputs: WIDTH });
    expect(await refused(fitting, { r: 4 })).toContain("rank 2");
    const [half = ""] = Object.keys(fitting);
    expect(await refused({ [half]: eighths(2, WIDTH) })).toContain("only one");
    expect(await refused({ "base_model.model.lora_magnitude_vector": eighths(1, 1) })).toContain(
      "lora_magnitude_vector",
    );
  });

  it("without its base or its weights is refused with what to do", async () => {
    await writeAdapter({}, { base_model_name_or_path: "meta-llama/Llama-3.2-1B" });
    expect((await refusal(openCheckpoint(adapter))).message).toContain(
      "hf download meta-llama/Llama-3.2-1B --local-dir",
    );
    await editJson(join(adapter, "adapter_config.json"), { base_model_name_or_path: null });
    expect((await refusal(openCheckpoint(adapter))).message).toContain("names no base model");
    await rm(join(adapter, "adapter_model.safetensors"));
    await writeFile(join(adapter, "adapter_model.bin"), "");
    const { code, message } = await refusal(openCheckpoint(adapter));
    expect(code).toBe("MISSING_FILE");
    expect(message).toMatch(/adapter_model\.bin.*merge_and_unload/);
  });
});
