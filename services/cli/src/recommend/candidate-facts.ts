import { candidateHistogram, type Manifest, type RunStats } from "@nightbeam/run";
import { whole } from "@nightbeam/service/terminal";

/** Shown is the first whole threshold that accepts so much of what was proposed. */
const SHARES = [0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];

/**
 * How a run's candidates fared, and what helps to choose the next threshold: how many items others
 * would accept, and where the lists of the target's own search end. None for other runs.
 */
export function candidateFacts({ users, stats, arguments: given }: Manifest): [string, string][] {
  const { candidates, acceptedItems = 0, acceptingLists = 0, ownLastScore } = stats;
  if (candidates === undefined) return [];
  const accepted = `${whole(acceptedItems)} in ${whole(acceptingLists)} of ${whole(users)} lists`;
  const others = thresholds(stats, candidates).map(
    ({ nats, above }) => `${nats}: ${(above / users).toFixed(2)}`,
  );
  const facts: [string, string][] = [["accepted", `${accepted}, of ${whole(candidates)} proposed`]];
  if (others.length > 0) facts.push(["proposed above", `${others.join(", ")} a user`]);
  if (ownLastScore !== undefined) {
    const end = `${ownLastScore.toFixed(2)} nats with their item ${given.topK}, on average`;
    facts.push(["own lists", `reach ${end}`]);
  }
  return facts;
}

/** Thresholds in whole nats where most of the proposals lie, highest first, and what each would accept. */
function thresholds(stats: RunStats, candidates: number) {
  const ranked = [...candidateHistogram(stats)].map(([nats, above]) => ({ nats, above }));
  const first = SHARES.flatMap(
    (share) => ranked.find(({ above }) => above >= share * candidates) ?? [],
  );
  return [...new Set(first)];
}
