import type { RankingScore } from "./ranking.js";
import { scoreRanking } from "./ranking.js";

/** Metrics at a cut-off K, averaged over users. */
export interface RankingAtK extends RankingScore {
  readonly k: number;
}

/** Averages the metrics of users at several cut-offs. */
export class Averages {
  readonly #sums: { k: number; recall: number; ndcg: number; hitRate: number }[];
  #users = 0;

  constructor(ks: readonly number[]) {
    this.#sums = ks.map((k) => ({ k, recall: 0, ndcg: 0, hitRate: 0 }));
  }

  get users(): number {
    return this.#users;
  }

  /** @param user `heldOut` has at least one item */
  add(user: { list: readonly string[]; heldOut: ReadonlySet<string> }): void {
    this.#users++;
    for (const sum of this.#sums) {
      const score = scoreRanking({ ...user, k: sum.k });
      sum.recall += score.recall;
      sum.ndcg += score.ndcg;
      sum.hitRate += score.hitRate;
    }
  }

  /** All zero if no user was added. */
  metrics(): RankingAtK[] {
    const mean = (sum: number): number => (this.#users === 0 ? 0 : sum / this.#users);
    return this.#sums.map(({ k, recall, ndcg, hitRate }) => {
      return { k, recall: mean(recall), ndcg: mean(ndcg), hitRate: mean(hitRate) };
    });
  }
}
