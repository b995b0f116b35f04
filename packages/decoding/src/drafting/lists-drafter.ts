import { levelsAlong } from "./along-leaves.js";
import type { Draft, Drafter, DraftRequest } from "./drafter.js";
import type { LeafLists } from "./leaf-lists.js";

/**
 * Drafts from lists of items that somebody else made, by the users' names: last night's run, or what
 * another recommender proposes. Their code paths are proposed in the order of the list. A user
 * without name or list gets no draft.
 */
export class ListsDrafter implements Drafter {
  readonly #lists: LeafLists;

  constructor(lists: LeafLists) {
    this.#lists = lists;
  }

  draft(requests: readonly DraftRequest[]): Promise<readonly Draft[]> {
    const drafts = requests.map((request) => {
      const started = performance.now();
      const leaves = request.name === undefined ? undefined : this.#lists.of(request.name);
      const levels = leaves === undefined ? [] : levelsAlong(request, leaves);
      return { levels, milliseconds: performance.now() - started };
    });
    return Promise.resolve(drafts);
  }

  /** The lists are the run's, not a user's search's. */
  release(): void {}
}
