import { childCodes, pathOf, type Trie } from "@nightbeam/catalogue";
import {
  type BeamTree,
  checkTree,
  type Drafter,
  type DraftRequest,
  type ScoreAnswer,
  type ScoreRequest,
  type Scorer,
} from "../../src/index.js";
import type { FakeModel } from "./fake-model.js";

/** Serves a fake model, counts what is asked of it, and refuses what no scorer should be asked. */
export class FakeScorer implements Scorer {
  /** The requests of every call. */
  readonly calls: (readonly ScoreRequest[])[] = [];
  readonly #trie: Trie;
  readonly #model: FakeModel;
  readonly #mayRepeat: boolean;
  readonly #outside: number;
  readonly #asked = new Map<number, Set<number>>();

  /**
   * @param options `mayRepeat`: a prefix may be asked about in several calls; `outside`: codes outside the
   *   catalogue that are returned per prefix, if any are asked for
   */
  constructor(
    trie: Trie,
    model: FakeModel,
    options: { mayRepeat?: boolean; outside?: number } = {},
  ) {
    this.#trie = trie;
    this.#model = model;
    this.#mayRepeat = options.mayRepeat ?? false;
    this.#outside = options.outside ?? 0;
  }

  async score(requests: readonly ScoreRequest[]): Promise<readonly ScoreAnswer[]> {
    this.calls.push(requests);
    // What is below must not run before the caller continues, as with a real model.
    await Promise.resolve();
    return requests.map((request) => this.#answer(request));
  }

  release(keys: readonly number[]): void {
    for (const key of keys) this.#asked.delete(key);
  }

  /** Keys that were asked about and have not been released. */
  get heldKeys(): number[] {
    return [...this.#asked.keys()];
  }

  #answer({ key, prompt, tree, outside = 0 }: ScoreRequest): ScoreAnswer {
    checkTree(this.#trie, tree);
    checkTreeByPaths(this.#trie, tree);
    const logProbs: number[] = [];
    const outsiders: [code: number, logProb: number][] = [];
    const before = this.#mayRepeat ? undefined : this.#asked.get(key);
    const asked = before ?? new Set();
    this.#asked.set(key, asked);
    for (const entry of tree.wanted) {
      const prefix = tree.prefixes[entry] ?? Number.NaN;
      if (asked.has(prefix)) throw new Error(`prefix ${prefix} is asked about twice`);
      asked.add(prefix);
      const after = {
        path: pathOf(this.#trie, prefix),
        codes: [...childCodes(this.#trie, prefix)],
      };
      logProbs.push(...this.#model.logProbs(prompt, after));
      outsiders.push(...this.#outsiders(prompt, after));
    }
    if (logProbs.length === 0) throw new Error("nothing is asked");
    return {
      logProbs: Float64Array.from(logProbs),
      ...(outside > 0 && this.#outside > 0
        ? {
            outside: {
              codes: Uint16Array.from(outsiders, ([code]) => code),
              logProbs: Float64Array.from(outsiders, ([, logProb]) => logProb),
            },
          }
        : {}),
      tokens: prompt.length + tree.prefixes.length,
      milliseconds: 1,
    };
  }

  /** The most likely codes that the catalogue has on a level, but not after this path. */
  #outsiders(
    prompt: ScoreRequest["prompt"],
    { path, codes }: { path: readonly number[]; codes: readonly number[] },
  ): [code: number, logProb: number][] {
    const { levelStart } = this.#trie;
    const [first, end] = levelStart.slice(path.length + 1, path.length + 3);
    const level = this.#trie.codes.slice(first, end);
    const others = Array.from({ length: Math.max(...level) + 1 }, (_, code) => code).filter(
      (code) => !codes.includes(code),
    );
    const logProbs = this.#model.logProbs([...prompt], { path, codes: others });
    const ranked = others
      .map((code, at): [number, number] => [code, logProbs[at] ?? 0])
      .sort(([, a], [, b]) => b - a);
    return Array.from({ length: this.#outside }, (_, at) => {
      return ranked[at] ?? [0, Number.NEGATIVE_INFINITY];
    });
  }
}

/** The promises of a tree, checked on code paths instead of nodes. */
function checkTreeByPaths(trie: Trie, tree: BeamTree): void {
  const paths = Array.from(tree.prefixes, (prefix) => pathOf(trie, prefix).join());
  if (new Set(paths).size !== paths.length) throw new Error("a prefix is in the tree twice");
  paths.forEach((path, entry) => {
    const above = path.split(",").slice(0, -1).join();
    const parent = tree.parents[entry] ?? Number.NaN;
    if (above === "" ? parent !== -1 : !(parent < entry) || paths[parent] !== above) {
      throw new Error(`entry ${entry} does not follow its parent`);
    }
    const isAncestor = tree.parents.includes(entry);
    if (!isAncestor && !tree.wanted.includes(entry)) throw new Error(`entry ${entry} is useless`);
  });
}

/** Passes a drafter's drafts on, and refuses what breaks the promises of a draft. */
export function checkedDrafter(drafter: Drafter): Drafter {
  return {
    async draft(requests) {
      const drafts = await drafter.draft(requests);
      requests.forEach((request, at) => {
        drafts[at]?.levels.forEach(({ depth, prefixes, scores }, below) => {
          checkProposals(request, { depth, prefixes, below });
          if (scores.length !== prefixes.length) throw new Error("a proposal has no score");
        });
      });
      return drafts;
    },
    release: (keys) => drafter.release(keys),
  };
}

function checkProposals(
  { search, widths }: DraftRequest,
  level: { depth: number; prefixes: Iterable<number> & { length: number }; below: number },
): void {
  const { depth, prefixes, below } = level;
  const { trie, exclusion } = search.space;
  if (depth !== search.state.beams.depth + below + 1) throw new Error(`depth ${depth} is wrong`);
  if (depth >= trie.levels) throw new Error("prefixes of the last depth are proposed");
  if (prefixes.length > (widths[depth - 1] ?? 0)) throw new Error("the draft is too wide");
  if (new Set(prefixes).size !== prefixes.length) throw new Error("a prefix is proposed twice");
  for (const prefix of prefixes) {
    if (pathOf(trie, prefix).length !== depth) throw new Error("a prefix is of another depth");
    if (exclusion.isDead(prefix)) throw new Error("a prefix leads to nothing that is allowed");
  }
}

/** Proposes anything: whole paths, the root, nodes that do not exist, the same prefix again. */
export function junkDrafter(seed: number): Drafter {
  let state = seed;
  const draw = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % below;
  };
  return {
    draft: (requests) =>
      Promise.resolve(
        requests.map(({ search }) => ({
          levels: Array.from({ length: draw(6) }, () => {
            const prefixes = Uint32Array.from({ length: draw(9) }, () =>
              draw(search.space.trie.codes.length + 3),
            );
            return { depth: draw(9), prefixes, scores: new Float64Array(prefixes.length) };
          }),
          milliseconds: 1,
        })),
      ),
    release: () => undefined,
  };
}
