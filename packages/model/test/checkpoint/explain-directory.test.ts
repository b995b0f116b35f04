import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openCheckpoint } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { openTokenizer } from "../../src/prompt/tokenizer.js";

const CONFIG = JSON.stringify({
  model_type: "llama",
  vocab_size: 8,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 1,
});
const SHARDS = JSON.stringify({ weight_map: { a: "1.safetensors", b: "2.safetensors" } });
const POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";

describe("what is not a checkpoint is refused with what it is and what to do:", () => {
  const temporary = useTempDir();
  const filled = async (files: Readonly<Record<string, string>>) => {
    const directory = await mkdtemp(join(temporary(), "model-"));
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(directory, name, ".."), { recursive: true });
      await writeFile(join(directory, name), text);
    }
    return directory;
  };

  it.each<[string, Record<string, string>, RegExp]>([
    ["nothing", {}, /is empty/],
    [
      "a pickle",
      { "config.json": CONFIG, "pytorch_model.bin": "" },
      /pytorch_model\.bin.*python -c .*save_pretrained/,
    ],
    [
      "a pickle of a T5",
      {
        "config.json": JSON.stringify({ model_type: "t5", vocab_size: 8 }),
        "pytorch_model.bin": "",
      },
      /AutoModelForSeq2SeqLM/,
    ],
    [
      "pickles in shards",
      { "config.json": CONFIG, "pytorch_model.bin.index.json": "" },
      /python -c/,
    ],
    [
      "the authors' layout",
      { "consolidated.00.pth": "", "params.json": "" },
      /convert_llama_weights_to_hf/,
    ],
    ["GGUF", { "config.json": CONFIG, "model-Q4_K_M.gguf": "" }, /llama\.cpp.*Hugging Face/],
    [
      "shards of FSDP",
      { "config.json": CONFIG, "pytorch_model_fsdp_0/__0_0.distcp": "" },
      /accelerate merge-weights/,
    ],
    [
      "shards of DeepSpeed",
      { "config.json": CONFIG, "zero_to_fp32.py": "" },
      /python .*zero_to_fp32\.py/,
    ],
    [
      "a pickle of a trainer",
      { "config.json": CONFIG, "best.pth": "" },
      /load_state_dict\(torch\.load\('.*best\.pth'.*PreTrainedModel.*save_pretrained\('/,
    ],
    ["an archive", { "model.tar.gz": "" }, /unpack/],
    [
      "weights of another name",
      { "config.json": CONFIG, "model.fp16.safetensors": "" },
      /call the file model\.safetensors/,
    ],
    [
      "an adapter without settings",
      { "config.json": CONFIG, "adapter_model.safetensors": "" },
      /adapter_config\.json/,
    ],
    ["no weights", { "config.json": CONFIG }, /no .*model\.safetensors/],
    [
      "an index of missing shards",
      { "config.json": CONFIG, "model.safetensors.index.json": SHARDS },
      /2 of 2 files/,
    ],
    [
      "a pointer for weights",
      { "config.json": CONFIG, "model.safetensors": POINTER },
      /git -C .* lfs pull/,
    ],
    ["a pointer for the configuration", { "config.json": POINTER }, /config\.json.* lfs pull/],
    ["a directory too high", { "inner/config.json": CONFIG }, /give .*inner/],
    ["the hub's cache", { "snapshots/0a1b/config.json": CONFIG }, /snapshots\/0a1b/],
    [
      "a trainer's checkpoints",
      { "checkpoint-1000/config.json": CONFIG, "checkpoint-500/config.json": CONFIG },
      /checkpoint-500, checkpoint-1000; give one of them, such as .*checkpoint-1000/,
    ],
  ])("%s", async (_, files, expected) => {
    const directory = await filled(files);
    const { message } = await refusal(openCheckpoint(directory));
    expect(message).toMatch(expected);
    expect(message).toContain(directory);
  });

  it.each([
    ["Qwen/Qwen3-0.6B", "hf download Qwen/Qwen3-0.6B --local-dir Qwen3-0.6B"],
    ["./models/none", "does not exist in"],
  ])("the name %s", async (name, expected) => {
    const { code, message } = await refusal(openCheckpoint(name));
    expect(code).toBe("MISSING_FILE");
    expect(message).toContain(expected);
  });

  it("a file in place of a directory", async () => {
    const directory = await filled({ "model.gguf": "", "config.json": CONFIG });
    expect((await refusal(openCheckpoint(join(directory, "model.gguf")))).message).toContain(
      "GGUF",
    );
    const pickle = await filled({ "tiger.pth": "" });
    expect((await refusal(openCheckpoint(join(pickle, "tiger.pth")))).message).toContain(
      `save_pretrained('${pickle}')`,
    );
    const { message } = await refusal(openCheckpoint(join(directory, "config.json")));
    expect(message).toContain("is a file");
  });

  it.each(["tokenizer.model", "vocab.json"])("a tokenizer as %s alone", async (file) => {
    const directory = await filled({ [file]: "" });
    const { code, message } = await refusal(openTokenizer(directory));
    expect(code).toBe("MISSING_FILE");
    expect(message).toContain(file);
    expect(message).toContain("AutoTokenizer");
  });
});
