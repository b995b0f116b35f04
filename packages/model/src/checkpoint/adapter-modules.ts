import type { Architecture } from "../architectures/architecture.js";
import { ModelError } from "../errors.js";
import type { AdapterSettings } from "./adapter-config.js";
import type { StoredTensor } from "./stored-tensor.js";
import type { TensorMap } from "./tensor-names.js";

/** A LoRA adapter beside a checkpoint, as peft saves it. */
export interface Adapter {
  readonly directory: string;
  readonly settings: AdapterSettings;
  /** By the names in its file. */
  readonly tensors: TensorMap;
}

/** What an adapter's file has of one module. */
export interface AdaptedModule {
  /** As the base calls it in Python, such as `model.layers.0.self_attn.q_proj`. */
  readonly name: string;
  /** By what follows the module's name. */
  readonly parts: ReadonlyMap<string, StoredTensor>;
  /** The module's weight as a whole, if the adapter has it. */
  readonly whole: StoredTensor | undefined;
  /** The weight from before, if the adapter has it besides. */
  readonly original: StoredTensor | undefined;
  /** Whether the adapter trains a copy of the module, and the base's own stays as it is. */
  readonly isSaved: boolean;
}

/** Parts that are a module's weight as a whole, the best source first. */
const WHOLE = [
  "modules_to_save.weight",
  "weight",
  "base_layer.weight",
  "token_adapter.base_layer.weight",
];
const ORIGINAL = "original_module.weight";
/** What the names of an adapter's tensors end with; an ending before its own ending. */
const PARTS = [
  "lora_A.weight",
  "lora_B.weight",
  "lora_embedding_A",
  "lora_embedding_B",
  "token_adapter.trainable_tokens_delta",
  "token_adapter.base_layer.weight",
  "modules_to_save.weight",
  "base_layer.weight",
  ORIGINAL,
  "weight",
];
/** The name that peft gives an adapter by default; it leaves it out of its own files. */
const ADAPTER_NAME =
  /(?<=\.(lora_A|lora_B|lora_embedding_A|lora_embedding_B|modules_to_save|trainable_tokens_delta))\.default(?=\.|$)/;

const WRAPPER = "base_model.model.";

/**
 * The modules of an adapter, by the plain name of the weight that each is for.
 *
 * @throws ModelError BAD_CHECKPOINT for modules that the base does not have; UNSUPPORTED for tensors of
 * other adapters than plain LoRA
 */
export function adaptedModules(
  base: {
    readonly directory: string;
    readonly tensors: TensorMap;
    readonly names: ReadonlyMap<string, string>;
    readonly architecture: Pick<Architecture, "head">;
  },
  adapter: Adapter,
): ReadonlyMap<string, AdaptedModule> {
  const parts = new Map<string, Map<string, StoredTensor>>();
  for (const [stored, tensor] of adapter.tensors) {
    const named = stored.replace(ADAPTER_NAME, "");
    const key = named.startsWith(WRAPPER) ? named.slice(WRAPPER.length) : named;
    const part = PARTS.find((ending) => key.endsWith(`.${ending}`));
    if (part === undefined) {
      throw new ModelError(
        "UNSUPPORTED",
        `the adapter in ${adapter.directory} has ${stored}, which is not a part of plain LoRA; merge it with peft`,
      );
    }
    const name = key.slice(0, -part.length - 1);
    const own = parts.get(name) ?? new Map<string, StoredTensor>();
    parts.set(name, own.set(part, tensor));
  }
  const { savedModules } = adapter.settings;
  const modules = new Map<string, AdaptedModule>();
  for (const [name, own] of parts) {
    const weight = `${name}.weight`;
    const plain = base.names.get(weight) ?? weight;
    if (!base.tensors.has(plain) && plain !== base.architecture.head) {
      throw new ModelError(
        "BAD_CHECKPOINT",
        `the adapter in ${adapter.directory} is for ${name}, and ${base.directory} has no ${weight}; was it trained on another model?`,
      );
    }
    modules.set(plain, {
      name,
      parts: own,
      whole: WHOLE.map((part) => own.get(part)).find((tensor) => tensor !== undefined),
      original: own.get(ORIGINAL),
      isSaved: savedModules.some((key) => name === key || name.endsWith(`.${key}`)),
    });
  }
  return modules;
}
