import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { scoreRanking } from "@nightbeam/dataset";
import {
  type BatchDecoder,
  type SpeculativeOptions,
  speculativeDecoder,
} from "@nightbeam/decoding";
import { expandItems } from "@nightbeam/recommend";
import { z } from "zod";
import { decodeUntimed } from "./decode-untimed.js";
import { draftingSearch, type Kind, plainSearch, verificationFor } from "./decoders.js";
import type { Paper } from "./paper.js";
import { FIRST_SEED } from "./timed.js";

const rankingRow = z.object({
  /** The method; absent where nothing drafts. */
  method: z.string().optional(),
  /** Absent for strict lists. */
  seed: z.number().optional(),
  recall: z.number(),
  ndcg: z.number(),
});

/** How well lists of one length rank what was held out. */
export const rankingCell = z.object({
  verification: z.enum(["strict", "relaxed", "sampled"]),
  topK: z.number(),
  users: z.number(),
  rows: z.array(rankingRow),
});

export type RankingCell = z.output<typeof rankingCell>;
export type RankingRow = z.output<typeof rankingRow>;

/**
 * Recall and NDCG of lists as long as the beam is wide. Strict and sampled lists depend on no draft,
 * so they are made without; relaxed ones by each method, and by the target alone, whose seeds tell
 * how far one run of sampling lies from another.
 */
export async function measureRanking(
  paper: Paper,
  cell: { verification: Kind; topK: number },
): Promise<RankingCell> {
  const { options } = paper;
  const widths = { beamWidth: cell.topK, draftWidth: options.draftWidth };
  const plain = plainSearch(paper, cell.topK);
  const rows: RankingRow[] = [];
  const add = async (search: SpeculativeOptions, name: Omit<RankingRow, "recall" | "ndcg">) => {
    const decoder = speculativeDecoder(search);
    rows.push({ ...name, ...(await scoresOf(paper, { decoder, topK: cell.topK })) });
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
    for (const method of paper.methods.filter(({ isDrawn }) => isDrawn)) {
      const search = { ...draftingSearch(paper, { ...widths, method }), verification };
      await add(search, { method: method.name, seed: FIRST_SEED });
    }
  }
  return { ...cell, users: Math.min(options.rankingLimit, paper.users.length), rows };
}

/** Means over users. */
async function scoresOf(
  paper: Paper,
  { decoder, topK }: { decoder: BatchDecoder; topK: number },
): Promise<{ recall: number; ndcg: number }> {
  const { catalogue, heldOut } = paper.data;
  const users = paper.users.slice(0, paper.options.rankingLimit);
  const { outcomes } = await decodeUntimed(paper, { users, decoder });
  const sums = { recall: 0, ndcg: 0 };
  users.forEach(({ name }, at) => {
    const beams = outcomes[at]?.beams;
    if (beams === undefined) return;
    const list = expandItems(catalogue, { beams, exclusion: NOTHING_EXCLUDED, topK });
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
