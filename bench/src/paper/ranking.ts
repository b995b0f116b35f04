import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { scoreRanking } from "@nightbeam/dataset";
import {
  type BatchDecoder,
  type SpeculativeOptions,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { expandItems } from "@nightbeam/recommend";
import { z } from "zod";
import type { Comparison } from "./comparison.js";
import { decodeUntimed } from "./decode-untimed.js";
import { draftingSearch, FIRST_SEED, type Kind, plainSearch, verificationFor } from "./decoders.js";

const rankingRow = z.object({
  /** Absent if nothing drafts. */
  method: z.string().optional(),
  /** Absent for strict lists. */
  seed: z.number().optional(),
  recall: z.number(),
  ndcg: z.number(),
});

/** How well lists of `topK` items rank the held-out items; means over users. */
export const rankingCell = z.object({
  verification: z.enum(["strict", "relaxed", "sampled"]),
  topK: z.number(),
  users: z.number(),
  rows: z.array(rankingRow),
});

export type RankingCell = z.output<typeof rankingCell>;
export type RankingRow = z.output<typeof rankingRow>;

/**
 * Measures Recall and NDCG of lists of as many items as the beam is wide. Strict and sampled lists do
 * not depend on a draft, so they are decoded without one. Relaxed lists are decoded with each method,
 * and by the target alone with several seeds: their spread is that of sampling itself.
 */
export async function measureRanking(
  comparison: Comparison,
  cell: { verification: Kind; topK: number },
): Promise<RankingCell> {
  const { options } = comparison;
  const widths = { beamWidth: cell.topK, draftWidth: options.draftWidth };
  const plain = plainSearch(comparison, cell.topK);
  const rows: RankingRow[] = [];
  const add = async (search: SpeculativeOptions, name: Omit<RankingRow, "recall" | "ndcg">) => {
    const decoder = speculativeDecoder(search);
    rows.push({ ...name, ...(await scoresOf(comparison, { decoder, topK: cell.topK })) });
  };
  if (cell.verification === "strict") await add(plain, {});
  else {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + options.seeds; seed++) {
      const verification = verificationFor(cell.verification, seed);
      await add({ ...plain, verification }, { seed });
    }
  }
  if (cell.verification === "relaxed") {
    const verification = verificationFor(cell.verification, FIRST_SEED);
    for (const method of comparison.methods.filter(({ isDrawn }) => isDrawn)) {
      const search = { ...draftingSearch(comparison, { ...widths, method }), verification };
      await add(search, { method: method.name, seed: FIRST_SEED });
    }
  }
  return { ...cell, users: Math.min(options.rankingLimit, comparison.users.length), rows };
}

/** Means over users. */
async function scoresOf(
  comparison: Comparison,
  { decoder, topK }: { decoder: BatchDecoder; topK: number },
): Promise<{ recall: number; ndcg: number }> {
  const { searched, heldOut } = comparison.data;
  const users = comparison.users.slice(0, comparison.options.rankingLimit);
  const { outcomes } = await decodeUntimed(comparison, { users, decoder });
  const sums = { recall: 0, ndcg: 0 };
  users.forEach(({ name }, at) => {
    const beams = outcomes[at]?.beams;
    if (beams === undefined) return;
    const list = expandItems(searched, { beams, exclusion: NOTHING_EXCLUDED, topK });
    const scores = scoreRanking({
      list: list.map(({ item }) => item),
      heldOut: heldOut.get(name) ?? new Set(),
      k: topK,
    });
    sums.recall += scores.recall / users.length;
    sums.ndcg += scores.ndcg / users.length;
  });
  return sums;
}
