import type { Architecture } from "../architectures/architecture.js";
import { ModelError } from "../errors.js";
import { sameTensors } from "./stored-tensor.js";
import type { TensorMap } from "./tensor-names.js";

/** What a checkpoint's output layer is: the embeddings, or a tensor of its own. */
export interface SettledHead {
  readonly architecture: Architecture;
  readonly tensors: TensorMap;
}

/**
 * Leaves out tensors that hold the embeddings again, as older files do; the first of them is the embeddings if they are
 * not stored under their own name.
 *
 * @param options.path of config.json, for errors
 * @throws ModelError UNSUPPORTED if a copy differs from the embeddings
 */
export async function settleEmbeddings(
  { embeddings, embeddingCopies }: Architecture,
  { tensors, path }: { readonly tensors: TensorMap; readonly path: string },
): Promise<TensorMap> {
  const copies = embeddingCopies.flatMap((name) => tensors.get(name) ?? []);
  const table = tensors.get(embeddings) ?? copies[0];
  if (table === undefined) return tensors;
  for (const copy of copies) {
    if (await sameTensors(copy, table)) continue;
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: the tensors ${copy.name} and ${table.name} differ; models whose encoder and decoder have embeddings of their own are not supported`,
    );
  }
  const others = [...tensors].filter(([name]) => !embeddingCopies.includes(name));
  return new Map(others).set(embeddings, { ...table, name: embeddings });
}

/**
 * Settles what `tie_word_embeddings` leaves open, as transformers does: a stored head that differs from the
 * embeddings is used, one that is equal is left out, and embeddings that are not stored are the head.
 *
 * @param options.path of config.json, for errors
 * @param options.isChanged whether an adapter changes a tensor while it is read. Default: none.
 * @throws ModelError BAD_CHECKPOINT if the head is neither tied nor stored
 */
export async function settleHead(
  architecture: Architecture,
  options: {
    readonly tensors: TensorMap;
    readonly path: string;
    readonly isChanged?: (tensor: string) => boolean;
  },
): Promise<SettledHead> {
  const { tensors, path, isChanged = () => false } = options;
  const { head, embeddings, outputWeight } = architecture;
  const own = tensors.get(head);
  const table = tensors.get(embeddings);
  if (outputWeight !== embeddings) {
    if (own === undefined && table !== undefined) throw missingHead(head, path);
    return { architecture, tensors };
  }
  if (own === undefined) return { architecture, tensors };
  const others = new Map([...tensors].filter(([name]) => name !== head));
  if (table === undefined) {
    return { architecture, tensors: others.set(embeddings, { ...own, name: embeddings }) };
  }
  const isOwn = isChanged(head) || isChanged(embeddings) || !(await sameTensors(own, table));
  return isOwn
    ? { architecture: architecture.withOwnHead(), tensors }
    : { architecture, tensors: others };
}

function missingHead(head: string, path: string): ModelError {
  return new ModelError(
    "BAD_CHECKPOINT",
    `${path}: tie_word_embeddings is false, but the checkpoint has no tensor ${head}, and transformers would fill it with random numbers; set tie_word_embeddings to true if the output layer is the embeddings, or save the model with its head`,
  );
}
