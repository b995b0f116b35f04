import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { refusal, useTempDir } from "@nightbeam/testing";
import { writeCheckpoint } from "@nightbeam/testing/world";
import { beforeEach, describe, expect, it } from "vitest";
import { openCheckpoint, readNumbers } from "../../src/checkpoint/checkpoint.js";
import { editHeader, editJson } from "../support/edit-files.js";

const EMBEDDINGS = "model.embed_tokens.weight";
const HEAD = "lm_head.weight";

describe("the tensors of a checkpoint", () => {
  const temporary = useTempDir();
  let directory: string;
  let weights: string;
  beforeEach(async () => {
    directory = join(temporary(), "checkpoint");
    weights = join(directory, "model.safetensors");
    await writeCheckpoint({ directory, seed: 1, config: { layers: 1, width: 16, heads: 2 } });
  });

  const tie = () => editJson(join(directory, "config.json"), { tie_word_embeddings: true });
  const rename = (name: (stored: string) => string | undefined) =>
    editHeader(weights, (header) => {
      for (const [stored, entry] of Object.entries(header)) {
        if (stored === "__metadata__") continue;
        delete header[stored];
        const renamed = name(stored);
        if (renamed !== undefined) header[renamed] = entry;
      }
    });
  const opened = async () => {
    const { config, tensors } = await openCheckpoint(directory);
    return { output: config.architecture.outputWeight, names: [...tensors.keys()].sort(), tensors };
  };

  describe("with a tied head", () => {
    beforeEach(tie);

    it("have a head of their own if one is stored that differs", async () => {
      const { output, names } = await opened();
      expect(output).toBe(HEAD);
      expect(names).toContain(HEAD);
    });

    it("have none if the stored one is equal", async () => {
      await editHeader(weights, (header) => {
        header[HEAD] = header[EMBEDDINGS] ?? { dtype: "F32", shape: [], data_offsets: [0, 0] };
      });
      const { output, names } = await opened();
      expect(output).toBe(EMBEDDINGS);
      expect(names).not.toContain(HEAD);
    });

    it("have the head as embeddings if these are not stored", async () => {
      const head = (await opened()).tensors.get(HEAD);
      await rename((name) => (name === EMBEDDINGS ? undefined : name));
      const { output, names, tensors } = await opened();
      expect(output).toBe(EMBEDDINGS);
      expect(names).not.toContain(HEAD);
      expect(tensors.get(EMBEDDINGS)?.shape).toEqual(head?.shape);
    });
  });

  it("are refused without a head, if it is not tied", async () => {
    await rename((name) => (name === HEAD ? undefined : name));
    const { code, message } = await refusal(opened());
    expect(code).toBe("BAD_CHECKPOINT");
    expect(message).toMatch(/tie_word_embeddings is false.*lm_head\.weight/);
  });

  it.each<[string, (name: string) => string]>([
    ["compiled", (name) => `_orig_mod.${name}`],
    ["distributed", (name) => `module.${name}`],
    ["both", (name) => `module._orig_mod.${name}`],
    ["adapted", (name) => `base_model.model.${name}`],
    ["in a module of one's own", (name) => `model.${name}`],
    ["compiled by layer", (name) => name.replace("layers.0.", "layers.0._orig_mod.")],
    ["the text part of a larger model", (name) => name.replace("model.", "model.language_model.")],
    ["an older text part", (name) => `language_model.${name}`],
    ["without a root", (name) => name.replace("model.", "")],
  ])("have their plain names if they are %s", async (_, name) => {
    const { names } = await opened();
    await rename(name);
    expect((await opened()).names).toEqual(names);
  });

  it.each(["model", "module.t5"])(
    "have their plain names in a T5 that is called %s",
    async (prefix) => {
      await writeCheckpoint({ directory, seed: 1, config: { modelType: "t5", encoderLayers: 1 } });
      const { names } = await opened();
      await rename((name) => `${prefix}.${name}`);
      expect((await opened()).names).toEqual(names);
    },
  );

  it("of other parts of a larger model are left out", async () => {
    const { names } = await opened();
    const config = join(directory, "config.json");
    const text = await readFile(config, "utf8");
    await editJson(config, { model_type: "llava", text_config: JSON.parse(text) });
    await rename((name) => name.replace("model.", "model.language_model."));
    await editHeader(weights, (header) => {
      header["model.vision_tower.weight"] = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
    });
    expect((await opened()).names).toEqual(names);
  });

  it.each([
    ["two tensors of one name", `_orig_mod.${EMBEDDINGS}`, "BAD_CHECKPOINT"],
    ["an adapter in them", "model.layers.0.self_attn.q_proj.lora_A.default.weight", "UNSUPPORTED"],
  ])("are refused with %s", async (_, added, expected) => {
    await editHeader(weights, (header) => {
      header[added] = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
    });
    const { code, message } = await refusal(opened());
    expect(code).toBe(expected);
    expect(message).toContain("model.safetensors");
  });

  it("are read by their plain names", async () => {
    const before = await openCheckpoint(directory);
    const own = before.tensors.get("model.norm.weight");
    const numbers = own && (await readNumbers(before, own));
    await rename((name) => `module.${name}`);
    const after = await openCheckpoint(directory);
    const renamed = after.tensors.get("model.norm.weight");
    if (renamed === undefined) throw new Error("the norm is missing");
    expect(await readNumbers(after, renamed)).toEqual(numbers);
  });
});
