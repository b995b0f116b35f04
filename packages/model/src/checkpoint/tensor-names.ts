import { ModelError } from "../errors.js";
import type { StoredTensor } from "./stored-tensor.js";

/** Parts of names that wrappers of a module leave anywhere in them. */
const WRAPPED =
  /(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)(?=\.)/g;

/** The embeddings, with the beginning that a wrapper of the whole model leaves on every name: `module.`. */
const ROOTED = /^(.+\.)(?:model\.embed_tokens|shared)\.weight$/;

/** The text part of models with images or sound, and what it is called by itself. */
const TEXT_PARTS: readonly (readonly [prefix: string, plain: string])[] = [
  ["model.language_model.lm_head.", "lm_head."],
  ["model.language_model.", "model."],
  ["model.text_model.", "model."],
  ["language_model.model.", "model."],
  ["language_model.lm_head.", "lm_head."],
];

const ROOT = "model.";
const HEAD = "lm_head.";
const BARE_EMBEDDINGS = "embed_tokens.weight";

export type TensorMap = ReadonlyMap<string, StoredTensor>;

/**
 * Tensors by the names that `save_pretrained` gives them: `model.layers.0.…`, `lm_head.weight`. Compiled,
 * distributed and adapted models, models without a head and the text part of larger ones have other names
 * for the same tensors.
 *
 * @returns also the plain name of each stored name
 * @param options.textOnly leaves out what is not of the text part
 * @throws ModelError BAD_CHECKPOINT if two tensors get one name; UNSUPPORTED for an adapter that is not merged
 */
export function plainNames(
  tensors: TensorMap,
  { textOnly }: { readonly textOnly: boolean },
): { readonly tensors: TensorMap; readonly names: ReadonlyMap<string, string> } {
  refuseAdapted(tensors);
  const names = plainNamesOf([...tensors.keys()], { textOnly });
  const renamed = new Map<string, StoredTensor>();
  const storedAs = new Map<string, string>();
  for (const [stored, tensor] of tensors) {
    const name = names.get(stored);
    if (name === undefined) continue;
    const other = storedAs.get(name);
    if (other !== undefined) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `${other} and ${stored} in ${tensor.file} are both the tensor ${name}; remove one of them`,
      );
    }
    storedAs.set(name, stored);
    renamed.set(name, { ...tensor, name });
  }
  return { tensors: renamed, names };
}

/** A model that was saved with its adapter in it has neither the base's names nor an adapter's settings. */
function refuseAdapted(tensors: TensorMap): void {
  const name = [...tensors.keys()].find((stored) => /\.(lora_A|lora_B|base_layer)\./.test(stored));
  if (name === undefined) return;
  throw new ModelError(
    "UNSUPPORTED",
    `${tensors.get(name)?.file} has ${name}: it was saved with a LoRA adapter that is not merged; merge it with peft before saving (model.merge_and_unload().save_pretrained(DIR)), or save base and adapter apart (model.save_pretrained(DIR) of the PeftModel)`,
  );
}

/** The plain name of every stored name. */
function plainNamesOf(
  stored: readonly string[],
  { textOnly }: { readonly textOnly: boolean },
): ReadonlyMap<string, string> {
  let names = stored.map((name) => [name, withoutWrappers(name)] as const);
  const prefix = names.map(([, name]) => ROOTED.exec(name)?.[1]).find((part) => part !== undefined);
  if (prefix !== undefined && names.every(([, name]) => name.startsWith(prefix))) {
    names = names.map(([from, name]) => [from, name.slice(prefix.length)] as const);
  }
  if (names.some(([, name]) => textPart(name) !== undefined)) {
    names = names.flatMap(([from, name]) => {
      const plain = textPart(name) ?? (textOnly && !name.startsWith(HEAD) ? undefined : name);
      return plain === undefined ? [] : [[from, plain] as const];
    });
  }
  if (names.some(([, name]) => name === BARE_EMBEDDINGS)) {
    names = names.map(
      ([from, name]) => [from, name.startsWith(HEAD) ? name : ROOT + name] as const,
    );
  }
  return new Map(names);
}

function withoutWrappers(name: string): string {
  return name.replace(WRAPPED, "").replace(/^\./, "");
}

function textPart(name: string): string | undefined {
  const part = TEXT_PARTS.find(([prefix]) => name.startsWith(prefix));
  return part === undefined ? undefined : part[1] + name.slice(part[0].length);
}
