import { excerpt } from "@nightbeam/catalogue";
import type { Architecture } from "../architectures/architecture.js";
import { ModelError } from "../errors.js";
import { type AdaptedModule, type Adapter, adaptedModules } from "./adapter-modules.js";
import type { Change } from "./merge.js";
import { isFloatFormat } from "./numbers.js";
import type { StoredTensor } from "./stored-tensor.js";
import type { TensorMap } from "./tensor-names.js";

/** A checkpoint's tensors with an adapter: some are the adapter's own, some change while they are read. */
export interface AdaptedTensors {
  readonly tensors: TensorMap;
  readonly changes: ReadonlyMap<string, Change>;
}

/** The checkpoint that an adapter was trained on. */
export interface AdapterBase {
  readonly directory: string;
  readonly tensors: TensorMap;
  /** Plain names of the stored names. */
  readonly names: ReadonlyMap<string, string>;
  readonly architecture: Pick<Architecture, "embeddings" | "head" | "outputWeight">;
}

/**
 * A base's tensors as the adapter makes them, before anything is read.
 *
 * @throws ModelError BAD_CHECKPOINT for an adapter that does not fit the base; UNSUPPORTED for tensors of
 * other adapters than plain LoRA
 */
export function adaptTensors(base: AdapterBase, adapter: Adapter): AdaptedTensors {
  const { embeddings, head, outputWeight } = base.architecture;
  const modules = adaptedModules(base, adapter);
  const tensors = replaceWhole(base, modules);
  const changes = new Map<string, Change>();
  // The base's numbers, also for a head that the base does not store.
  const storedAs = (name: string) => {
    const type = (base.tensors.get(name) ?? base.tensors.get(embeddings))?.type ?? "";
    if (isFloatFormat(type)) return type;
    throw unfit(adapter, `changes ${name}, which is ${type} in ${base.directory}`);
  };
  for (const [name, tensor] of tensors) {
    if (tensor !== base.tensors.get(name)) changes.set(name, { storedAs: storedAs(name) });
  }
  for (const [plain, module] of modules) {
    const product = productOf(module, adapter);
    const rows = rowsOf(module, adapter);
    if (product === undefined && rows === undefined) continue;
    // A tied head and its embeddings are one tensor, which peft changes for both.
    const isTied = plain === head && outputWeight === embeddings && !tensors.has(head);
    const name = isTied ? embeddings : plain;
    const tensor = tensors.get(name);
    if (tensor === undefined) throw unfit(adapter, `has ${module.name}, and ${base.directory} not`);
    checkShapes({ product, rows }, { tensor, adapter, module: module.name });
    const before = changes.get(name);
    if (before?.product !== undefined && product !== undefined) {
      throw unfit(adapter, `changes ${embeddings} and ${head}, which are one tensor`);
    }
    changes.set(name, {
      product: product ?? before?.product,
      rows: rows ?? before?.rows,
      storedAs: storedAs(name),
    });
  }
  return { tensors, changes };
}

/** Tensors that the adapter has as a whole: trained copies, and embeddings of a larger vocabulary. */
function replaceWhole(
  { tensors, architecture }: AdapterBase,
  modules: ReadonlyMap<string, AdaptedModule>,
): Map<string, StoredTensor> {
  const { embeddings, head, outputWeight } = architecture;
  const result = new Map(tensors);
  for (const [name, { whole }] of modules) {
    if (whole !== undefined) result.set(name, { ...whole, name });
  }
  if (outputWeight !== embeddings) return result;
  const table = modules.get(embeddings);
  const own = modules.get(head);
  const before = table?.original ?? tensors.get(embeddings);
  if (table?.whole !== undefined && own?.whole === undefined && table.isSaved && before) {
    // The copy is trained, and the head keeps the numbers from before.
    result.set(head, { ...before, name: head });
  }
  if (own?.whole !== undefined && table?.whole === undefined && !own.isSaved) {
    result.set(embeddings, { ...own.whole, name: embeddings });
    result.delete(head);
  }
  return result;
}

function productOf({ name, parts }: AdaptedModule, adapter: Adapter): Change["product"] {
  const pairs = [
    { a: parts.get("lora_A.weight"), b: parts.get("lora_B.weight"), transposed: false },
    { a: parts.get("lora_embedding_A"), b: parts.get("lora_embedding_B"), transposed: true },
  ];
  const { settings } = adapter;
  for (const { a, b, transposed } of pairs) {
    if (a === undefined && b === undefined) continue;
    if (a === undefined || b === undefined) {
      throw unfit(adapter, `has only one of the matrices A and B of ${name}`);
    }
    const rank = patterned(settings.rankPattern, { name, adapter }) ?? settings.rank;
    const alpha = patterned(settings.alphaPattern, { name, adapter }) ?? settings.alpha;
    if (a.shape[0] !== rank) {
      throw unfit(adapter, `has rank ${a.shape[0]} for ${name}, its adapter_config.json ${rank}`);
    }
    return { a, b, transposed, scale: alpha / (settings.rankStabilised ? Math.sqrt(rank) : rank) };
  }
  return undefined;
}

/** The value of the first pattern that a module's name ends with, as peft looks it up. */
function patterned(
  patterns: Readonly<Record<string, number>>,
  { name, adapter }: { name: string; adapter: Adapter },
): number | undefined {
  return Object.entries(patterns).find(([pattern]) => {
    try {
      return new RegExp(`^(.*\\.)?(${pattern})$`).test(name);
    } catch {
      throw unfit(
        adapter,
        `has the pattern ${excerpt(pattern)}, which is not a regular expression`,
      );
    }
  })?.[1];
}

function rowsOf({ name, parts }: AdaptedModule, adapter: Adapter): Change["rows"] {
  const values = parts.get("token_adapter.trainable_tokens_delta");
  if (values === undefined) return undefined;
  const { tokenRows } = adapter.settings;
  const indices = Object.entries(tokenRows).find(
    ([key]) => name === key || name.endsWith(`.${key}`),
  );
  if (indices === undefined) {
    throw unfit(adapter, `has rows of ${name}, which trainable_token_indices does not name`);
  }
  return { indices: indices[1], values };
}

function checkShapes(
  { product, rows }: Pick<Change, "product" | "rows">,
  options: { tensor: StoredTensor; adapter: Adapter; module: string },
): void {
  const { tensor, adapter, module } = options;
  const [outputs = 0, inputs = 0] = tensor.shape;
  const check = (part: StoredTensor, shape: readonly number[]) => {
    if (part.shape.join() === shape.join()) return;
    throw unfit(
      adapter,
      `has ${part.name} of shape [${part.shape}]; ${module} of the base makes it [${shape}]`,
    );
  };
  if (product !== undefined) {
    const [rank = 0] = product.a.shape;
    check(product.a, [rank, product.transposed ? outputs : inputs]);
    check(product.b, [product.transposed ? inputs : outputs, rank]);
  }
  if (rows === undefined) return;
  check(rows.values, [rows.indices.length, inputs]);
  const outside = rows.indices.find((row) => row >= outputs);
  if (outside !== undefined) throw unfit(adapter, `replaces row ${outside} of ${module}`);
}

function unfit({ directory }: Adapter, what: string): ModelError {
  return new ModelError(
    "BAD_CHECKPOINT",
    `the adapter in ${directory} ${what}; was it trained on another model?`,
  );
}
