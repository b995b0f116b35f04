import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { ModelError } from "../errors.js";
import { CHAT_TEMPLATE_FILES } from "../prompt/chat-template.js";
import { PROMPT_SPEC_FILE, type PromptSpec, readPromptSpec } from "../prompt/prompt-spec.js";
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, readAdapterConfig } from "./adapter-config.js";
import type { Adapter } from "./adapter-modules.js";
import { entryAt } from "./entry.js";
import { explainPath } from "./explain-directory.js";
import { type ModelConfig, readModelConfig } from "./model-config.js";
import { hasWeights, readHeader } from "./safetensors.js";
import type { StoredTensor } from "./stored-tensor.js";

/** What a checkpoint is, without its weights. */
export interface Description {
  readonly directory: string;
  /** Where config.json and the weights are: the same directory, or that of an adapter's base. */
  readonly base: string;
  readonly adapter: Adapter | undefined;
  readonly config: ModelConfig;
}

/** @throws ModelError MISSING_FILE, BAD_CHECKPOINT, UNSUPPORTED */
export async function describeCheckpoint(directory: string): Promise<Description> {
  if (!isFile(join(directory, ADAPTER_CONFIG))) {
    requireConfig(directory);
    return {
      directory,
      base: directory,
      adapter: undefined,
      config: await readModelConfig(directory),
    };
  }
  const { adapter, base } = await readAdapter(directory);
  requireConfig(base);
  const config = await readModelConfig(base);
  const vocabularySize = embeddingsOf(adapter, config)?.shape[0];
  if (vocabularySize === undefined || vocabularySize === config.architecture.vocabularySize) {
    return { directory, base, adapter, config };
  }
  return { directory, base, adapter, config: await readModelConfig(base, { vocabularySize }) };
}

/**
 * The files beside the weights that decide what a model answers, if they exist. Those that say how items and
 * texts become tokens may be in an adapter's directory or in its base's.
 */
export function describingFiles(
  places: Pick<Description, "directory" | "base">,
  { prompt }: Pick<PromptSpec, "prompt">,
): { readonly file: string; readonly path: string }[] {
  const usual = ["config.json", PROMPT_SPEC_FILE, "tokenizer.json", "tokenizer_config.json"];
  const files = prompt.kind === "chat" ? [...usual, ...CHAT_TEMPLATE_FILES] : usual;
  return files
    .map((file) => ({ file, path: join(placeOf(places, file), file) }))
    .filter(({ path }) => existsSync(path));
}

/** How a checkpoint's histories and codes become tokens. @throws ModelError MISSING_FILE, BAD_PROMPT_SPEC */
export function promptSpecOf(places: Pick<Description, "directory" | "base">): Promise<PromptSpec> {
  return readPromptSpec(placeOf(places, PROMPT_SPEC_FILE));
}

/** The directory that a describing file is in. */
export function placeOf(
  { directory, base }: Pick<Description, "directory" | "base">,
  file: string,
): string {
  return file !== "config.json" && existsSync(join(directory, file)) ? directory : base;
}

async function readAdapter(directory: string): Promise<{ adapter: Adapter; base: string }> {
  const path = join(directory, ADAPTER_CONFIG);
  const merge = `python -c "from peft import AutoPeftModelForCausalLM as M; M.from_pretrained('${directory}', dtype='auto').merge_and_unload().save_pretrained('OUT')"`;
  const { settings, base: named } = await readAdapterConfig(path, { merge });
  if (!isFile(join(directory, ADAPTER_WEIGHTS))) {
    throw new ModelError(
      "MISSING_FILE",
      `${path} describes an adapter, but there is no ${ADAPTER_WEIGHTS} beside it${existsSync(join(directory, "adapter_model.bin")) ? ", only adapter_model.bin" : ""}; merge it with peft: ${merge}. If the weights beside it are merged already, delete ${ADAPTER_CONFIG}`,
    );
  }
  const tensors = await readHeader(join(directory, ADAPTER_WEIGHTS));
  return {
    adapter: {
      directory,
      settings,
      tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    },
    base: baseOf(directory, named),
  };
}

/** As transformers chooses it: a whole model beside the adapter goes before the one that it names. */
function baseOf(directory: string, named: string | undefined): string {
  if (isFile(join(directory, "config.json")) && hasWeights(directory)) return directory;
  const found =
    named === undefined
      ? undefined
      : [named, resolve(directory, named)].find((path) => entryAt(path) === "directory");
  const path = join(directory, ADAPTER_CONFIG);
  if (found === undefined) {
    const what =
      named === undefined
        ? "names no base model"
        : `names the base model ${named}, which is not a directory here`;
    const download =
      named === undefined
        ? "Copy the base model's config.json and weights beside it"
        : `Download it: hf download ${named} --local-dir BASE, and set base_model_name_or_path to that directory`;
    throw new ModelError("MISSING_FILE", `${path} ${what}. ${download}`);
  }
  if (resolve(found) !== resolve(directory) && isFile(join(found, ADAPTER_CONFIG))) {
    throw new ModelError(
      "UNSUPPORTED",
      `${path} names the base model ${named}, which is an adapter itself; merge that one with peft first`,
    );
  }
  return found;
}

/** Embeddings that an adapter has as a whole: its vocabulary may be larger than the base's. */
function embeddingsOf(adapter: Adapter, { architecture }: ModelConfig): StoredTensor | undefined {
  const module = architecture.embeddings.split(".").at(-2) ?? "";
  const endings = ["modules_to_save.weight", "weight", "base_layer.weight"];
  return endings
    .map((ending) =>
      [...adapter.tensors.values()].find(({ name }) => name.endsWith(`.${module}.${ending}`)),
    )
    .find((tensor) => tensor !== undefined);
}

function requireConfig(directory: string): void {
  const path = join(directory, "config.json");
  if (isFile(path)) return;
  const why = explainPath(directory);
  const what = entryAt(directory) === "directory" ? `there is no ${path}: ${why}` : why;
  throw new ModelError("MISSING_FILE", what);
}

function isFile(path: string): boolean {
  return entryAt(path) === "file";
}
