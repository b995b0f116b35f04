import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import { entryAt } from "./entry.js";

/** Why a path cannot be used as a checkpoint, and what would make it one: for errors. */
export function explainPath(path: string): string {
  const entry = entryAt(path);
  if (entry === undefined) return `${path} does not exist${hubHint(path)}`;
  if (entry === "directory") return explainDirectory(path);
  const name = basename(path);
  const kind = KINDS.find(({ files }) => files.test(name));
  const what = kind === undefined ? "" : `: ${kind.what}; ${kind.remedy(dirname(path), name)}`;
  return `${path} is a file${what}; give a directory with config.json and model.safetensors, as save_pretrained of Hugging Face writes it`;
}

/** Names such as `Qwen/Qwen3-0.6B`, also if they were made absolute on the way here. */
function hubHint(path: string): string {
  const name = isAbsolute(path) ? relative(".", path) : path;
  if (!/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name)) {
    const where = isAbsolute(path) ? "" : ` in ${resolve(".")}`;
    return `${where}; give a directory as save_pretrained of Hugging Face writes it`;
  }
  return `; it looks like a model of the Hugging Face hub. Download it: hf download ${name} --local-dir ${basename(name)}, and give that directory`;
}

/** Files that other programs keep a model in, and how to get the layout that is read here. */
interface Kind {
  readonly files: RegExp;
  readonly what: string;
  /** @param file one of the files, a name in the directory */
  readonly remedy: (directory: string, file: string) => string;
}

function savedAgain(path: string): string {
  const config = join(path, "config.json");
  const isT5 = existsSync(config) && /"model_type":\s*"t5"/.test(readFileSync(config, "utf8"));
  const auto = isT5 ? "AutoModelForSeq2SeqLM" : "AutoModelForCausalLM";
  return `python -c "from transformers import ${auto} as M; M.from_pretrained('${path}', dtype='auto').save_pretrained('${path}')" writes model.safetensors`;
}

const KINDS: readonly Kind[] = [
  {
    files: /^zero_to_fp32\.py$|^zero_pp_rank_|^global_step\d+$|^mp_rank_\d+_model_states\.pt$/,
    what: "shards of DeepSpeed",
    remedy: (path) =>
      `python ${join(path, "zero_to_fp32.py")} ${path} ${path} --safe_serialization joins them; config.json of the base model goes beside them`,
  },
  {
    files: /\.distcp$|^pytorch_model_fsdp_\d+$|^pytorch_model_fsdp\.bin$|^__\d+_\d+\.distcp$/,
    what: "shards of FSDP",
    remedy: (path, file) =>
      `accelerate merge-weights ${file.endsWith(".distcp") ? path : join(path, file)} ${path} joins them; config.json of the base model goes beside them`,
  },
  {
    files: /^consolidated(\.\d+)?\.(pth|safetensors)$/,
    what: "weights in the layout of the model's authors",
    remedy: (path) =>
      `download the model in Hugging Face's layout, or convert Llama's: python -m transformers.models.llama.convert_llama_weights_to_hf --input_dir ${path} --output_dir OUT`,
  },
  {
    files: /^pytorch_model(-\d+-of-\d+)?\.bin(\.index\.json)?$/,
    what: "weights as PyTorch pickles them",
    remedy: savedAgain,
  },
  {
    files: /\.gguf$/,
    what: "weights for llama.cpp (GGUF)",
    remedy: () => "use the model that it was made from, in Hugging Face's layout",
  },
  {
    files: /^tf_model.*\.h5$|^flax_model.*\.msgpack$/,
    what: "weights of TensorFlow or Flax",
    remedy: () => "use the model that it was made from, saved by PyTorch",
  },
  {
    files: /\.onnx$/,
    what: "an ONNX graph",
    remedy: () => "use the model that it was exported from, in Hugging Face's layout",
  },
  {
    files: /\.(zip|tar|tgz|tar\.gz|tar\.zst)$/,
    what: "an archive",
    remedy: () => "unpack it, and give the directory that has config.json",
  },
  {
    files: /^adapter_model\.(safetensors|bin)$/,
    what: "an adapter without its adapter_config.json",
    remedy: () => "copy that file beside it",
  },
  {
    files: /\.incomplete$/,
    what: "a download that was interrupted",
    remedy: () => "download it again",
  },
  {
    files: /\.(pt|pth|ckpt|bin)$/,
    what: "weights as PyTorch pickles them, outside of a Hugging Face model",
    remedy: (path, file) =>
      `in the code that trained it, load and save it again: model.load_state_dict(torch.load('${join(path, file)}', map_location='cpu')); ` +
      `next(part for part in model.modules() if isinstance(part, transformers.PreTrainedModel)).save_pretrained('${path}'). ` +
      "docs/guides/models.md has the lines for a T5 without that code",
  },
];

/** What a directory has instead of weights or of config.json. */
function explainDirectory(path: string): string {
  const names = readdirSync(path).sort();
  if (names.length === 0) return `${path} is empty`;
  const inner = innerCheckpoints(path, names);
  if (!existsSync(join(path, "config.json")) && inner.length > 0) {
    const [first = ""] = inner;
    const many = `has ${inner.length} checkpoints: ${inner.slice(0, 5).join(", ")}${inner.length > 5 ? ", …" : ""}; give one of them, such as ${join(path, inner.at(-1) ?? "")}`;
    return `${path} ${inner.length === 1 ? `has its checkpoint in ${first}: give ${join(path, first)}` : many}`;
  }
  for (const { files, what, remedy } of KINDS) {
    const file = names.find((name) => files.test(name));
    if (file !== undefined) return `${path} has ${file}: ${what}; ${remedy(path, file)}`;
  }
  const other = names.find((name) => name.endsWith(".safetensors"));
  if (other !== undefined) {
    return `${path} has ${other}, and neither model.safetensors nor model.safetensors.index.json; if these are the weights, call the file model.safetensors`;
  }
  return `${path} has ${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}`;
}

/** Directories inside that are checkpoints; in the hub's cache they are two levels down. Numbers in order. */
function innerCheckpoints(path: string, names: readonly string[]): string[] {
  const isCheckpoint = (name: string) =>
    ["config.json", "adapter_config.json"].some((file) => existsSync(join(path, name, file)));
  const snapshots = join(path, "snapshots");
  const deeper = existsSync(snapshots)
    ? readdirSync(snapshots).map((name) => join("snapshots", name))
    : [];
  return [...names, ...deeper]
    .filter(isCheckpoint)
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}
