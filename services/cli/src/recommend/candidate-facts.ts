import { candidateHistogram, type Manifest, type RunStats } from "@nightbeam/run";
import { whole } from "@nightbeam/service/terminal";

/** For each share of the proposed items, the first whole threshold that accepts it is shown. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/**
 * Returns how many of a run's candidates were accepted, and what helps to choose the next threshold:
 * how many items other thresholds would accept, and the score at the end of the target's own lists.
 * Empty for runs without candidates.
 */
export function candidateFacts({ users, stats, arguments: given }: Manifest): [string, string][] {
  const { candidates, acceptedItems = 0, acceptingLists = 0, ownLastScore } = stats;
  if (candidates === undefined) return [];
  const accepted = `${whole(acceptedItems)} in ${whole(acceptingLists)} of ${whole(users)} lists`;
  const others = thresholds(stats, candidates).map(
    ({ nats, above }) => `${nats}: ${(above / users).toFixed(2)}`,
  );
  const facts: [string, string][] = [["accepted", `${accepted}, of ${whole(candidates)} proposed`]];
  if (others.length > 0) facts.push(["proposed above", `${others.join(", ")} per user`]);
  if (ownLastScore !== undefined) {
    const end = `${ownLastScore.toFixed(2)} nats with their item ${given.topK}, on average`;
    facts.push(["own lists", `reach ${end}`]);
  }
  return facts;
}

/** Thresholds in whole nats and how many items are above each, highest first. */
function thresholds(stats: RunStats, candidates: number) {
  const ranked = [...candidateHistogram(stats)].map(([nats, above]) => ({ nats, above }));
  const first = SHARES.flatMap(
    (share) => ranked.find(({ above }) => above >= share * candidates) ?? [],
  );
  return [...new Set(first)];
}
