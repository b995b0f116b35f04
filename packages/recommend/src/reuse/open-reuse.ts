import { catalogueChange, type Trie } from "@nightbeam/catalogue";
import type { Histories } from "@nightbeam/dataset";
import { type EarlierRun, openAnswerJoin, type RunPlan } from "@nightbeam/run";
import type { EarlierAnswers } from "./known-answers.js";
import { PartAnswers } from "./part-answers.js";

/** What the parts of a run on one machine may take from an earlier run. */
export interface OpenReuse {
  /** Parts ask in ascending order. @throws RunError RUN_DAMAGED; StoreError; DatasetError; the signal's reason */
  answersOf(index: number): Promise<EarlierAnswers>;
  close(): Promise<void>;
}

/**
 * Joins an earlier run with the histories of a new one: reads all users, and later streams the answers.
 *
 * @throws RunError RUN_DAMAGED; StoreError; DatasetError; the signal's reason
 */
export async function openReuse(
  earlier: EarlierRun,
  run: {
    readonly plan: RunPlan;
    readonly trie: Trie;
    readonly histories: Pick<Histories, "read">;
    readonly signal: AbortSignal;
  },
): Promise<OpenReuse> {
  const { plan, trie, histories, signal } = run;
  const { record, manifest, store } = earlier;
  const change =
    record.catalogue === plan.versions.catalogue
      ? undefined
      : catalogueChange(earlier.searched.trie, trie);
  const join = await openAnswerJoin(store, { manifest });
  try {
    const { inputRows: limit = Number.POSITIVE_INFINITY, partSize } = plan;
    for await (const rows of histories.read({ limit })) {
      signal.throwIfAborted();
      join.want(rows);
    }
    const parts = new PartAnswers(join.answers(signal));
    return {
      answersOf: async (index) => {
        const rows = await parts.take(index * partSize, (index + 1) * partSize);
        const byUser = new Map(rows.map(({ value }) => [value.user, value]));
        return { byUser, change };
      },
      close: () => join.close(),
    };
  } catch (error) {
    await join.close();
    throw error;
  }
}
