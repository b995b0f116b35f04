import { levelsAlong } from "./along-leaves.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import type { LeafLists } from "./leaf-lists.js";

/**
 * Drafts from existing lists of items, by the users' names: last night's run, or the proposals of
 * another recommender. Their code paths are proposed in the order of the list. A user without name or
 * list gets no draft.
 */
export class ListsDrafter implements Drafter {
  readonly #lists: LeafLists;

  constructor(lists: LeafLists) {
    this.#lists = lists;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = requests.map((request) => {
      const leaves = request.name === undefined ? undefined : this.#lists.of(request.name);
      const levels = leaves === undefined ? [] : levelsAlong(request, leaves);
      return { levels };
    });
    return Promise.resolve(drafts);
  }

  /** Nothing is kept per user: the lists belong to the run. */
  release(): void {}
}
