import {
  type CandidateHistogram,
  candidateHistogram,
  type ProposedCounts,
  type RunStats,
} from "@nightbeam/run";
import { whole } from "@nightbeam/service/terminal";

/** For each share of the proposed items, the first whole threshold that accepts it is shown. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/**
 * Returns how many of a run's candidates were accepted, and what helps to choose the next threshold:
 * how many items other thresholds would accept, and the score at the end of the target's own lists.
 * Empty for runs without candidates.
 */
export function candidateFacts({
  users,
  stats,
  topK,
}: {
  /** Lists written. */
  readonly users: number;
  readonly stats: RunStats;
  /** Items per list. Default: not known. */
  readonly topK?: unknown;
}): [string, string][] {
  const { candidates, checkedCandidates = candidates, newCandidates, ownLastScore } = stats;
  const { acceptedItems = 0, acceptedNewItems = 0, acceptingLists = 0 } = stats;
  if (candidates === undefined || checkedCandidates === undefined) return [];
  const ofNew = newCandidates === undefined ? "" : ` (${whole(acceptedNewItems)} new)`;
  const accepted = `${whole(acceptedItems)}${ofNew} in ${whole(acceptingLists)} of ${whole(users)} lists`;
  const checked = checkedCandidates === candidates ? "" : `, ${whole(checkedCandidates)} checked`;
  const facts: [string, string][] = [
    ["accepted", `${accepted}, of ${whole(candidates)} proposed${checked}`],
  ];
  const all = candidateHistogram(stats);
  const fresh = candidateHistogram(stats, "newCandidates");
  const known = new Map([...all].map(([nats, above]) => [nats, above - (fresh.get(nats) ?? 0)]));
  const word = checked === "" ? "proposed" : "checked";
  for (const [name, histogram, count] of [
    [`${word} above`, known, checkedCandidates - (newCandidates ?? 0)],
    ["new ones above", fresh, newCandidates ?? 0],
  ] as const) {
    const others = thresholds(histogram, count).map(
      ({ nats, above }) => `${nats}: ${(above / users).toFixed(2)}`,
    );
    if (others.length > 0) facts.push([name, `${others.join(", ")} per user`]);
  }
  if (ownLastScore !== undefined) {
    const item = typeof topK === "number" ? `item ${topK}` : "last item";
    const end = `${ownLastScore.toFixed(2)} nats with their ${item}, on average`;
    facts.push(["own lists", `reach ${end}`]);
  }
  return facts;
}

/** Thresholds in whole nats and how many items are above each, highest first. */
function thresholds(histogram: CandidateHistogram, candidates: number) {
  const ranked = [...histogram].flatMap(([nats, above]) => (above > 0 ? { nats, above } : []));
  const first = SHARES.flatMap(
    (share) => ranked.find(({ above }) => above >= share * candidates) ?? [],
  );
  return [...new Set(first)];
}

/** What the lists of candidates hold. */
export function proposedText({ users, items, unknown, newItems }: ProposedCounts): string {
  const ignored =
    unknown === 0
      ? ""
      : `; ${whole(unknown)} of them are ignored: the catalogue that is searched lacks them`;
  const ofNew = newItems === undefined ? "" : `, ${whole(newItems)} of them new,`;
  return `${whole(items)} items${ofNew} for ${whole(users)} users${ignored}`;
}
