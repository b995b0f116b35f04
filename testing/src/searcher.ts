import {
  type Catalogue,
  childCount,
  excludeItems,
  type ReadonlyUint32Array,
  ROOT,
} from "@nightbeam/catalogue";
import {
  BeamSearch,
  type ScoreAnswer,
  type ScoreRequest,
  type Scorer,
  type Scoring,
  type SearchAnswer,
  type Searcher,
  type SearchRequest,
  treeOf,
} from "@nightbeam/decoding";

export interface SearcherParts {
  /** Answers what the searches ask, in as many calls as plain search takes, or fewer with a draft. */
  readonly scorer: Scorer;
  readonly catalogue: Catalogue;
  readonly scoring: Scoring;
}

/** A `Searcher` that runs the beam searches in TypeScript over a scorer. */
export function searcherOf(parts: SearcherParts): Searcher {
  return {
    async search(requests, { beamWidth }) {
      const running = requests.map((request) => new RunningSearch(parts, { request, beamWidth }));
      try {
        for (;;) {
          const asking = running.filter(({ isDone }) => !isDone);
          if (asking.length === 0) return running.map((one) => one.answer);
          const asked = asking.map((one) => one.ask());
          const answers = await parts.scorer.score(asked);
          asking.forEach((one, at) => {
            const [request, answer] = [asked[at], answers[at]];
            if (request !== undefined && answer !== undefined) one.learn(request, answer);
          });
        }
      } finally {
        parts.scorer.release(requests.map(({ key }) => key));
      }
    },
  };
}

class RunningSearch {
  readonly #request: SearchRequest;
  readonly #search: BeamSearch;
  readonly #trie: Catalogue["trie"];
  #calls = 0;
  #sums = { draftedLevels: 0, nodes: 0, tokens: 0, milliseconds: 0 };

  constructor(
    { catalogue, scoring }: SearcherParts,
    { request, beamWidth }: { request: SearchRequest; beamWidth: number },
  ) {
    const { trie } = catalogue;
    const exclusion = excludeItems(catalogue, itemsAt(catalogue, request.closed));
    this.#request = request;
    this.#trie = trie;
    this.#search = new BeamSearch({ trie, scoring, exclusion }, { beamWidth });
  }

  get isDone(): boolean {
    return this.#search.state.kind === "done";
  }

  get answer(): SearchAnswer {
    return { beams: this.#search.state.beams, ...this.#sums };
  }

  /** What the search misses; in the first call also what was drafted. */
  ask(): ScoreRequest {
    const { key, prompt, drafted = [] } = this.#request;
    const { state } = this.#search;
    const missing = state.kind === "asking" ? state.missing : [];
    const wanted = this.#calls === 0 ? [...missing, ...drafted] : missing;
    return { key, prompt, tree: treeOf(this.#trie, wanted) };
  }

  learn({ tree }: ScoreRequest, answer: ScoreAnswer): void {
    const fromDepth = this.#search.state.beams.depth;
    let from = 0;
    for (const entry of tree.wanted) {
      const prefix = tree.prefixes[entry] ?? ROOT;
      const to = from + childCount(this.#trie, prefix);
      this.#search.learn(prefix, answer.logProbs.subarray(from, to));
      from = to;
    }
    const settled = this.#search.advance().beams.depth - fromDepth;
    this.#calls++;
    this.#sums = {
      draftedLevels: this.#sums.draftedLevels + Math.max(0, settled - 1),
      nodes: this.#sums.nodes + tree.wanted.filter((entry) => tree.prefixes[entry] !== ROOT).length,
      tokens: this.#sums.tokens + answer.tokens,
      milliseconds: this.#sums.milliseconds + answer.milliseconds,
    };
  }
}

function itemsAt(catalogue: Catalogue, leaves: ReadonlyUint32Array): number[] {
  return [...leaves].flatMap((leaf) => [...catalogue.itemsAt(leaf)]);
}
