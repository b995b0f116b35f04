import type { Catalogue } from "@nightbeam/catalogue";
import { readHistories } from "@nightbeam/dataset";
import {
  type Draft,
  type Drafter,
  type DraftRequest,
  ModelDrafter,
  TransitionCounter,
  TransitionsDrafter,
} from "@nightbeam/decoding";
import type { Model } from "@nightbeam/model";
import { UsageError } from "../errors.js";

/**
 * Drafts with a small model, which reads the prompts of the target.
 *
 * @throws UsageError BAD_OPTION where it would read them as something else
 */
export function modelDrafter(
  draft: Model,
  options: { directory: string; target: Model; catalogue: Catalogue },
): Drafter {
  const { directory, target, catalogue } = options;
  for (const item of [0, catalogue.itemCount - 1]) {
    if (draft.encodePrompt([item]).join() === target.encodePrompt([item]).join()) continue;
    throw new UsageError(
      "BAD_OPTION",
      `--draft ${directory} writes items with other tokens than the target, so it would draft nonsense; make the tokens and the prompt in both nightbeam.json files the same`,
    );
  }
  return new ShortPromptDrafter(new ModelDrafter(draft.scorer), draft.mostPromptTokens);
}

/** Leaves users whose prompts are too long for a draft to the target alone. */
class ShortPromptDrafter implements Drafter {
  readonly #drafter: Drafter;
  readonly #mostPromptTokens: number;

  constructor(drafter: Drafter, mostPromptTokens: number) {
    this.#drafter = drafter;
    this.#mostPromptTokens = mostPromptTokens;
  }

  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const fits = ({ prompt }: DraftRequest) => prompt.length <= this.#mostPromptTokens;
    const drafts = (await this.#drafter.draft(requests.filter(fits))).values();
    return requests.map((request) => (fits(request) ? drafts.next().value : undefined) ?? NOTHING);
  }

  release(keys: readonly number[]): void {
    this.#drafter.release(keys);
  }
}

const NOTHING: Draft = { levels: [], milliseconds: 0 };

/** Counts what follows what in all the histories of the run, streamed. */
export async function transitionsDrafter(
  histories: string,
  options: { catalogue: Catalogue; signal?: AbortSignal | undefined },
): Promise<Drafter> {
  const { catalogue, signal } = options;
  const counter = new TransitionCounter(catalogue.itemCount);
  for await (const rows of readHistories({ path: histories })) {
    signal?.throwIfAborted();
    for (const row of rows) {
      if (row.kind === "history")
        counter.add(row.items.flatMap((id) => catalogue.itemIndex(id) ?? []));
    }
  }
  return new TransitionsDrafter({ catalogue, table: counter.finish() });
}
