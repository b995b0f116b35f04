import type { Catalogue } from "@nightbeam/catalogue";
import type { Draft, Drafter, DraftRequest } from "@nightbeam/decoding";
import type { Model, Prompts } from "@nightbeam/model";
import { RecommendError } from "../errors.js";

/** A draft that is a checkpoint, ordinary or with heads. */
export interface DraftModel
  extends Pick<Model, "encodePrompt" | "maxPromptTokens" | "hash" | "close"> {
  /** Drafts for prompts of at most `maxPromptTokens`. */
  readonly drafter: Drafter;
}

/**
 * A draft model as a drafter, once it is clear that it reads prompts as the target does. Users whose
 * prompts are too long for it get no draft.
 *
 * @throws RecommendError DRAFT_DIFFERS if its prompts differ from the target's
 */
export function checkedDraft(
  draft: DraftModel,
  options: { directory: string; target: Pick<Prompts, "encodePrompt">; catalogue: Catalogue },
): Drafter {
  const { directory, target, catalogue } = options;
  for (const [name, item] of [0, catalogue.itemCount - 1].entries()) {
    const user = { name: String(name) };
    if (draft.encodePrompt([item], user).join() === target.encodePrompt([item], user).join())
      continue;
    throw new RecommendError(
      "DRAFT_DIFFERS",
      `\`draft\` ${directory} writes items with other tokens than the target, so it would draft nonsense; make the tokens and the prompt in both nightbeam.json files the same`,
    );
  }
  return new ShortPromptDrafter(draft.drafter, draft.maxPromptTokens);
}

/** Drafts nothing for users whose prompts are too long for the draft. */
class ShortPromptDrafter implements Drafter {
  readonly #drafter: Drafter;
  readonly #maxPromptTokens: number;

  constructor(drafter: Drafter, maxPromptTokens: number) {
    this.#drafter = drafter;
    this.#maxPromptTokens = maxPromptTokens;
  }

  async draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const fits = ({ prompt }: DraftRequest) => prompt.length <= this.#maxPromptTokens;
    const drafts = (await this.#drafter.draft(requests.filter(fits))).values();
    return requests.map((request) => (fits(request) ? drafts.next().value : undefined) ?? NOTHING);
  }

  release(keys: readonly number[]): void {
    this.#drafter.release(keys);
  }
}

const NOTHING: Draft = { levels: [] };
