import { ROOT } from "@nightbeam/catalogue";
import type {
  BeamTree,
  HeadsAnswer,
  HeadsRequest,
  HeadsScorer,
  ScoreAnswer,
  Scorer,
} from "@nightbeam/decoding";

/** What is asked about a prompt: it alone. */
const PROMPT: BeamTree = {
  prefixes: Uint32Array.of(ROOT),
  parents: Int32Array.of(-1),
  wanted: Uint32Array.of(0),
};

/** Heads on the threads of a pool, which answers with the levels one behind the other. */
export class PooledHeads implements HeadsScorer {
  readonly #pool: Scorer;
  readonly #sizes: readonly number[];

  /** @param sizes codes of every level but the last */
  constructor(pool: Scorer, sizes: readonly number[]) {
    this.#pool = pool;
    this.#sizes = sizes;
  }

  /** @throws ModelError BUSY, CLOSED, RUNTIME, PROMPT_TOO_LONG */
  async levelLogProbs(requests: readonly HeadsRequest[]): Promise<readonly HeadsAnswer[]> {
    const asked = requests.map(({ key, prompt }) => ({ key, prompt, tree: PROMPT }));
    const answers = await this.#pool.score(asked);
    return answers.map((answer) => this.#byLevel(answer));
  }

  release(keys: readonly number[]): void {
    this.#pool.release(keys);
  }

  #byLevel({ logProbs, milliseconds }: ScoreAnswer): HeadsAnswer {
    let from = 0;
    const levels = this.#sizes.map((size) => {
      from += size;
      return Float32Array.from(logProbs.subarray(from - size, from));
    });
    return { levels, milliseconds };
  }
}
